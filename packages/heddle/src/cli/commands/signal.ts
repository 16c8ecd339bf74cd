import { type Command, exitCode } from "../command.ts";
import { NextSteps } from "../next-steps.ts";
import { readArguments } from "../read-arguments.ts";
import { readInput } from "../read-input.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";

const options = {
  value: { type: "string", value: "JSON|@FILE|-", says: "What the signal carries" },
  id: { type: "string", value: "ID", says: "Counts once, however often it is sent under this id" },
  store: storeOption,
} as const;

export const signal: Command = {
  name: "signal",
  summary: "Send a signal to a run; it is kept until the run receives it",
  usage: "signal RUN NAME [--value JSON|@FILE|-] [options]",
  group: "Act on a run",
  options,
  examples: [
    ["signal order-7 paid", "a bare signal"],
    [`signal order-7 paid --value '{"amount":12}' --id bank-991`, "with a value, counted once"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(signal, options, io, { least: 2, most: 2 });
    const [runId = "", name = ""] = positionals;
    const value = values.value === undefined ? undefined : await readInput(values.value, "--value", io);
    await using engine = await openToLook(storeUrl(values.store, io), io);
    const run = await engine.get(runId);
    await engine.signal(runId, name, value, values.id === undefined ? {} : { id: values.id });
    await reportSent(`Sent ${name} to ${runId}.`, engine, run, new NextSteps(io, values.store), io);
    return exitCode.done;
  },
};
