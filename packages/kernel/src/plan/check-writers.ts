import type { Id } from "./plan.ts";
import type { PlanFault } from "./plan-fault.ts";
import { type Outline, taskPath } from "./plan-outline.ts";
import type { Arrows } from "./strong-components.ts";

/**
 * In an eager plan two tasks that could run at once must not both write a `value` channel: the last one would win by chance.
 * Two are safe when edges lead from one to the other; inside groups, when they lead from the one's group to the other's.
 */
export function checkWriters(outline: Outline, parents: Int32Array, edges: Arrows, components: Int32Array, faults: PlanFault[]): void {
  if (outline.superstep) return; // a round finds its conflicts when it closes
  const reach = new Reach(edges, components);
  for (const [channel, writers] of writersOf(outline)) {
    for (const units of unitsByHome(writers, parents).values()) {
      // From first to last. All are in one line if each reaches the one after it, and the ways between them do not overlap.
      const line = [...units.keys()].sort((one, other) => components[other]! - components[one]! || one - other);
      for (const [index, unit] of line.entries()) {
        const next = line[index + 1];
        if (next === undefined || reach.leads(unit, next)) continue;
        faults.push(concurrent(channel, units.get(unit)!, units.get(next)!, outline));
      }
    }
  }
}

function writersOf({ tasks, channels }: Outline): ReadonlyMap<Id, readonly number[]> {
  const writers = new Map<Id, number[]>();
  for (const [number, { writes }] of tasks.entries()) {
    if (writes === null) continue;
    for (const channel of new Set(writes)) {
      if (channel === null || channels.get(channel)?.kind !== "value") continue;
      const known = writers.get(channel);
      if (known === undefined) writers.set(channel, [number]);
      else known.push(number);
    }
  }
  return writers;
}

/** By group (-1: none): the members that write or hold a writer, each with one writer that stands for it. */
function unitsByHome(writers: readonly number[], parents: Int32Array): ReadonlyMap<number, ReadonlyMap<number, number>> {
  const homes = new Map<number, Map<number, number>>();
  for (const writer of writers) {
    for (let unit = writer; unit !== -1; unit = parents[unit]!) {
      let units = homes.get(parents[unit]!);
      if (units === undefined) homes.set(parents[unit]!, (units = new Map<number, number>()));
      if (units.has(unit)) break;
      units.set(unit, writer);
    }
  }
  return homes;
}

function concurrent(channel: Id, one: number, other: number, { tasks }: Outline): PlanFault {
  const [first, second] = one < other ? [one, other] : [other, one];
  const task = tasks[second]!;
  return {
    path: `${taskPath(task)}/writes/${task.writes!.indexOf(channel)}`,
    code: "concurrent-writers",
    message: `Tasks "${tasks[first]!.id}" and "${task.id}" could run at the same time, and both write the value channel "${channel}".`,
    mend: "Let one come after the other, or give the channel a kind that merges writes: last, append, sum, put, keyed or fold.",
  };
}

class Reach {
  readonly #edges: Arrows;
  readonly #components: Int32Array;
  readonly #reachedIn: Int32Array;
  #searches = 0;

  constructor(edges: Arrows, components: Int32Array) {
    this.#edges = edges;
    this.#components = components;
    this.#reachedIn = new Int32Array(components.length);
  }

  /** Whether arrows lead from one to the other, whose component must not come before. Looks only at what lies between them. */
  leads(from: number, to: number): boolean {
    const components = this.#components;
    if (components[from] === components[to]) return true;
    const { first, targets } = this.#edges;
    this.#searches += 1;
    const left = [from];
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      for (let arrow = first[node]!; arrow < first[node + 1]!; arrow += 1) {
        const target = targets[arrow]!;
        if (target === to) return true;
        if (components[target]! < components[to]! || this.#reachedIn[target] === this.#searches) continue;
        this.#reachedIn[target] = this.#searches;
        left.push(target);
      }
    }
    return false;
  }
}
