import { arrowsFrom, countFrom, type DagGraph } from "./dag-graph.ts";

/** Nodes after all that they depend on, level by level, as far as there is no cycle; and the level of each, from 0. */
export interface Order {
  readonly nodes: Int32Array;
  /** -1: on a cycle, or after one. */
  readonly levels: Int32Array;
}

export function orderOf({ ids, dependencies, dependents }: DagGraph): Order {
  const open = new Int32Array(ids.length);
  const levels = new Int32Array(ids.length).fill(-1);
  const nodes = new Int32Array(ids.length);
  let known = 0;
  for (let node = 0; node < ids.length; node++) {
    open[node] = countFrom(dependencies, node);
    if (open[node] !== 0) continue;
    levels[node] = 0;
    nodes[known++] = node;
  }
  for (let done = 0; done < known; done++) {
    const node = nodes[done]!;
    for (let arrow = dependents.first[node]!; arrow < dependents.first[node + 1]!; arrow++) {
      const dependent = dependents.targets[arrow]!;
      open[dependent]! -= 1;
      if (open[dependent] !== 0) continue;
      levels[dependent] = levels[node]! + 1;
      nodes[known++] = dependent;
    }
  }
  return { nodes: nodes.subarray(0, known), levels };
}

/**
 * Cycles among the nodes that no order reaches, disjoint, each in the order in which its nodes would run, from the one that is written
 * first. Every such node is on one of them, after one, or between two.
 */
export function cyclesOf({ ids, dependencies }: DagGraph, { levels }: Order): number[][] {
  const cycles: number[][] = [];
  /** The walk that came by a node; 0: none. */
  const walks = new Int32Array(ids.length);
  let walk = 0;
  for (let begin = 0; begin < ids.length; begin++) {
    if (levels[begin] !== -1 || walks[begin] !== 0) continue;
    walk += 1;
    const way: number[] = [];
    let node = begin;
    while (walks[node] === 0) {
      walks[node] = walk;
      way.push(node);
      // A node without an order depends on another one without.
      node = arrowsFrom(dependencies, node).find((dependency) => levels[dependency] === -1) ?? node;
    }
    if (walks[node] === walk) cycles.push(fromFirst(way.slice(way.indexOf(node)).toReversed()));
  }
  return cycles;
}

function fromFirst(cycle: readonly number[]): number[] {
  let at = 0;
  for (let index = 1; index < cycle.length; index++) if (cycle[index]! < cycle[at]!) at = index;
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}
