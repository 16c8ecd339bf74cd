import type { Task } from "@heddle/kernel";
import { checkDag, type CheckedDag, type DagCode, innerCode } from "../config/check-dag.ts";
import type { DagNode } from "../config/dag-config.ts";
import { dagError, type DagFault, FaultList } from "../config/dag-fault.ts";
import { arrowsFrom, countFrom } from "../graph/dag-graph.ts";
import { nodeTasks } from "./dag-plan.ts";

/** What stands for the processors of nodes that are there already. */
const there = "__there__";

/** What a node that is added may not say, and why. */
const fixed: Readonly<Record<string, string>> = {
  dag: "its code was not there when the run began",
  pool: "places are shared out when a run begins",
  resources: "places are shared out when a run begins",
};

/**
 * The tasks of nodes that a node adds to its run. They are checked as the nodes of a file are, together with those that they depend on and all above
 * these: references, cycles, and whose payload they get.
 *
 * @throws HeddleError `DAG_INVALID`; no retry follows it
 */
export function grownTasks(dag: CheckedDag, code: DagCode, by: string, added: unknown): Readonly<Record<string, Task>> {
  const faults = new FaultList();
  if (!Array.isArray(added)) {
    faults.add("value", [], "What it adds is no list.", "Return { add: [node, …] }.");
    throw refused(by, faults.all);
  }
  const { config, graph } = dag;
  for (const [index, node] of (added as Partial<DagNode>[]).entries()) {
    if (typeof node.id === "string" && graph.numbers.has(node.id))
      faults.add("duplicate-id", ["processors", index, "id"], `The DAG has a node "${node.id}" already.`, "Give it another id.");
    for (const [key, why] of Object.entries(fixed))
      if (key in node) faults.add("unknown-key", ["processors", index, key], `A node that is added has no ${key}: ${why}.`, "Take it out.");
  }
  const above = nodesAbove(dag, added as Partial<DagNode>[]);
  const standing = above.map((number): DagNode => {
    const { id, depends_on = [], merge, condition, when_false } = config.processors[number]!;
    return {
      id,
      processor: there,
      depends_on,
      intent: dag.intents[number]!,
      ...(merge === undefined ? null : { merge }),
      ...(condition === undefined ? null : { condition }),
      ...(when_false === undefined ? null : { when_false }),
    };
  });
  const { failure_strategy, executor_options } = config;
  const whole = {
    ...(failure_strategy === undefined ? null : { failure_strategy }),
    ...(executor_options === undefined ? null : { executor_options }),
    processors: [...(added as DagNode[]), ...standing],
  };
  const known = { ...innerCode(code), processors: { ...code.processors, [there]: () => ({}) } };
  const checked = checkDag(whole, known, faults);
  if (checked === undefined || faults.all.length > 0) throw refused(by, faults.all);
  return nodeTasks(checked, added.keys(), (node) => countFrom(checked.graph.dependents, node) > 0);
}

/** The nodes of the DAG that these depend on, and all that those do. */
function nodesAbove({ graph }: CheckedDag, added: readonly Partial<DagNode>[]): number[] {
  const found = new Set<number>();
  for (const { depends_on } of added) {
    for (const id of Array.isArray(depends_on) ? depends_on : []) {
      const number = graph.numbers.get(id);
      if (number !== undefined) found.add(number);
    }
  }
  // A set gives what is added to it on the way.
  for (const node of found) for (const dependency of arrowsFrom(graph.dependencies, node)) found.add(dependency);
  return [...found].sort((a, b) => a - b);
}

function refused(by: string, faults: readonly DagFault[]): Error {
  const told = faults.map((fault) => ({ ...fault, path: fault.path.replace("/processors", "/add") }));
  return Object.assign(dagError(`What node "${by}" adds`, told), { final: true });
}
