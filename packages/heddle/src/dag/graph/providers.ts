import type { DagGraph } from "./dag-graph.ts";

/** Stands for the run's input, which comes before every node. */
export const runInput = -1;

const onlyInput: readonly number[] = [runInput];

/** Whose payloads a node gets. */
export interface Providers {
  /** By node: one number, `runInput` among them, or several that do not come before one another: those meet in a merge, or are a conflict. */
  readonly of: readonly (readonly number[])[];
  readonly conflicts: readonly { readonly node: number; readonly between: readonly number[] }[];
}

/**
 * The canonical payload by ancestry: a node gets the payload of its nearest provider, a transform or a node with a merge. Of several
 * candidates those that come before another one do not count. Who ends first has no part in it.
 *
 * Without merges the providers above a node form a chain, so that "comes before" is a climb of a few jumps; a search is made only below
 * merges. Expects an order that holds all nodes.
 */
export function providersOf(
  { ids, dependencies }: DagGraph,
  order: Int32Array,
  provides: (node: number) => boolean,
  merges: (node: number) => boolean,
): Providers {
  const of: (readonly number[])[] = new Array<readonly number[]>(ids.length);
  const ancestry = new Ancestry(ids.length, of);
  const conflicts: { node: number; between: readonly number[] }[] = [];
  // Below a conflict others are only its echo.
  const doubtful = new Uint8Array(ids.length);
  const { first, targets } = dependencies;
  for (let place = 0; place < order.length; place++) {
    const node = order[place]!;
    const begin = first[node]!;
    const end = first[node + 1]!;
    let found: readonly number[];
    if (begin === end) found = onlyInput;
    else if (begin + 1 === end) {
      // Most nodes depend on one: what it gets, or gives, is shared.
      const dependency = targets[begin]!;
      doubtful[node] = doubtful[dependency]!;
      found = provides(dependency) ? [dependency] : of[dependency]!;
    } else {
      const candidates = new Set<number>();
      for (let arrow = begin; arrow < end; arrow++) {
        const dependency = targets[arrow]!;
        if (doubtful[dependency] === 1) doubtful[node] = 1;
        if (provides(dependency)) candidates.add(dependency);
        else for (const provider of of[dependency]!) candidates.add(provider);
      }
      found = candidates.size === 1 ? [...candidates] : ancestry.lowest([...candidates]);
    }
    if (found.length > 1 && !merges(node)) {
      if (doubtful[node] === 0) conflicts.push({ node, between: found });
      doubtful[node] = 1;
      found = [found[0]!];
    }
    of[node] = found;
    ancestry.enter(node, place, found);
  }
  return { of, conflicts };
}

/** Which providers come before which. Nodes are entered after their providers. */
class Ancestry {
  readonly #providers: readonly (readonly number[])[];
  readonly #places: Int32Array;
  readonly #depths: Int32Array;
  /** A provider further up the chain of first providers, so that climbing takes a logarithmic number of steps. */
  readonly #jumps: Int32Array;

  constructor(count: number, providers: readonly (readonly number[])[]) {
    this.#providers = providers;
    this.#places = new Int32Array(count);
    this.#depths = new Int32Array(count);
    this.#jumps = new Int32Array(count).fill(runInput);
  }

  enter(node: number, place: number, providers: readonly number[]): void {
    const parent = providers[0]!;
    this.#places[node] = place;
    if (parent === runInput) return;
    this.#depths[node] = this.#depths[parent]! + 1;
    const far = this.#jumps[parent]!;
    const further = far === runInput ? runInput : this.#jumps[far]!;
    this.#jumps[node] = this.#gap(parent, far) === this.#gap(far, further) ? further : parent;
  }

  /** Those that come before none of the others, in the order given. */
  lowest(candidates: readonly number[]): number[] {
    let last = candidates[0]!;
    for (const each of candidates) if (this.#place(each) > this.#place(last)) last = each;
    const rest = candidates.filter((each) => each === last || !this.#isBefore(each, last));
    if (rest.length === 1) return rest;
    const before = this.#allBefore(rest);
    return rest.filter((each) => !before.has(each));
  }

  /** By the chain of first providers: true is certain, and false too where there is no merge. */
  #isBefore(first: number, second: number): boolean {
    if (first === runInput) return true;
    if (second === runInput || this.#place(first) >= this.#place(second)) return false;
    let node = second;
    const depth = this.#depths[first]!;
    while (node !== runInput && this.#depths[node]! > depth) {
      const far = this.#jumps[node]!;
      node = far !== runInput && this.#depths[far]! >= depth ? far : this.#providers[node]![0]!;
    }
    return node === first;
  }

  /** Providers that come before one of these, down to the one that stands first. */
  #allBefore(these: readonly number[]): ReadonlySet<number> {
    let end = Number.POSITIVE_INFINITY;
    for (const each of these) end = Math.min(end, this.#place(each));
    const found = new Set<number>();
    const open = [...these];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const provider of this.#providers[node]!) {
        if (found.has(provider) || this.#place(provider) < end) continue;
        found.add(provider);
        if (provider !== runInput) open.push(provider);
      }
    }
    return found;
  }

  #place(node: number): number {
    return node === runInput ? -1 : this.#places[node]!;
  }

  /** Steps between two on a chain; the run's input lies one above the first. */
  #gap(below: number, above: number): number {
    const depth = (node: number): number => (node === runInput ? -1 : this.#depths[node]!);
    return depth(below) - depth(above);
  }
}
