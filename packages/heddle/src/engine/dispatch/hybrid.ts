import type { Plan } from "@heddle/kernel";
import { availableParallelism } from "node:os";
import { checkDispatch } from "./check-dispatch.ts";
import { expectedTimes } from "./expected-times.ts";
import { longestWays, rankGraph, type GraphRanks } from "./graph-ranks.ts";
import { median } from "./median.ts";
import { taskGraph, type TaskGraph } from "./task-graph.ts";
import type { DispatchOptions, Strategy } from "./dispatch-options.ts";

/** A part of a graph with the strategy that `hybrid` takes for it. */
export interface HybridRegion {
  /** Task ids, in an order in which they could be done. */
  readonly tasks: readonly string[];
  readonly strategy: Exclude<Strategy, "hybrid">;
  /** What was seen, and what follows from it: a sentence for people. */
  readonly reason: string;
}

/** What `hybrid` looks at besides the graph. */
export interface GraphMeasures {
  readonly graph: TaskGraph;
  readonly ranks: GraphRanks;
  /** By node, in milliseconds. */
  readonly timesMs: Float64Array;
  /** Whether any of these times was told. */
  readonly timesTold: boolean;
  /** By node: the longest way from its beginning to the end. */
  readonly waysMs: Float64Array;
  readonly places: number;
}

interface Part {
  readonly kind: "chains" | "chain" | "stage" | "whole";
  /** Numbers, in order. */
  readonly tasks: number[];
  /** How many separate chains, or by what levels, from 1. */
  readonly span: string;
}

/** More stages than this help nobody: the part of the graph is taken whole. */
const mostStages = 12;
/** From this ratio of standard deviation to mean on, times count as different. */
const littleVaries = 0.1;

/**
 * How `hybrid` sees a plan: the regions in the order in which they go, those with the longest way to the end first. All that are taken by `critical_path` go
 * together, at the place of the first of them.
 *
 * @throws HeddleError as `planned` does for the options
 */
export function explainHybrid(plan: Plan, options: Omit<DispatchOptions, "strategy"> = {}): readonly HybridRegion[] {
  checkDispatch(plan, { ...options, strategy: "hybrid" });
  const graph = taskGraph(plan);
  const ranks = rankGraph(graph);
  const { byNode, told } = expectedTimes(graph, options.tasks);
  const waysMs = longestWays(graph, ranks, byNode);
  const places = Math.max(1, options.maxConcurrency ?? availableParallelism());
  return hybridRegions({ graph, ranks, timesMs: byNode, timesTold: told, waysMs, places }).map(({ tasks, strategy, reason }) => ({
    tasks: tasks.map((task) => graph.ids[task] as string),
    strategy,
    reason,
  }));
}

/** As `explainHybrid`, by numbers. */
export function hybridRegions(
  measures: GraphMeasures,
): readonly { readonly tasks: readonly number[]; readonly strategy: HybridRegion["strategy"]; readonly reason: string }[] {
  const { waysMs, ranks } = measures;
  const regions = partsOf(measures).map((part) => ({
    ...choose(part, measures),
    tasks: part.tasks,
    way: part.tasks.reduce((longest, task) => Math.max(longest, waysMs[task]!), 0),
    place: ranks.places[part.tasks[0]!]!,
  }));
  return regions.sort((one, other) => other.way - one.way || one.place - other.place);
}

function choose(
  part: Part,
  { graph, ranks, timesMs, timesTold, waysMs, places }: GraphMeasures,
): { strategy: HybridRegion["strategy"]; reason: string } {
  const { tasks } = part;
  const levels = Map.groupBy(tasks, (task) => ranks.levels[task]!);
  const widest = part.kind === "chains" ? Number(part.span) : Math.max(...[...levels.values()].map(({ length }) => length));
  const times = tasks.map((task) => timesMs[task]!);
  const who = describe(part, tasks.length, graph);
  if (widest === 1) return { strategy: "reactive", reason: `${who}: one after the other, so there is nothing to choose.` };
  if (widest <= places) {
    return {
      strategy: "reactive",
      reason: `${who}: at its widest ${widest} side by side, and there is room for ${places}: each begins as soon as it is ready.`,
    };
  }
  const wide = `${who}: at its widest ${widest} side by side, and there is room for ${places}`;
  if (timesTold && variation(times) > littleVaries) {
    const ratio = Math.max(...times) / Math.max(median(times), Number.MIN_VALUE);
    return {
      strategy: "critical_path",
      reason: `${wide}; the expected times differ (the longest is ${ratio.toFixed(1)} times the median): the longest way to the end goes first.`,
    };
  }
  const uneven = [...levels.values()].some((level) => variation(level.map((task) => waysMs[task]!)) > littleVaries);
  if (uneven) {
    return {
      strategy: "critical_path",
      reason: `${wide}; what comes after them is of different length: the longest way to the end goes first.`,
    };
  }
  return {
    strategy: "work_queue",
    reason: `${wide}; they are alike in time and in what comes after them: deeper ones go first, so that little is left half done.`,
  };
}

