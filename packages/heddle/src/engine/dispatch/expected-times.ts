import { median } from "./median.ts";
import type { DispatchOptions } from "./dispatch-options.ts";
import type { TaskGraph } from "./task-graph.ts";

/** How long each node of a graph is expected to take, in milliseconds. */
export interface ExpectedTimes {
  readonly byNode: Float64Array;
  /** Whether any of them was told. */
  readonly told: boolean;
}

/** Tasks that nothing is told of take as long as the median of the others, and 1 if nothing is told at all. What has no code takes no time. */
export function expectedTimes({ ids, nodes, hasCode }: TaskGraph, tasks: DispatchOptions["tasks"] = {}): ExpectedTimes {
  const byNode = new Float64Array(nodes);
  const told: number[] = [];
  for (const { expectedMs } of Object.values(tasks)) if (expectedMs !== undefined) told.push(expectedMs);
  const usual = told.length === 0 ? 1 : median(told);
  ids.forEach((id, number) => {
    const expectedMs = Object.hasOwn(tasks, id) ? tasks[id]?.expectedMs : undefined;
    if (hasCode[number] === 1) byNode[number] = expectedMs ?? usual;
  });
  return { byNode, told: told.length > 0 };
}
