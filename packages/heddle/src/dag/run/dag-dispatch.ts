import type { DispatchOptions, TaskDemand } from "../../engine/dispatch/dispatch-options.ts";
import type { CheckedDag } from "../config/check-dag.ts";

/** What is asked for most nodes that analyze. */
const looks: TaskDemand = { analyze: true };

/** How the nodes of a DAG that are ready are begun. */
export function dagDispatch({ config, intents }: CheckedDag, expectedMs: Readonly<Record<string, number>> = {}): DispatchOptions {
  const { strategy = "work_queue", executor_options: { max_concurrency } = {}, pools, resources } = config;
  const tasks: Record<string, TaskDemand> = {};
  for (let number = 0; number < config.processors.length; number++) {
    const { id, pool, resources: wanted } = config.processors[number]!;
    const analyze = intents[number] === "analyze";
    const expected = Object.hasOwn(expectedMs, id) ? expectedMs[id] : undefined;
    if (!analyze && pool === undefined && wanted === undefined && expected === undefined) continue;
    if (pool === undefined && wanted === undefined && expected === undefined) {
      tasks[id] = looks;
      continue;
    }
    tasks[id] = {
      ...(analyze ? { analyze } : null),
      ...(pool === undefined ? null : { pool }),
      ...(wanted?.cpu === undefined ? null : { cpu: wanted.cpu }),
      ...(wanted?.memory === undefined ? null : { memoryMb: wanted.memory }),
      ...(expected === undefined ? null : { expectedMs: expected }),
    };
  }
  return {
    strategy,
    ...(max_concurrency === undefined ? null : { maxConcurrency: max_concurrency }),
    ...(pools === undefined ? null : { pools }),
    ...(resources === undefined
      ? null
      : {
          resources: {
            ...(resources.cpu === undefined ? null : { cpu: resources.cpu }),
            ...(resources.memory === undefined ? null : { memoryMb: resources.memory }),
          },
        }),
    tasks,
  };
}
