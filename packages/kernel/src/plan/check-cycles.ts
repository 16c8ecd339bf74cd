import type { Id } from "./plan.ts";
import type { PlanFault } from "./plan-fault.ts";
import { type Outline, triggerPath } from "./plan-outline.ts";
import type { Arrows } from "./strong-components.ts";

/**
 * `untaken: "skip"` counts on one token per edge, which a cycle does not keep: it is refused with the shortest cycle through its task.
 * Shortest cycles of many tasks could cost tasks times edges: after a while a task on a cycle that is known already gets that one,
 * and any other only hears that it lies on one.
 */
export function checkCycles({ tasks }: Outline, edges: Arrows, components: Int32Array, faults: PlanFault[]): void {
  const search = new CycleSearch(edges, components, (number) => tasks[number]!.id);
  for (const [number, task] of tasks.entries()) {
    if (!search.isOnCycle(number)) continue;
    const skipping = task.triggers.filter(({ raw }) => raw.untaken === "skip");
    if (skipping.length === 0) continue;
    const cycle = search.cycleThrough(number);
    const where = cycle === null ? "a cycle" : `the cycle ${drawn(cycle)}`;
    for (const trigger of skipping) {
      faults.push({
        path: `${triggerPath(task, trigger)}/untaken`,
        code: "skip-on-cycle",
        message: `Task "${task.id}" may be skipped, but it lies on ${where}.`,
        mend: 'Make untaken "wait" on this task, or break the cycle.',
        ...(cycle === null ? {} : { cycle }),
      });
    }
  }
}

function drawn(cycle: readonly Id[]): string {
  const shownIds = cycle.length <= 12 ? cycle : [...cycle.slice(0, 9), `… ${cycle.length - 11} more …`, ...cycle.slice(-2)];
  return [...shownIds, cycle[0] as Id].join(" → ");
}

class CycleSearch {
  readonly #edges: Arrows;
  readonly #components: Int32Array;
  readonly #idOf: (node: number) => Id;
  readonly #sizes: Int32Array;
  /** Search that reached a node last, and from where. */
  readonly #reachedIn: Int32Array;
  readonly #reachedFrom: Int32Array;
  readonly #known = new Map<number, readonly Id[]>();
  /** Arrows that searches may still follow. */
  #budget: number;
  #searches = 0;

  constructor(edges: Arrows, components: Int32Array, idOf: (node: number) => Id) {
    this.#edges = edges;
    this.#components = components;
    this.#idOf = idOf;
    this.#sizes = new Int32Array(components.length);
    for (const component of components) this.#sizes[component]! += 1;
    this.#reachedIn = new Int32Array(components.length);
    this.#reachedFrom = new Int32Array(components.length);
    this.#budget = 2_000_000 + 4 * edges.targets.length;
  }

  isOnCycle(node: number): boolean {
    const { first, targets } = this.#edges;
    if (this.#sizes[this.#components[node]!]! > 1) return true;
    for (let arrow = first[node]!; arrow < first[node + 1]!; arrow += 1) if (targets[arrow] === node) return true;
    return false;
  }

  /** The shortest cycle through a node that lies on one; once the budget is spent a known one, or null. */
  cycleThrough(node: number): readonly Id[] | null {
    if (this.#budget < 0) return this.#known.get(node) ?? null;
    const cycle = [this.#search(node)];
    while (cycle.at(-1) !== node) cycle.push(this.#reachedFrom[cycle.at(-1)!]!);
    cycle.reverse();
    const ids = cycle.map(this.#idOf);
    for (const task of cycle) this.#known.set(task, ids);
    return ids;
  }

  /** Breadth first inside the component; returns the node from which an arrow leads back to the start. */
  #search(start: number): number {
    const { first, targets } = this.#edges;
    this.#searches += 1;
    const queue = [start];
    for (const node of queue) {
      for (let arrow = first[node]!; arrow < first[node + 1]!; arrow += 1) {
        this.#budget -= 1;
        const target = targets[arrow]!;
        if (target === start) return node;
        if (this.#components[target] !== this.#components[start] || this.#reachedIn[target] === this.#searches) continue;
        this.#reachedIn[target] = this.#searches;
        this.#reachedFrom[target] = node;
        queue.push(target);
      }
    }
    return start; // not reached: the node lies on a cycle
  }
}
