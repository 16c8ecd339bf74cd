// Plan: what a run may do, as data.
export type {
  Channel,
  ControlTrigger,
  DataTrigger,
  Edge,
  Failure,
  Group,
  Id,
  Lead,
  KeyedWrite,
  Limits,
  Plan,
  Policy,
  Ref,
  Schedule,
  Slot,
  SubPlan,
  Task,
  TimeTrigger,
  Trigger,
} from "./plan/plan.ts";
export { planHash } from "./plan/plan-hash.ts";
export { planDifference } from "./plan/difference.ts";
export { planSchema } from "./plan/plan-schema.ts";
export { checkPlan, validatePlan } from "./plan/validate.ts";
export type { PlanFault, PlanFaultCode } from "./plan/plan-fault.ts";
export { compilePlan } from "./plan/compile.ts";
export type { CompiledPlan } from "./plan/compiled-plan.ts";
// Run: events in, commands out.
export { advance } from "./run/advance.ts";
export { outstanding } from "./run/outstanding.ts";
export { createRun, type RunState } from "./run/run-state.ts";
export { restoreRun, snapshotRun } from "./run/snapshot.ts";
export type { OpEnded, OpKind, OpOpened, Published, RunEvent, RunFact, RunStarted, TaskEnded } from "./run/event.ts";
export type { Activation, CancelTask, CancelTimer, Command, DecideGroup, EndRun, SetTimer, StartTask } from "./run/command.ts";
export type { ErrorValue, Outcome, RunOutcome } from "./run/outcome.ts";
export type { Frame, Scope } from "./run/scope.ts";
export type { Match, Verb } from "./run/verb.ts";
// Values.
export type { Json } from "./value/json.ts";
export { encodeValue, type EncodeValueOptions } from "./value/encode-value.ts";
export { decodeValue } from "./value/decode-value.ts";
export { encodeError } from "./value/encode-error.ts";
export { decodeError } from "./value/decode-error.ts";
export { jsonBytes } from "./value/json-bytes.ts";
export { canonicalJson } from "./value/canonical-json.ts";
export { contentHash } from "./value/content-hash.ts";
export { sha256Hex } from "./value/sha256.ts";
// Retry and time: arithmetic only.
export type { RetryPolicy } from "./retry/retry-policy.ts";
export { mayRetry, retryDefaults, retryDelayMs, type RetryDecision } from "./retry/retry-delay.ts";
export { retryPolicyFaults, validateRetryPolicy, type RetryPolicyFault } from "./retry/validate-retry-policy.ts";
export { durationMs } from "./time/duration.ts";
export { nextDueMs } from "./time/schedule.ts";
// Placement: where a run may run.
export type { Amount, Capabilities, Placement } from "./placement/placement.ts";
export { defaultQueue } from "./placement/placement.ts";
export { checkCapabilities, checkQueue, checkTenant, placementText, readPlacement } from "./placement/check-placement.ts";
export { nameMark, nameOfNode } from "./placement/node-name.ts";
export { whyNot } from "./placement/why-not.ts";
export { claimTerms, type ClaimTerms, type NodeOffer, preferenceMs } from "./placement/claim-terms.ts";
export { ageingMs, claimRankMs, clockStepMs, priorities } from "./placement/claim-order.ts";
export { type NodeStatus, nodeStatus } from "./placement/node-status.ts";
// Ports: what an adapter must supply.
export type { Clock } from "./ports/clock.ts";
export type { Random } from "./ports/random.ts";
export type {
  ClaimOptions,
  CommitBatch,
  CommitVerdict,
  CreateVerdict,
  ImportVerdict,
  LateText,
  ListOptions,
  MessageVerdict,
  NewMessage,
  NewRun,
  NodeRow,
  PartVerdict,
  RunId,
  RunPart,
  RunRow,
  RunStatus,
  RunStore,
  RunTail,
  Statement,
  StoredEvent,
  StoredMessage,
  StoreFeatures,
  StoreHint,
  StoreMove,
  WakeOptions,
  WholeRun,
} from "./ports/run-store.ts";
// Errors.
export { errorTable, type ErrorCode } from "./errors/error-table.ts";
export { hasCode, HeddleError } from "./errors/heddle-error.ts";
