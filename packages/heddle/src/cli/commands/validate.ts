import { HeddleError, type Plan, validatePlan } from "@heddle/kernel";
import { type Command, exitCode } from "../command.ts";
import { planOf } from "../definition-plan.ts";
import { findDag, loadDefinition } from "../load-definition.ts";
import { readArguments } from "../read-arguments.ts";
import { tinted } from "../text/style.ts";
import { validateDag } from "../validate-dag.ts";
import { printable } from "../text/text-width.ts";

const options = {
  json: { type: "boolean", says: "One JSON object per fault, then the result" },
} as const;

export const validate: Command = {
  name: "validate",
  summary: "Check a plan, a DAG or a workflow file, and list every fault with its place",
  usage: "validate FILE[#export] [--json]",
  group: "Check",
  options,
  examples: [
    ["validate plan.json", "a plan as data"],
    ["validate pipeline.yaml", "a DAG, with the line and column of each fault"],
    ["validate flow.ts", "a workflow"],
  ],
  notes: ["Exit code 1 when there are faults."],
  async run(io) {
    const { values, positionals } = readArguments(validate, options, io, { least: 1, most: 1 });
    const file = await findDag(positionals[0] ?? "", io.cwd);
    if (file !== null) return validateDag(file, values.json === true, io);
    const definition = await loadDefinition(positionals[0] ?? "", io);
    const plan = planOf(definition);
    const faults = validatePlan(plan);
    if (values.json) {
      for (const fault of faults) io.out(JSON.stringify(fault));
      io.out(
        JSON.stringify({
          type: "result",
          source: definition.source,
          status: faults.length === 0 ? "valid" : "invalid",
          faults: faults.length,
        }),
      );
    } else if (faults.length === 0) {
      io.out(
        `${tinted(io.style.glyphs.done, "good", io.style)} ${definition.source}: ${definition.kind === "workflow" && !("plan" in definition.workflow) ? `workflow "${definition.workflow.name}", a durable function` : summaryOf(plan as Plan)}`,
      );
    } else {
      io.out(
        `${tinted(io.style.glyphs.failed, "bad", io.style)} ${definition.source} has ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}:`,
      );
      for (const { path, message, mend } of faults)
        io.out(
          `  ${tinted(path === "" ? "/" : path, "strong", io.style)}\n    ${printable(message)} ${tinted(printable(mend), "dim", io.style)}`,
        );
    }
    return faults.length === 0 ? exitCode.done : exitCode.failed;
  },
};

function summaryOf(plan: Plan): string {
  const tasks = Object.keys(plan.tasks).length;
  const channels = Object.keys(plan.channels ?? {}).length;
  return `plan "${plan.name}", ${plan.discipline}, ${tasks === 1 ? "1 task" : `${tasks} tasks`}${channels === 0 ? "" : channels === 1 ? ", 1 channel" : `, ${channels} channels`}`;
}

/** The plan, if it has no faults. @throws HeddleError `PLAN_INVALID` with all of them */
export function validPlan(plan: unknown, source: string): Plan {
  const faults = validatePlan(plan);
  if (faults.length === 0) return plan as Plan;
  throw new HeddleError(
    "PLAN_INVALID",
    `${source} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}; "validate ${source}" lists what to do.`,
    {
      data: { source, faults: faults.map(({ path, message }) => ({ path: path === "" ? "/" : path, message })) },
    },
  );
}
