import type { StateChannel } from "./channel.ts";
import type { EdgeDefinition, NodeDefinition, RouteDefinition } from "./node.ts";

/** Where a graph begins: what it is started with is written to its state here. */
export const START = "__start__";
/** Where a branch of a graph ends. */
export const END = "__end__";

/** A graph as it was built, before anything of it was checked. */
export interface GraphShape {
  readonly name: string;
  readonly channels: Readonly<Record<string, StateChannel>>;
  readonly nodes: readonly NodeDefinition[];
  readonly edges: readonly EdgeDefinition[];
  readonly routes: readonly RouteDefinition[];
  readonly input: readonly string[] | undefined;
  readonly output: readonly string[] | undefined;
  readonly private: readonly string[];
  readonly stepLimit: number;
  readonly interruptBefore: readonly string[];
  readonly interruptAfter: readonly string[];
}

/** What one node leads to, gathered once for all who ask. */
export interface Wiring {
  readonly plainTo: string[];
  readonly routes: RouteDefinition[];
}

/** Which nodes are sent to, and which are started by an edge, a route or a command. A node may be both. */
export interface Reached {
  readonly sent: ReadonlySet<string>;
  readonly pulled: ReadonlySet<string>;
}

export function reachedBy({ nodes, edges, routes }: GraphShape): Reached {
  const sent = new Set<string>();
  const pulled = new Set<string>();
  for (const { to } of edges) pulled.add(to);
  for (const route of routes) {
    for (const to of Object.values(route.table)) pulled.add(to);
    for (const to of route.sends) sent.add(to);
  }
  for (const { options } of nodes) {
    for (const to of options.goto ?? []) pulled.add(to);
    for (const to of options.sends ?? []) sent.add(to);
  }
  return { sent, pulled };
}
