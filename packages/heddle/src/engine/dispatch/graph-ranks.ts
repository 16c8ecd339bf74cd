import { Heap } from "./heap.ts";
import type { TaskGraph } from "./task-graph.ts";

/** Where the nodes of a graph stand in it. */
export interface GraphRanks {
  /** Nodes so that each comes after what it comes after in the graph, of several the first in plan order first. On a cycle the first in plan order breaks it. */
  readonly order: Int32Array;
  /** Place in `order`, by node. */
  readonly places: Int32Array;
  /** How many tasks the longest way from a root to the node has before it. Edges that point back in `order` do not count. */
  readonly levels: Int32Array;
}

/** Cost: n log n in nodes and linear in edges, without recursion. */
export function rankGraph(graph: TaskGraph): GraphRanks {
  const { nodes, firsts, targets } = graph;
  const waitsFor = edgesInto(graph);
  const ready = new Heap<number>((one, other) => one < other);
  const places = new Int32Array(nodes).fill(-1);
  const order = new Int32Array(nodes);
  for (let node = 0; node < nodes; node++) if (waitsFor[node] === 0) ready.add(node);
  let placed = 0;
  let first = 0;
  while (placed < nodes) {
    let node = ready.take();
    if (node === undefined) {
      while (places[first] !== -1) first++;
      node = first;
    }
    if (places[node] !== -1) continue;
    places[node] = placed;
    order[placed++] = node;
    for (let edge = firsts[node]!; edge < firsts[node + 1]!; edge++) {
      const target = targets[edge]!;
      if (--waitsFor[target]! === 0 && places[target] === -1) ready.add(target);
    }
  }
  return { order, places, levels: levelsOf(graph, order, places) };
}

/** How many edges lead to each node. */
export function edgesInto({ nodes, targets }: TaskGraph): Int32Array {
  const into = new Int32Array(nodes);
  for (const target of targets) into[target]!++;
  return into;
}

/**
 * How long the longest way from the beginning of each node to the end of the graph takes.
 *
 * @param costs by node, of any unit
 */
export function longestWays({ firsts, targets }: TaskGraph, { order, places }: GraphRanks, costs: Float64Array): Float64Array {
  const ways = new Float64Array(order.length);
  for (let place = order.length - 1; place >= 0; place--) {
    const node = order[place]!;
    let rest = 0;
    for (let edge = firsts[node]!; edge < firsts[node + 1]!; edge++) {
      const target = targets[edge]!;
      if (places[target]! > place) rest = Math.max(rest, ways[target]!);
    }
    ways[node] = costs[node]! + rest;
  }
  return ways;
}

function levelsOf({ nodes, firsts, targets, hasCode }: TaskGraph, order: Int32Array, places: Int32Array): Int32Array {
  const levels = new Int32Array(nodes);
  for (const node of order) {
    const below = levels[node]! + hasCode[node]!;
    for (let edge = firsts[node]!; edge < firsts[node + 1]!; edge++) {
      const target = targets[edge]!;
      if (places[target]! > places[node]! && levels[target]! < below) levels[target] = below;
    }
  }
  return levels;
}
