import { type Command, exitCode } from "../command.ts";
import { readArguments, readCount } from "../read-arguments.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";
import { describeEvent } from "../text/describe-event.ts";
import { formatMoment } from "../text/format-time.ts";
import { fitLine, formatLine, type Line } from "../text/line.ts";

const options = {
  follow: { type: "boolean", says: "Go on with new events until the run ends", short: "f" },
  from: { type: "string", value: "SEQ", says: "Only events after this one" },
  store: storeOption,
  json: { type: "boolean", says: "One JSON object per event" },
} as const;

export const events: Command = {
  name: "events",
  summary: "Print the history of a run, oldest first",
  usage: "events RUN [--follow] [--from SEQ] [options]",
  group: "Look",
  options,
  examples: [
    ["events order-7", "what happened"],
    ["events order-7 --follow", "and what happens, until the run ends or Ctrl-C"],
    ["events order-7 --json | jq 'select(.type==\"op-ended\")'", "for another program"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(events, options, io, { least: 1, most: 1 });
    const [runId = ""] = positionals;
    const from = readCount(events, "--from", values.from, 0) ?? 0;
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const run = await engine.get(runId);
    for await (const event of run.events({ from, live: values.follow === true, signal: io.interrupted })) {
      if (values.json) io.out(JSON.stringify({ runId, ...event }));
      else {
        const line: Line = [
          [`${String(event.seq).padStart(5)}  ${formatMoment(event.atMs)}  `, "dim"],
          ...describeEvent(event, io.style.glyphs),
        ];
        io.out(formatLine(io.screen === null ? line : fitLine(line, io.screen.columns - 1, io.style), io.style));
      }
    }
    return io.interrupted.aborted && values.follow === true ? exitCode.interrupted : exitCode.done;
  },
};
