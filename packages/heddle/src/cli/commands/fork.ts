import { type Command, exitCode } from "../command.ts";
import { NextSteps } from "../next-steps.ts";
import { parseJson } from "../parse-json.ts";
import { readArguments, readCount, readPair } from "../read-arguments.ts";
import { readInput } from "../read-input.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";

const options = {
  at: { type: "string", value: "SEQ", says: "Keep the history up to and with this event. Default: all of it" },
  id: { type: "string", value: "ID", says: "Name of the new run" },
  input: { type: "string", value: "JSON|@FILE|-", says: "Another input; only with --at 1" },
  set: { type: "string", value: "KEY=JSON", says: "Another result for a recorded step; more than once for several", multiple: true },
  store: storeOption,
} as const;

export const fork: Command = {
  name: "fork",
  summary: "Begin a new run from the history of another, which stays as it is",
  usage: "fork RUN [--at SEQ] [--id ID] [options]",
  group: "Act on a run",
  options,
  examples: [
    ["fork order-7 --at 12", "what would have happened after event 12"],
    [`fork order-7 --at 12 --set price=99`, "if the step price had returned 99"],
    [`fork order-7 --at 1 --input '{"sku":"B2"}'`, "from the beginning with another input"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(fork, options, io, { least: 1, most: 1 });
    const [runId = ""] = positionals;
    const at = readCount(fork, "--at", values.at, 1);
    const results = (values.set ?? []).map((pair) => {
      const [key, text] = readPair(fork, "--set", pair);
      return [key, parseJson(text, `--set ${key}`)] as const;
    });
    const edit = {
      ...(values.input === undefined ? null : { input: await readInput(values.input, "--input", io) }),
      ...(results.length === 0 ? null : { results: Object.fromEntries(results) }),
    };
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const forked = await engine.fork(runId, {
      ...(at === undefined ? null : { at }),
      ...(values.id === undefined ? null : { id: values.id }),
      ...(Object.keys(edit).length === 0 ? null : { edit }),
    });
    await reportSent(
      `${forked.id} goes on from ${runId}${at === undefined ? "" : `, event ${at}`}.`,
      engine,
      forked,
      new NextSteps(io, values.store),
      io,
    );
    return exitCode.done;
  },
};
