/** The nodes of a DAG as numbers, in the order in which they are written, with what each depends on and what depends on it. */
export interface DagGraph {
  readonly ids: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly dependencies: Arrows;
  readonly dependents: Arrows;
}

/** Arrows out of node `n`: `targets` from `first[n]` up to `first[n + 1]`. */
export interface Arrows {
  readonly first: Int32Array;
  readonly targets: Int32Array;
}

/** @param dependencies arrows from each node to those that it depends on */
export function graphOf(ids: readonly string[], numbers: ReadonlyMap<string, number>, dependencies: Arrows): DagGraph {
  return { ids, numbers, dependencies, dependents: turned(dependencies, ids.length) };
}

/** The same arrows the other way round; those out of one node in the order of their targets. */
function turned({ first, targets }: Arrows, count: number): Arrows {
  const begins = new Int32Array(count + 1);
  for (const target of targets) begins[target + 1]! += 1;
  for (let node = 0; node < count; node++) begins[node + 1]! += begins[node]!;
  const next = begins.slice();
  const back = new Int32Array(targets.length);
  for (let node = 0; node < count; node++) {
    for (let arrow = first[node]!; arrow < first[node + 1]!; arrow++) {
      const target = targets[arrow]!;
      back[next[target]!] = node;
      next[target]! += 1;
    }
  }
  return { first: begins, targets: back };
}

export function arrowsFrom({ first, targets }: Arrows, node: number): Int32Array {
  return targets.subarray(first[node], first[node + 1]);
}

export function countFrom({ first }: Arrows, node: number): number {
  return first[node + 1]! - first[node]!;
}
