import {
  durationMs,
  validateRetryPolicy,
  type Channel,
  type Edge,
  type Lead,
  type Plan,
  type Policy,
  type Task,
  type Trigger,
} from "@heddle/kernel";
import { END, reachedBy, START, type GraphShape } from "./graph-shape.ts";
import type { NodeDefinition, RouteDefinition } from "./node.ts";

/**
 * How nodes stand in the Plan. A node is a task of its name. One that is sent to is a task that is spawned, so that what comes after it waits for all
 * its items; one that is both sent to and led to has a task for each. Where the items of a node that is sent to choose where to go on, a task after them
 * gathers their choices.
 */
export interface NodeTasks {
  readonly node: NodeDefinition;
  readonly routes: readonly RouteDefinition[];
  /** Started by edges, routes and commands; null: it is only sent to. */
  readonly own: string | null;
  /** Spawned once for each item; null: nothing is sent to it. */
  readonly each: string | null;
  /** Takes the labels that its items chose; null: they choose nothing, or there are none. */
  readonly gather: string | null;
  /** Nothing waits for one of its starts alone: where others of a route's nodes are sent to and it is not, it counts as done. */
  readonly onlyJoined: boolean;
}

export interface CompiledGraph {
  readonly plan: Plan;
  readonly tasks: ReadonlyMap<string, NodeTasks>;
}

/** Code of tasks that only pass on; no node's name has a slash. */
export const joinCode = "heddle/join";
/** Code of the task that gathers what a node's items chose. */
export const gatherCode = "heddle/gather";

/** A valid graph as a Plan. Cost: its nodes and edges. */
export function compileGraph(shape: GraphShape): CompiledGraph {
  const wiring = new Wiring(shape);
  const tasks: Record<string, Task> = {
    [START]: {
      does: { use: START },
      when: [{ id: "start", after: [], join: "all", untaken: "wait" }],
      title: "START",
      ...wiring.leadsFrom(
        START,
        shape.routes.filter(({ from }) => from === START),
        [],
      ),
    },
  };
  for (const nodeTasks of wiring.tasks.values()) {
    const { node, own, each, gather } = nodeTasks;
    const { policy, title } = settings(node);
    const does = { use: node.name };
    const leads = wiring.leadsOf(nodeTasks);
    if (own !== null) tasks[own] = { does, when: wiring.triggersOf(node), ...title, ...policy, ...leads };
    if (each !== null) tasks[each] = { does, when: [], ...title, ...policy, ...(gather === null ? leads : {}) };
    if (gather !== null)
      tasks[gather] = {
        ...leads,
        does: { use: gatherCode },
        when: [{ id: `${gather}.any`, after: [{ from: each as string, on: "drained" }], join: "any", untaken: "wait" }],
      };
  }
  for (const [join, from] of wiring.joins)
    tasks[join] = { does: { use: joinCode }, when: [{ id: `${join}.any`, after: from, join: "any", untaken: "wait" }] };
  const plan: Plan = {
    heddle: 1,
    name: shape.name,
    discipline: "superstep",
    tasks,
    channels: Object.fromEntries(Object.entries(shape.channels).map(([key, channel]): [string, Channel] => [key, channel.plan(key)])),
    output: { channels: shape.output ?? Object.keys(shape.channels).filter((key) => !shape.private.includes(key)) },
    // START is a round of its own.
    limits: { rounds: shape.stepLimit + 1 },
  };
  return { plan, tasks: wiring.tasks };
}

/** Names of labels in the Plan. A node may have several routes, and its commands go where no route of it leads. */
export function labelOf(routes: readonly RouteDefinition[], route: RouteDefinition, label: string): string {
  const index = routes.indexOf(route);
  return index === 0 ? label : `${index + 1}:${label}`;
}
export function gotoLabel(to: string): string {
  return `goto:${to}`;
}

function settings({ name, options }: NodeDefinition): { title: { title?: string }; policy: { policy?: Policy } } {
  const { retry, timeout, totalTimeout } = options;
  const policy: { -readonly [K in keyof Policy]: Policy[K] } = {};
  if (retry !== undefined)
    policy.retry = validateRetryPolicy(typeof retry === "number" ? { attempts: retry } : retry, `the retry of node "${name}"`);
  if (timeout !== undefined) policy.attemptTimeoutMs = durationMs(timeout, `the timeout of node "${name}"`);
  if (totalTimeout !== undefined) policy.timeoutMs = durationMs(totalTimeout, `the totalTimeout of node "${name}"`);
  return {
    title: options.title === undefined ? {} : { title: options.title },
    policy: Object.keys(policy).length === 0 ? {} : { policy },
  };
}

class Wiring {
  readonly tasks = new Map<string, NodeTasks>();
  /** Tasks that stand for a node which ends in two ways, where a join waits for either. */
  readonly joins = new Map<string, Edge[]>();
  readonly #into = new Map<string, { any: Edge[]; all: Edge[][] }>();
  readonly #deferred = new Set<string>();
  readonly #ending = new Set<string>();

