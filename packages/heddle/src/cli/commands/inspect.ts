import { HeddleError } from "@heddle/kernel";
import type { DagAnalysis } from "../../dag/graph/analysis.ts";
import type { DagWorkflow } from "../../dag/dag-workflow.ts";
import { type Command, exitCode } from "../command.ts";
import { type Definition, loadDefinition } from "../load-definition.ts";
import { readArguments } from "../read-arguments.ts";
import { tinted, type Style } from "../text/style.ts";
import { counted } from "../validate-dag.ts";

const options = {
  json: { type: "boolean", says: "One JSON object" },
} as const;

export const inspect: Command = {
  name: "inspect",
  summary: "Show the shape of a DAG: levels, width, critical path, and where payloads come from",
  usage: "inspect FILE[#export] [--json]",
  group: "Check",
  options,
  examples: [
    ["inspect pipeline.yaml", "a DAG file"],
    ["inspect pipeline.ts --json | jq .width", "a DAG in code, for another program"],
  ],
  async run(io) {
    const { values, positionals } = readArguments(inspect, options, io, { least: 1, most: 1 });
    const definition = await loadDefinition(positionals[0] ?? "", io);
    const workflow = dagOf(definition);
    const analysis = workflow.analyze();
    if (values.json) io.out(JSON.stringify({ source: definition.source, name: workflow.name, ...analysis, warnings: workflow.warnings }));
    else for (const line of linesOf(workflow, analysis, io.style)) io.out(line);
    return exitCode.done;
  },
};

function dagOf(definition: Definition): DagWorkflow {
  if (definition.kind === "dag") return definition.workflow;
  if (definition.kind === "workflow" && "analyze" in definition.workflow) return definition.workflow as DagWorkflow;
  throw new HeddleError("USAGE", `${definition.source} is no DAG: "graph" draws a plan, and "validate" checks it.`, {
    data: { source: definition.source },
  });
}

/** Ids that a line shows; of the others it says how many. */
const mostShown = 20;

function* linesOf(
  { name, warnings }: DagWorkflow,
  { nodes, levels, width, criticalPath, payloads, intents }: DagAnalysis,
  style: Style,
): Iterable<string> {
  const title = (text: string): string => tinted(text, "strong", style);
  yield `${title(name)}: ${counted(nodes, "node")} in ${counted(levels.length, "level")}, at most ${width} side by side`;
  for (const [number, ids] of levels.entries()) yield `  level ${number}  ${listed(ids, ", ")}`;
  yield title(`Critical path, ${counted(criticalPath.length, "node")}`);
  yield `  ${listed(criticalPath, style.unicode ? " → " : " -> ")}`;
  yield title("Payloads");
  const wide = Object.keys(payloads).reduce((most, { length }) => Math.max(most, Math.min(length, 40)), 0);
  for (const [id, from] of Object.entries(payloads))
    yield `  ${id.padEnd(wide)}  ${intents[id] === "analyze" ? "analyzes  " : "transforms"}  ${from.length === 0 ? "the input" : listed(from, " + ")}`;
  for (const { path, message } of warnings) yield `${tinted(`warning ${path}`, "warn", style)}\n  ${message}`;
}

function listed(ids: readonly string[], between: string): string {
  return ids.length <= mostShown ? ids.join(between) : `${ids.slice(0, mostShown).join(between)} and ${ids.length - mostShown} more`;
}
