import type { Intent } from "../config/dag-config.ts";
import { arrowsFrom, type DagGraph } from "./dag-graph.ts";
import type { Order } from "./order.ts";

/** What can be said of a DAG before it runs. */
export interface DagAnalysis {
  readonly nodes: number;
  /** Nodes by level: those of one have all that they depend on in the levels before, and one of it in the last. */
  readonly levels: readonly (readonly string[])[];
  /** Most nodes in a level. */
  readonly width: number;
  /** The longest chain of nodes, each depending on the one before; of several the one whose nodes are written first. */
  readonly criticalPath: readonly string[];
  /** Where each node's payload comes from: the ids of nodes, one but for merges, or none for the run's input. */
  readonly payloads: Readonly<Record<string, readonly string[]>>;
  readonly intents: Readonly<Record<string, Intent>>;
}

export function levelsOf({ ids }: DagGraph, { nodes, levels }: Order): string[][] {
  const found: number[][] = [];
  for (const node of nodes) (found[levels[node]!] ??= []).push(node);
  return found.map((level) => level.sort((a, b) => a - b).map((node) => ids[node]!));
}

export function criticalPathOf({ ids, dependencies }: DagGraph, { nodes, levels }: Order): string[] {
  let last = -1;
  for (const node of nodes) {
    if (last === -1 || levels[node]! > levels[last]! || (levels[node] === levels[last] && node < last)) last = node;
  }
  const way: string[] = [];
  while (last !== -1) {
    way.push(ids[last]!);
    let before = -1;
    for (const each of arrowsFrom(dependencies, last)) {
      if (levels[each] === levels[last]! - 1 && (before === -1 || each < before)) before = each;
    }
    last = before;
  }
  return way.toReversed();
}
