import type { Plan } from "@heddle/kernel";
import type { DispatchOptions } from "./dispatch-options.ts";
import { hybridRegions, type GraphMeasures } from "./hybrid.ts";

/** Negative: the first of two tasks, by number, goes first; 0: the one that was ready first does. */
type Compare = (one: number, other: number) => number;

/** Where each task stands in line, by its number: a lower one goes first, of equal ones that which was ready first. */
export function taskOrder(plan: Plan, options: DispatchOptions, measures: GraphMeasures): Int32Array {
  const { ids } = measures.graph;
  const priorities = Float64Array.from(ids, (id) => plan.tasks[id]?.policy?.priority ?? 0);
  const { levels } = measures.ranks;
  const byStrategy = compareBy(options, measures);
  const compare: Compare = (one, other) => priorities[other]! - priorities[one]! || byStrategy(one, other);
  // No priority lifts a task over the barrier.
  if (options.strategy === "level") return positions(ids.length, (one, other) => levels[one]! - levels[other]! || compare(one, other));
  return positions(ids.length, compare);
}

function compareBy(options: DispatchOptions, measures: GraphMeasures): Compare {
  const { strategy } = options;
  switch (strategy) {
    case "work_queue":
    case "critical_path":
    case "reactive":
    case "level":
      return within(strategy, options, measures);
    case "hybrid": {
      const regions = hybridRegions(measures);
      const regionOf = new Int32Array(measures.graph.nodes);
      // Ways to the end can be compared across regions: those that go by them go together.
      const byWay = regions.findIndex(({ strategy: chosen }) => chosen === "critical_path");
      regions.forEach(({ tasks, strategy: chosen }, region) => {
        for (const task of tasks) regionOf[task] = chosen === "critical_path" ? byWay : region;
      });
      const orders = regions.map((region) => within(region.strategy, options, measures));
      return (one, other) => regionOf[one]! - regionOf[other]! || (orders[regionOf[one]!] as Compare)(one, other);
    }
    default:
      return strategy satisfies never;
  }
}

function within(
  strategy: Exclude<DispatchOptions["strategy"], "hybrid">,
  { tasks = {} }: DispatchOptions,
  measures: GraphMeasures,
): Compare {
  const { waysMs, ranks, graph } = measures;
  const { ids } = graph;
  const analyzes = Uint8Array.from(ids, (id) => (Object.hasOwn(tasks, id) && tasks[id]?.analyze === true ? 1 : 0));
  const last: Compare = (one, other) => analyzes[one]! - analyzes[other]! || ((ids[one] as string) < (ids[other] as string) ? -1 : 1);
  switch (strategy) {
    case "work_queue":
      return (one, other) => ranks.levels[other]! - ranks.levels[one]! || last(one, other);
    case "critical_path":
      return (one, other) => waysMs[other]! - waysMs[one]! || last(one, other);
    // Within a level, too, it is first come, first served.
    case "level":
    case "reactive":
      return () => 0;
    default:
      return strategy satisfies never;
  }
}

function positions(count: number, compare: Compare): Int32Array {
  const sorted = Array.from({ length: count }, (_, task) => task).sort((one, other) => compare(one, other) || one - other);
  const found = new Int32Array(count);
  let position = 0;
  for (let index = 0; index < count; index++) {
    if (index > 0 && compare(sorted[index - 1] as number, sorted[index] as number) !== 0) position = index;
    found[sorted[index] as number] = position;
  }
  return found;
}
