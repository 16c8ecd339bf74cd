import { encodeError, HeddleError, mayRetry, type OpOpened, type RetryPolicy } from "@heddle/kernel";
import type { StartLine } from "../run/start-line.ts";
import { isAbort } from "./cancellation.ts";
import type { FrameOperations } from "./frame-operations.ts";
import { monotonicOf } from "./monotonic-of.ts";
import { openOperation } from "./open-operation.ts";
import type { Operation } from "./operation.ts";
import { deathsToBlame, poisoned } from "./poisoned.ts";
import { setDue } from "./set-due.ts";
import type { StepPlan } from "./step-plan.ts";
import { StepRun } from "./step-run.ts";

type Why = NonNullable<OpOpened["why"]>;

// Where nothing is recorded before an attempt, which is the most frequent case by far, no closure is made.

/** Begin a step's first attempt in this process, when and how what is recorded of it allows. */
export function beginStep(operations: FrameOperations, operation: Operation): void {
  const { frame, run } = operations;
  const plan = operation.step as StepPlan;
  operation.begunAtMs = run.stampMs();
  const retried = frame.replay?.retryOf(operation.key);
  if (plan.retry !== null || plan.totalTimeoutMs !== undefined) operation.begunMonotonicMs = monotonicOf(run, retried?.begunAtMs);
  if (retried !== undefined) operation.attempt = retried.attempt;
  if (operation.opened !== null && isOver(operations, operation)) return;
  if (retried !== undefined && retried.dueAtMs > run.stampMs()) {
    awaitRetry(operations, operation, retried.dueAtMs);
    return;
  }
  if (run.line !== null) beginInLine(operations, operation, run.line, plan.once ? "at-most-once" : "suspect");
  else if (plan.once) beginRecorded(operations, operation, "at-most-once");
  else attempt(operations, operation);
}

/** An attempt failed: try again later, or end it. */
export function attemptFailed(
  operations: FrameOperations,
  operation: Operation,
  error: unknown,
  status: "failed" | "timed-out",
  after: "retry" | "final",
): void {
  const { frame, run } = operations;
  if (operation.ended || frame.ended) return;
  const { host } = run;
  const value = host.secrets.redact(encodeError(error));
  const policy = operation.step?.retry;
  const nowMs = run.stampMs();
  if (after === "retry" && policy && (!frame.cancelled || operation.kind === "undo")) {
    const total = operation.step?.totalTimeoutMs;
    const limited: RetryPolicy = total === undefined ? policy : { ...policy, totalMs: Math.min(total, policy.totalMs ?? total) };
    const takenMs = host.clock.monotonicMs() - operation.begunMonotonicMs;
    const decision = mayRetry(limited, operation.attempt, value, takenMs, host.random.next());
    if (decision.retry) {
      const dueAtMs = nowMs + decision.delayMs;
      operation.attempt++;
      const taken = limited.totalMs === undefined ? null : { takenMs: Math.round(takenMs) };
      run.record({ type: "op-retried", atMs: nowMs, of: frame.command.no, key: operation.key, error: value, dueAtMs, ...taken }, () =>
        awaitRetry(operations, operation, dueAtMs),
      );
      return;
    }
  }
  if (frame.cancelled && status === "failed" && isAbort(error)) operations.conclude(operation, { status: "cancelled", error: value });
  else operations.conclude(operation, { status, error: value });
}

/** The time of a further attempt has come. */
export function stepDue(operations: FrameOperations, operation: Operation): void {
  operations.unwait(operation);
  operation.due = null;
  const { line } = operations.run;
  if (line === null) attempt(operations, operation);
  else line.join(() => attempt(operations, operation));
}

/** It was recorded as begun, its process died, and it may not be begun again: that is its end. */
function isOver(operations: FrameOperations, operation: Operation): boolean {
  const { run } = operations;
  const why = operation.opened?.why;
  if (why === "at-most-once") {
    const error = new HeddleError(
      "STEP_OUTCOME_UNKNOWN",
      `Step "${operation.key}" of run ${run.runId} was under way when its process died, and it may run at most once: look at the other side whether it happened.`,
    );
    operations.conclude(operation, { status: "unknown", error: encodeError(error) });
    return true;
  }
  if (why === "suspect" && run.poisonous && operation.deathsAlone >= deathsToBlame) {
    const error = poisoned(`Step "${operation.key}"`, run.runId);
    operations.conclude(operation, { status: "failed", error: { ...encodeError(error), final: true } });
    return true;
  }
  return false;
}

/** After crashes: it is the only one under way. */
function beginInLine(operations: FrameOperations, operation: Operation, line: StartLine, why: Why): void {
  line.join(() => {
    // Not recorded as begun when it will not be: the next process would take it for what killed this one.
    if (operations.run.holding) attempt(operations, operation);
    else beginRecorded(operations, operation, why);
  });
}

function beginRecorded(operations: FrameOperations, operation: Operation, why: Why): void {
  openOperation(operations, operation, { why }, () => attempt(operations, operation));
}

function attempt(operations: FrameOperations, operation: Operation): void {
  const { frame, run } = operations;
  if (operation.ended || frame.ended) {
    run.line?.next();
    return;
  }
  if (run.holding) {
    // Nothing new begins: the run is given up as soon as the rest has ended, and does this later.
    operations.wait(operation);
    run.line?.next();
    return;
  }
  if (!run.host.leaseHolds()) {
    attemptUnderLease(operations, operation);
    return;
  }
  operations.started(operation);
  new StepRun(operations, operation, operation.step as StepPlan).begin();
}

function attemptUnderLease(operations: FrameOperations, operation: Operation): void {
  const { run } = operations;
  // It is about to act: a run that also waits for something is not parked meanwhile.
  run.stepStarted();
  run.host.afterLeaseCheck(() => {
    run.stepStopped();
    attempt(operations, operation);
  });
}

function awaitRetry(operations: FrameOperations, operation: Operation, dueAtMs: number): void {
  if (operation.ended || operations.frame.ended) return;
  operations.wait(operation);
  setDue(operations, operation, dueAtMs, stepDue);
}
