import type { Workload } from "../workload.ts";
import { durableRuns } from "./durable-runs.ts";
import { eventStream } from "./event-stream.ts";
import { fanAndMap } from "./fan-and-map.ts";
import { frontEnds } from "./front-ends.ts";
import { oneLongRun } from "./one-long-run.ts";
import { parkedRuns } from "./parked-runs.ts";
import { postgresNodes } from "./postgres-nodes.ts";
import { postgresRuns } from "./postgres-runs.ts";
import { processStart } from "./process-start.ts";
import { sequenceAndLoop } from "./sequence-and-loop.ts";
import { taskGraph } from "./task-graph.ts";

export const workloads: readonly Workload[] = [
  sequenceAndLoop,
  fanAndMap,
  taskGraph,
  durableRuns,
  oneLongRun,
  parkedRuns,
  processStart,
  eventStream,
  postgresRuns,
  postgresNodes,
  frontEnds,
];
