import type { Plan, Task } from "@heddle/kernel";
import { availableParallelism } from "node:os";
import type { DispatchOptions, Strategy } from "./dispatch-options.ts";
import { expectedTimes } from "./expected-times.ts";
import { edgesInto, longestWays, rankGraph } from "./graph-ranks.ts";
import { taskGraph, type TaskGraph } from "./task-graph.ts";
import { taskOrder } from "./task-order.ts";

/** What the dispatchers of all runs of one plan go by. Tables are by task number; tasks that a run's plan was amended with are not in them. */
export interface DispatchRules {
  readonly strategy: Strategy;
  readonly maxConcurrency: number;
  readonly poolPlaces: readonly number[];
  /** In thousandths, as whole numbers: sums of fractions drift. */
  readonly cpu: number;
  readonly memory: number;
  readonly graph: TaskGraph;
  readonly edgesInto: Int32Array;
  /** Where a task stands in line. */
  readonly positions: Int32Array;
  readonly levels: Int32Array;
  /** Index in `poolPlaces`; the first is that of tasks in no pool. */
  readonly pools: Int32Array;
  readonly cpus: Float64Array;
  readonly memories: Float64Array;
}

/** Whether a task could ever wait for others, or be overtaken by one: else each begins when it is ready, and no line is needed. */
export function holdsBack({ strategy, maxConcurrency, pools, resources }: DispatchOptions, tasks: readonly Task[]): boolean {
  const isFree = strategy === "reactive" && maxConcurrency === undefined && pools === undefined && resources === undefined;
  return !isFree || tasks.some(({ policy }) => policy?.priority !== undefined);
}

/**
 * Cost: n log n in tasks, linear in edges.
 *
 * @param options checked
 */
export function dispatchRules(plan: Plan, options: DispatchOptions): DispatchRules {
  const {
    strategy,
    maxConcurrency = strategy === "reactive" ? Number.POSITIVE_INFINITY : availableParallelism(),
    resources,
    tasks = {},
  } = options;
  const graph = taskGraph(plan);
  const ranks = rankGraph(graph);
  const { byNode, told } = expectedTimes(graph, tasks);
  const waysMs = longestWays(graph, ranks, byNode);
  const places = Math.max(1, maxConcurrency);
  const count = graph.ids.length;
  const poolNames = Object.keys(options.pools ?? {});
  const pools = new Int32Array(count);
  const cpus = new Float64Array(count);
  const memories = new Float64Array(count);
  graph.ids.forEach((id, number) => {
    const demand = Object.hasOwn(tasks, id) ? tasks[id] : undefined;
    if (demand === undefined) return;
    if (demand.pool !== undefined) pools[number] = poolNames.indexOf(demand.pool) + 1;
    cpus[number] = thousandths(demand.cpu ?? 0);
    memories[number] = thousandths(demand.memoryMb ?? 0);
  });
  return {
    strategy,
    maxConcurrency: places,
    poolPlaces: [Number.POSITIVE_INFINITY, ...poolNames.map((name) => options.pools?.[name] as number)],
    cpu: thousandths(resources?.cpu ?? Number.POSITIVE_INFINITY),
    memory: thousandths(resources?.memoryMb ?? Number.POSITIVE_INFINITY),
    graph,
    edgesInto: edgesInto(graph),
    positions: taskOrder(plan, options, { graph, ranks, timesMs: byNode, timesTold: told, waysMs, places }),
    levels: ranks.levels,
    pools,
    cpus,
    memories,
  };
}

function thousandths(amount: number): number {
  return Math.round(amount * 1_000);
}