  constructor(shape: GraphShape) {
    const { sent, pulled } = reachedBy(shape);
    const routesOf = groupBy(shape.routes, ({ from }) => from);
    const anyOnward = new Set<string>();
    for (const { from, to, waits } of shape.edges) if (!waits && to !== END) for (const each of from) anyOnward.add(each);
    for (const node of shape.nodes) {
      const { name, options } = node;
      if (options.defer === true) this.#deferred.add(name);
      const routes = routesOf.get(name) ?? [];
      const isSent = sent.has(name);
      const isPulled = pulled.has(name) || !isSent;
      const chooses = routes.length > 0 || (options.goto?.length ?? 0) > 0 || (options.sends?.length ?? 0) > 0;
      this.tasks.set(name, {
        node,
        routes,
        own: isPulled ? name : null,
        each: isSent ? (isPulled ? `${name}/each` : name) : null,
        gather: isSent && chooses ? `${name}/gather` : null,
        onlyJoined: !anyOnward.has(name) && !chooses,
      });
    }
    for (const { from, to, waits } of shape.edges) {
      if (to === END) {
        for (const each of from) this.#ending.add(each);
        continue;
      }
      const into = this.#intoOf(to);
      if (waits) into.all.push(from.map((each) => this.#oneEdgeOf(each)));
      else for (const each of from) addEdges(into.any, this.#edgesOf(each));
    }
    for (const route of shape.routes) {
      const routes = routesOf.get(route.from) as RouteDefinition[];
      for (const [label, to] of Object.entries(route.table))
        if (to !== END) addEdges(this.#intoOf(to).any, this.#labelEdgesOf(route.from, labelOf(routes, route, label)));
    }
    for (const { name, options } of shape.nodes)
      for (const to of options.goto ?? []) if (to !== END) addEdges(this.#intoOf(to).any, this.#labelEdgesOf(name, gotoLabel(to)));
  }

  triggersOf({ name }: NodeDefinition): Trigger[] {
    const into = this.#into.get(name);
    if (into === undefined) return [];
    const idle = this.#deferred.has(name) ? ({ idle: true } as const) : null;
    const triggers: Trigger[] = [];
    if (into.any.length > 0) triggers.push({ id: `${name}.any`, after: into.any, join: "any", untaken: "wait", ...idle });
    for (const [index, after] of into.all.entries())
      triggers.push({ id: `${name}.all${index === 0 ? "" : index + 1}`, after, join: "all", untaken: "wait", ...idle });
    return triggers;
  }

  leadsOf({ node, routes }: NodeTasks): { leads?: readonly Lead[] } {
    return this.leadsFrom(node.name, routes, [...(node.options.sends ?? []), ...(node.options.goto ?? []).filter((to) => to === END)]);
  }

  /** What no edge of the plan shows: ends, and what is run once for each item. */
  leadsFrom(name: string, routes: readonly RouteDefinition[], more: readonly string[]): { leads?: readonly Lead[] } {
    const leads: Lead[] = this.#ending.has(name) ? [{ ends: true }] : [];
    for (const { table, sends } of routes) {
      for (const [label, to] of Object.entries(table)) if (to === END) leads.push({ ends: true, label });
      for (const to of sends) leads.push({ sends: this.tasks.get(to)?.each ?? to });
    }
    for (const to of more) leads.push(to === END ? { ends: true } : { sends: this.tasks.get(to)?.each ?? to });
    return leads.length === 0 ? {} : { leads };
  }

  #intoOf(name: string): { any: Edge[]; all: Edge[][] } {
    const into = this.#into.get(name) ?? { any: [], all: [] };
    this.#into.set(name, into);
    return into;
  }

  /** The ways in which a node ends. */
  #edgesOf(name: string): Edge[] {
    const tasks = this.tasks.get(name);
    if (tasks === undefined) return [{ from: name, on: "ok" }];
    const edges: Edge[] = [];
    if (tasks.own !== null) edges.push({ from: tasks.own, on: "ok" });
    if (tasks.gather !== null) edges.push({ from: tasks.gather, on: "ok" });
    else if (tasks.each !== null) edges.push({ from: tasks.each, on: "drained" });
    return edges;
  }

  #oneEdgeOf(name: string): Edge {
    const edges = this.#edgesOf(name);
    if (edges.length === 1) return edges[0] as Edge;
    const join = `${name}/join`;
    this.joins.set(join, edges);
    return { from: join, on: "ok" };
  }

  #labelEdgesOf(name: string, label: string): Edge[] {
    const tasks = this.tasks.get(name);
    if (tasks === undefined) return [{ from: name, on: "ok", label }];
    return [tasks.own, tasks.gather].flatMap((from): Edge[] => (from === null ? [] : [{ from, on: "ok", label }]));
  }
}

function addEdges(edges: Edge[], more: readonly Edge[]): void {
  for (const edge of more)
    if (!edges.some(({ from, on, label }) => from === edge.from && on === edge.on && label === edge.label)) edges.push(edge);
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
