import { type Command, exitCode } from "../command.ts";
import { NextSteps } from "../next-steps.ts";
import { readArguments, usage } from "../read-arguments.ts";
import { reportSent } from "../report-sent.ts";
import { openToLook, storeOption, storeUrl } from "../store-location.ts";

const options = {
  from: {
    type: "string",
    value: "KEY",
    says: "Do this step or task again, and what follows it; more than once for several. Default: those that failed",
    multiple: true,
  },
  id: { type: "string", value: "ID", says: "Name of the new run" },
  store: storeOption,
} as const;

export const retry: Command = {
  name: "retry",
  summary: "Run again what failed, as a new run that keeps everything that completed",
  usage: "retry RUN... [--from KEY] [--id ID] [options]",
  group: "Act on a run",
  options,
  examples: [
    ["retry order-7", "what failed"],
    ["retry order-7 --from ship", "from the step ship on"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(retry, options, io, { least: 1, most: 1000 });
    if (positionals.length > 1 && values.id !== undefined) throw usage(retry, "--id names one new run, and several are asked for.");
    const steps = new NextSteps(io, values.store);
    await using engine = await openToLook(storeUrl(values.store, io), io);
    for (const runId of positionals) {
      const again = await engine.retry(runId, {
        ...(values.id === undefined ? null : { id: values.id }),
        ...(values.from === undefined ? null : { from: values.from }),
      });
      const what = values.from === undefined ? `what failed in ${runId}` : `${runId} from ${values.from.join(" and ")} on`;
      await reportSent(`${again.id} runs again ${what}.`, engine, again, steps, io);
    }
    return exitCode.done;
  },
};
