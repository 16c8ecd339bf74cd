import { nearest } from "../../engine/nearest.ts";
import { countFrom, type DagGraph, graphOf } from "../graph/dag-graph.ts";
import { cyclesOf, type Order, orderOf } from "../graph/order.ts";
import { type Providers, providersOf, runInput } from "../graph/providers.ts";
import type { CustomMerge, Processor } from "../processors/processor.ts";
import type { Predicate } from "../run/condition.ts";
import { checkNode } from "./check-node.ts";
import { ShapeCheck } from "./check-shape.ts";
import type { DagConfig, DagNode, Intent } from "./dag-config.ts";
import { FaultList, shown } from "./dag-fault.ts";
import { dagSchema } from "./dag-schema.ts";
import { intentOf } from "./intent.ts";

/** Code that a DAG names, and what is known of it. */
export interface DagCode {
  readonly processors?: Readonly<Record<string, Processor>>;
  readonly merges?: Readonly<Record<string, CustomMerge>>;
  readonly predicates?: Readonly<Record<string, Predicate>>;
  /** How long nodes are expected to take, in milliseconds, by id: what `critical_path` and `hybrid` go by. Default: all alike. */
  readonly expectedMs?: Readonly<Record<string, number>>;
}

/** A DAG without faults. */
export interface CheckedDag {
  readonly config: DagConfig;
  readonly graph: DagGraph;
  readonly order: Order;
  readonly providers: Providers;
  readonly intents: readonly Intent[];
  /** DAGs that stand in place of a processor, by node. */
  readonly inner: ReadonlyMap<number, CheckedDag>;
}

/** How deep DAGs may stand in one another. */
export const deepestDag = 16;

/** DAGs of other files that nodes name, by node; undefined: they have faults, which are told elsewhere. */
export type LoadedDags = ReadonlyMap<number, CheckedDag | undefined>;

/** Suggestions of near names compare with all of them: after so many the list alone must do. */
const mostSuggestions = 20;

/**
 * Everything that is wrong with a DAG, in one go: its shape, its nodes, then ids and references, then, where those are whole, cycles, then,
 * where there is none, payloads. Takes time in proportion to the DAG and is not stopped by its depth.
 *
 * @returns undefined when there are faults
 */
export function checkDag(
  value: unknown,
  code: DagCode,
  faults: FaultList,
  loaded: LoadedDags = new Map(),
  depth = 0,
): CheckedDag | undefined {
  const found = faults.all.length;
  new ShapeCheck(dagSchema, faults).check(value);
  const written = (value as { readonly processors?: unknown } | null | undefined)?.processors;
  if (!Array.isArray(written)) return undefined;
  const shaped = faults.all.length === found;
  const config = value as DagConfig;
  if (shaped) config.processors.forEach((node, index) => checkNode(node, index, config, code, faults));
  const inner = shaped ? checkInner(config, code, faults, loaded, depth) : new Map<number, CheckedDag>();
  const before = faults.all.length;
  const graph = readGraph(written, faults);
  if (faults.all.length > before) return undefined;
  const order = orderOf(graph);
  if (order.nodes.length < graph.ids.length) {
    reportCycles(graph, order, faults);
    return undefined;
  }
  if (!shaped) return undefined;
  checkUses(config, code, graph, faults);
  const intents = config.processors.map(intentOf);
  const merges = (node: number): boolean => config.processors[node]!.merge !== undefined;
  const provides = (node: number): boolean => intents[node] === "transform" || merges(node);
  const providers = providersOf(graph, order.nodes, provides, merges);
  reportPayloads(config, graph, providers, faults);
  return faults.all.length === 0 ? { config, graph, order, providers, intents, inner } : undefined;
}

/** What a DAG in another one is given: the times are of the nodes of the outer one. */
export function innerCode<Code extends DagCode>(code: Code): Code {
  return { ...code, expectedMs: {} };
}

function checkInner(
  { processors }: DagConfig,
  code: DagCode,
  faults: FaultList,
  loaded: LoadedDags,
  depth: number,
): Map<number, CheckedDag> {
  const inner = new Map<number, CheckedDag>();
  for (let index = 0; index < processors.length; index++) {
    const { id, dag } = processors[index]!;
    if (dag === undefined) continue;
    const path = ["processors", index, "dag"];
    if (typeof dag === "string") {
      if (!loaded.has(index))
        faults.add(
          "value",
          path,
          `Node "${id}" names the DAG ${dag}, and there is no file from which to look for it.`,
          "Load this one by dag.load, or write the other one here.",
        );
      const found = loaded.get(index);
      if (found !== undefined) inner.set(index, found);
      continue;
    }
    if (depth === deepestDag) {
      faults.add("abuse", path, `DAGs stand more than ${deepestDag} deep in one another.`, "Make them flatter.");
      continue;
    }
    const own = new FaultList();
    if (dag.env !== undefined)
      own.add("unknown-key", ["env"], "A DAG in another one has its variables from there.", "Move env to the top.");
    const checked = checkDag(dag, innerCode(code), own, new Map(), depth + 1);
    faults.takeFrom(own, path);
    if (checked !== undefined) inner.set(index, checked);
  }
  return inner;
}

