import { type Command, exitCode } from "../command.ts";
import { NextSteps } from "../next-steps.ts";
import { readArguments } from "../read-arguments.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";

const options = {
  reason: { type: "string", value: "TEXT", says: "Why; kept in the run's history" },
  store: storeOption,
} as const;

export const pause: Command = {
  name: "pause",
  summary: "Hold a run: nothing new begins in it until it is resumed",
  usage: "pause RUN [--reason TEXT] [options]",
  group: "Act on a run",
  options,
  examples: [
    ["pause order-7 --reason 'stocktaking'", "hold it"],
    ["resume order-7", "and let it go on"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(pause, options, io, { least: 1, most: 1 });
    const [runId = ""] = positionals;
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const run = await engine.get(runId);
    await engine.pause(runId, values.reason);
    await reportSent(`Asked ${runId} to hold.`, engine, run, new NextSteps(io, values.store), io);
    return exitCode.done;
  },
};
