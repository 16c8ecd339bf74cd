// Names that only our own packages need.
// Run: what an engine reads of a run's state.
export {
  amendmentsOf,
  channelByNumber,
  channelValues,
  endingOutcome,
  groupInput,
  isEnding,
  isToldToCancel,
  itemsByNumber,
  itemValues,
  lastOutcome,
  nextSignal,
  numberOf,
  openActivations,
  openOperations,
  runPhase,
  segmentOf,
  signalBuffer,
  taskNumber,
  taskValue,
  valueByNumber,
} from "./run/view-run.ts";
export { closesRound, endsOfRound, pendingWrites, type PendingWrite } from "./run/round.ts";
export { GrowingPlan } from "./plan/growing-plan.ts";
export { compileTasks } from "./plan/compile.ts";
export { hashTasks } from "./plan/plan-hash.ts";
export type { Hasher } from "./value/hashed-json.ts";
export { taskList, type TaskList } from "./plan/task-list.ts";
export { planError } from "./plan/validate.ts";
export { writeFault } from "./run/channels.ts";
export { halfFullJoins, type HalfFullJoin } from "./run/half-full-joins.ts";
export type { Phase } from "./run/run-state.ts";