function readGraph(nodes: readonly Partial<DagNode>[], faults: FaultList): DagGraph {
  const numbers = new Map<string, number>();
  const ids: string[] = [];
  for (let index = 0; index < nodes.length; index++) {
    const id: unknown = nodes[index]?.id;
    ids.push(String(id));
    if (typeof id !== "string") continue;
    const first = numbers.get(id);
    if (first === undefined) numbers.set(id, index);
    else
      faults.add(
        "duplicate-id",
        ["processors", index, "id"],
        `Two nodes have the id "${id}": numbers ${first + 1} and ${index + 1}.`,
        "Give one of them another id.",
      );
  }
  let suggestions = 0;
  const first = new Int32Array(nodes.length + 1);
  const targets: number[] = [];
  /** The last node that depends on each; -1: none. */
  const namedBy = new Int32Array(nodes.length).fill(-1);
  for (let index = 0; index < nodes.length; index++) {
    const named: unknown = nodes[index]?.depends_on;
    for (let at = 0; Array.isArray(named) && at < named.length; at++) {
      const id: unknown = named[at];
      if (typeof id !== "string") continue;
      const number = numbers.get(id);
      if (number !== undefined && namedBy[number] !== index) {
        namedBy[number] = index;
        targets.push(number);
        continue;
      }
      const place = ["processors", index, "depends_on", at];
      if (number !== undefined) {
        faults.add("value", place, `Node "${ids[index]}" depends on "${id}" twice.`, "Name it once.");
        continue;
      }
      const near = suggestions++ < mostSuggestions ? nearest(id.slice(0, 64), [...numbers.keys()]) : [];
      const mend = near[0] === undefined ? "Add the node, or take the reference out." : `Did you mean "${near[0]}"?`;
      faults.add("unknown-node", place, `Node "${ids[index]}" depends on "${id}", which is not there.`, mend);
    }
    first[index + 1] = targets.length;
  }
  return graphOf(ids, numbers, { first, targets: Int32Array.from(targets) });
}

function reportCycles(graph: DagGraph, order: Order, faults: FaultList): void {
  for (const nodes of cyclesOf(graph, order)) {
    const [first = 0] = nodes;
    const cycle = [...nodes, first].map((node) => graph.ids[node]!);
    const drawn = cycle.length <= 13 ? cycle : [...cycle.slice(0, 9), `… ${cycle.length - 11} more …`, ...cycle.slice(-2)];
    faults.add(
      "cycle",
      ["processors", first, "depends_on"],
      `These nodes wait for one another: ${drawn.join(" → ")}.`,
      "Take one of the references out.",
      { cycle },
    );
  }
  if (order.nodes.length === 0)
    faults.add("no-entry", ["processors"], "No node can begin: each depends on another one.", "Let one depend on nothing.");
}

/** What only the whole shows: names that nothing has, and what is declared for nobody. */
function checkUses(config: DagConfig, { expectedMs = {} }: DagCode, graph: DagGraph, faults: FaultList): void {
  for (const [id, ms] of Object.entries(expectedMs)) {
    if (!graph.numbers.has(id))
      faults.add("unknown-node", [], `expectedMs names "${id}", which is no node.`, "Correct the name, or take it out.");
    else if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY))
      faults.add("value", [], `expectedMs of node "${id}" is ${shown(ms)}.`, "Make it milliseconds, 0 or more.");
  }
  if (config.output !== undefined && !graph.numbers.has(config.output)) {
    faults.add("unknown-node", ["output"], `The output is "${config.output}", which is no node.`, "Name a node of processors.");
  }
  const most = config.limits?.nodes;
  if (most !== undefined && most < graph.ids.length)
    faults.add(
      "too-many-nodes",
      ["limits", "nodes"],
      `The DAG has ${graph.ids.length} nodes, and its limit is ${most}.`,
      "Raise the limit.",
    );
  const pools = Object.keys(config.pools ?? {});
  const used = pools.length === 0 ? null : new Set(config.processors.map(({ pool }) => pool));
  for (const pool of pools) {
    if (used?.has(pool) !== true) faults.warn("pool-unused", ["pools", pool], `No node runs in the pool "${pool}".`);
  }
  if (config.executor_options?.max_concurrency === 0)
    faults.warn("concurrency-raised", ["executor_options", "max_concurrency"], "A max_concurrency of 0 would run nothing: it counts as 1.");
}

function reportPayloads(config: DagConfig, graph: DagGraph, { of, conflicts }: Providers, faults: FaultList): void {
  const name = (node: number): string => (node === runInput ? "the input" : `"${graph.ids[node]}"`);
  for (const { node, between } of conflicts) {
    const shownNames = between.length <= 5 ? between.map(name) : [...between.slice(0, 4).map(name), `${between.length - 4} more`];
    faults.add(
      "payload-conflict",
      ["processors", node, "depends_on"],
      `Node "${graph.ids[node]}" would get the payloads of ${shownNames.slice(0, -1).join(", ")} and ${shownNames.at(-1)}, and neither comes before the other.`,
      "Name a merge (first, concatenate, json_merge or custom), let one depend on the other, or make one analyze.",
    );
  }
  for (let node = 0; node < config.processors.length; node++) {
    const { merge, id } = config.processors[node]!;
    if (merge === undefined) continue;
    const place = ["processors", node, "merge"];
    const meeting = of[node]!;
    if (meeting.length < 2)
      faults.warn("merge-unused", place, `Node "${id}" has a merge, but one payload only comes to it: ${name(meeting[0]!)}.`);
    else
      faults.warn(
        "diamond",
        place,
        `Payloads meet at "${id}": ${meeting.map(name).join(", ")}. Its merge makes one of them, in this order.`,
      );
  }
}

/** Nodes on which no other depends. */
export function sinksOf({ ids, dependents }: DagGraph): number[] {
  const sinks: number[] = [];
  for (let node = 0; node < ids.length; node++) if (countFrom(dependents, node) === 0) sinks.push(node);
  return sinks;
}
