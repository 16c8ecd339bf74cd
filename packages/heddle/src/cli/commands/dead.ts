import { type Command, exitCode } from "../command.ts";
import { NextSteps, stepLines } from "../next-steps.ts";
import { readArguments, readCount } from "../read-arguments.ts";
import { storeOption, storeUrl } from "../store-location.ts";
import { listRuns, runTable } from "./runs.ts";

const options = {
  workflow: { type: "string", value: "NAME", says: "Only runs of this workflow" },
  limit: { type: "string", value: "COUNT", says: "At most so many, the newest. Default 50" },
  store: storeOption,
  json: { type: "boolean", says: "One JSON object per run" },
} as const;

export const dead: Command = {
  name: "dead",
  summary: "List failed runs that nobody has retried, with the reason",
  usage: "dead [--workflow NAME] [options]",
  group: "Look",
  options,
  examples: [
    ["dead", "what went wrong and waits for somebody"],
    ["dead --json | jq -r .runId | xargs npx heddle retry", "run all of them again"],
  ],
  async run(io) {
    const { values } = readArguments(dead, options, io, { least: 0, most: 0 });
    const limit = readCount(dead, "--limit", values.limit, 1) ?? 50;
    const filter = { dead: true, limit, ...(values.workflow === undefined ? null : { workflow: values.workflow }) };
    const found = await listRuns(storeUrl(values.store, io), filter, io);
    if (found === null) return exitCode.done;
    const steps = new NextSteps(io, values.store);
    const [first] = found;
    if (values.json) for (const summary of found) io.out(JSON.stringify(summary));
    else if (first === undefined) io.out("No failed runs that nobody has retried.");
    else
      io.out(
        [
          ...runTable(found, io),
          "",
          ...stepLines(
            [
              ["why", steps.about("show", first.runId)],
              ["try again", steps.about("retry", first.runId)],
            ],
            io,
          ),
        ].join("\n"),
      );
    return exitCode.done;
  },
};
