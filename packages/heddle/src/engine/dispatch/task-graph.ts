import type { Plan } from "@heddle/kernel";

/**
 * What comes after what in a plan, as numbers: the tasks in plan order, as the kernel numbers them, and behind them one node for the end of each group.
 * The successors of node `n` are `targets[firsts[n]]` to `targets[firsts[n + 1] - 1]`.
 */
export interface TaskGraph {
  readonly ids: readonly string[];
  /** Tasks and ends of groups. */
  readonly nodes: number;
  readonly firsts: Int32Array;
  readonly targets: Int32Array;
  /** Whether a node has code of its own, and so takes a place and time. */
  readonly hasCode: Uint8Array;
}

/** Cost: linear in tasks and edges. */
export function taskGraph(plan: Plan): TaskGraph {
  const ids = Object.keys(plan.tasks);
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const ends = new Map<number, number>();
  const froms: number[] = [];
  const tos: number[] = [];
  const edge = (from: number, to: number): void => {
    froms.push(from);
    tos.push(to);
  };
  let nodes = ids.length;
  ids.forEach((id, number) => {
    const does = plan.tasks[id]?.does;
    if (does !== undefined && "group" in does) ends.set(number, nodes++);
  });
  ids.forEach((id, number) => {
    const task = plan.tasks[id] as Plan["tasks"][string];
    for (const trigger of task.when) {
      if (!("after" in trigger)) continue;
      for (const { from } of trigger.after) {
        const source = numbers.get(from);
        if (source !== undefined && source !== number) edge(ends.get(source) ?? source, number);
      }
    }
    const end = ends.get(number);
    if (end === undefined || !("group" in task.does)) return;
    edge(number, end);
    for (const member of task.does.group) {
      const inner = numbers.get(member);
      if (inner === undefined) continue;
      edge(number, inner);
      edge(ends.get(inner) ?? inner, end);
    }
  });
  const hasCode = new Uint8Array(nodes);
  for (let number = 0; number < ids.length; number++) if (!ends.has(number)) hasCode[number] = 1;
  return { ids, nodes, hasCode, ...bySource(nodes, froms, tos) };
}

function bySource(nodes: number, froms: readonly number[], tos: readonly number[]): { firsts: Int32Array; targets: Int32Array } {
  const firsts = new Int32Array(nodes + 1);
  for (const from of froms) firsts[from + 1]!++;
  for (let node = 0; node < nodes; node++) firsts[node + 1]! += firsts[node]!;
  const targets = new Int32Array(froms.length);
  const next = firsts.slice();
  for (let index = 0; index < froms.length; index++) targets[next[froms[index]!]!++] = tos[index]!;
  return { firsts, targets };
}
