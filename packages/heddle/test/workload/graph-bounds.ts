import type { Workload } from "heddle";

/** Facts of a recorded graph, counted without any of the code under test. */
export interface GraphBounds {
  readonly totalMs: number;
  readonly criticalPathMs: number;
  readonly levels: ReadonlyMap<string, number>;
  /** Most tasks that a level has. */
  readonly width: number;
}

export function graphBounds({ tasks }: Workload): GraphBounds {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const levels = new Map<string, number>();
  const pathsMs = new Map<string, number>();
  for (const { id } of tasks) {
    const stack = [id];
    while (stack.length > 0) {
      const at = stack.at(-1) as string;
      const { parents = [], runtimeMs = 0 } = byId.get(at) ?? {};
      const next = parents.find((parent) => !levels.has(parent));
      if (next !== undefined) {
        stack.push(next);
        continue;
      }
      stack.pop();
      levels.set(
        at,
        parents.reduce((most, parent) => Math.max(most, (levels.get(parent) as number) + 1), 0),
      );
      pathsMs.set(at, runtimeMs + parents.reduce((most, parent) => Math.max(most, pathsMs.get(parent) as number), 0));
    }
  }
  const sizes = new Map<number, number>();
  for (const level of levels.values()) sizes.set(level, (sizes.get(level) ?? 0) + 1);
  return {
    totalMs: tasks.reduce((sum, { runtimeMs }) => sum + runtimeMs, 0),
    criticalPathMs: [...pathsMs.values()].reduce((most, pathMs) => Math.max(most, pathMs), 0),
    levels,
    width: Math.max(...sizes.values()),
  };
}

/** No schedule on so many places is shorter. */
export function lowerBoundMs({ totalMs, criticalPathMs }: GraphBounds, places: number): number {
  return Math.max(totalMs / places, criticalPathMs);
}

/** No schedule that never leaves a place free while a task is ready is longer (Graham 1966). */
export function grahamBoundMs({ totalMs, criticalPathMs }: GraphBounds, places: number): number {
  return totalMs / places + (1 - 1 / places) * criticalPathMs;
}

/** With a barrier between levels, Graham's bound holds for each level by itself, where the longest task is the critical path; and so for their sum. */
export function levelBoundMs(workload: Workload, { levels }: GraphBounds, places: number): number {
  const totals: number[] = [];
  const longest: number[] = [];
  for (const { id, runtimeMs } of workload.tasks) {
    const level = levels.get(id) as number;
    totals[level] = (totals[level] ?? 0) + runtimeMs;
    longest[level] = Math.max(longest[level] ?? 0, runtimeMs);
  }
  return totals.reduce((sum, totalMs, level) => sum + totalMs / places + (1 - 1 / places) * (longest[level] as number), 0);
}