function describe({ kind, span }: Part, count: number, { ids }: TaskGraph): string {
  const all = count === ids.length ? "All " : "";
  const tasks = `${all}${count} ${count === 1 ? "task" : "tasks"}`;
  if (kind === "chains") return Number(span) === count ? `${tasks} without connection` : `${tasks} in ${span} chains`;
  if (kind === "chain") return count === 1 && span !== "" ? `1 task of level ${span}` : `${tasks} in a chain`;
  if (kind === "whole") return `${tasks} that hang together`;
  return `${tasks} of ${span.includes(" ") ? "levels" : "level"} ${span}`;
}

/** Standard deviation by mean. */
function variation(numbers: readonly number[]): number {
  const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  if (mean === 0) return 0;
  const squares = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / numbers.length) / mean;
}

/** The chains that hang together with nothing else are one part; what else hangs together is cut where all goes through one task. */
function partsOf({ graph, ranks }: GraphMeasures): Part[] {
  const parts: Part[] = [];
  const chains: number[][] = [];
  for (const tasks of componentsOf(graph, ranks)) {
    const sizes = new Map<number, number>();
    for (const task of tasks) sizes.set(ranks.levels[task]!, (sizes.get(ranks.levels[task]!) ?? 0) + 1);
    if (sizes.size === tasks.length) chains.push(tasks);
    else parts.push(...stagesOf(tasks, sizes, graph, ranks));
  }
  if (chains.length === 1) parts.push({ kind: "chain", tasks: chains[0] as number[], span: "" });
  else if (chains.length > 1) {
    const tasks = chains.flat().sort((one, other) => ranks.places[one]! - ranks.places[other]!);
    parts.push({ kind: "chains", tasks, span: String(chains.length) });
  }
  return parts;
}

/** Tasks by what they hang together with, in topological order. */
function componentsOf({ ids, nodes, firsts, targets, hasCode }: TaskGraph, { order }: GraphRanks): number[][] {
  const roots = Int32Array.from({ length: nodes }, (_, node) => node);
  const rootOf = (node: number): number => {
    let root = node;
    while (roots[root] !== root) {
      roots[root] = roots[roots[root]!]!;
      root = roots[root]!;
    }
    return root;
  };
  for (let node = 0; node < nodes; node++) {
    for (let edge = firsts[node]!; edge < firsts[node + 1]!; edge++) roots[rootOf(node)] = rootOf(targets[edge]!);
  }
  const components = new Map<number, number[]>();
  for (const node of order) {
    if (node >= ids.length || hasCode[node] === 0) continue;
    const root = rootOf(node);
    const tasks = components.get(root);
    if (tasks === undefined) components.set(root, [node]);
    else tasks.push(node);
  }
  return [...components.values()];
}

/** Cut where a level has one task and no edge jumps over it. */
function stagesOf(tasks: readonly number[], sizes: ReadonlyMap<number, number>, graph: TaskGraph, ranks: GraphRanks): Part[] {
  const { levels } = ranks;
  const depth = Math.max(...sizes.keys()) + 1;
  const jumps = new Int32Array(depth + 1);
  for (const task of tasks) {
    for (let edge = graph.firsts[task]!; edge < graph.firsts[task + 1]!; edge++) {
      const to = levels[graph.targets[edge]!]!;
      if (to <= levels[task]! + 1) continue;
      jumps[levels[task]! + 1]!++;
      jumps[Math.min(to, depth)]!--;
    }
  }
  const stages: { narrow: boolean; from: number; to: number; tasks: number[] }[] = [];
  const stageOf: typeof stages = [];
  let above = 0;
  for (let level = 0; level < depth; level++) {
    above += jumps[level]!;
    const narrow = sizes.get(level) === 1 && above === 0;
    const last = stages.at(-1);
    if (last?.narrow === narrow) last.to = level;
    else stages.push({ narrow, from: level, to: level, tasks: [] });
    stageOf.push(stages.at(-1) as (typeof stages)[number]);
  }
  if (stages.length === 1 || stages.length > mostStages) return [{ kind: "whole", tasks: [...tasks], span: "" }];
  for (const task of tasks) stageOf[levels[task]!]?.tasks.push(task);
  return stages.map(({ narrow, from, to, tasks: members }) => ({
    kind: narrow ? "chain" : "stage",
    tasks: members,
    span: from === to ? String(from + 1) : `${from + 1} to ${to + 1}`,
  }));
}
