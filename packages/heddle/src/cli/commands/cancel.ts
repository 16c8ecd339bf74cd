import { type Command, exitCode } from "../command.ts";
import { NextSteps } from "../next-steps.ts";
import { readArguments } from "../read-arguments.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";

const options = {
  reason: { type: "string", value: "TEXT", says: "Why; kept in the run's history" },
  store: storeOption,
} as const;

export const cancel: Command = {
  name: "cancel",
  summary: "Ask a run to stop; what it did is undone where it says how",
  usage: "cancel RUN [--reason TEXT] [options]",
  group: "Act on a run",
  options,
  examples: [["cancel order-7 --reason 'ordered twice'", "stop it and keep the reason"]],
  async run(io) {
    const { values, positionals } = readArguments(cancel, options, io, { least: 1, most: 1 });
    const [runId = ""] = positionals;
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const run = await engine.get(runId);
    await engine.cancel(runId, values.reason);
    await reportSent(`Asked ${runId} to stop.`, engine, run, new NextSteps(io, values.store), io);
    return exitCode.done;
  },
};
