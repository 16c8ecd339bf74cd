import type { ErrorValue } from "@heddle/kernel";
import type { FrameOperations } from "./frame-operations.ts";
import { openOperation } from "./open-operation.ts";
import type { Operation } from "./operation.ts";
import { setDue } from "./set-due.ts";

/** Begin to wait for a time, a signal or an answer. */
export function beginWait(operations: FrameOperations, operation: Operation): void {
  const { run } = operations;
  // What was asked under another id, by an older version, is answered by that.
  if (operation.opened?.signal !== undefined) operation.signal = operation.opened.signal;
  // Also for a wait that is recorded: after accepted changes the code may come to it later than its signal came.
  if (operation.signal !== undefined) {
    const kept = run.takeSignal(operation.signal);
    if (kept !== null) {
      operations.conclude(operation, { status: "completed", ...(kept.value === undefined ? null : { value: kept.value }) }, kept.id);
      return;
    }
  }
  operations.wait(operation);
  let dueAtMs: number | undefined;
  if (operation.opened !== null) ({ dueAtMs } = operation.opened);
  else {
    dueAtMs = operation.dueAtMs ?? (operation.delayMs === undefined ? undefined : run.stampMs() + operation.delayMs);
    openOperation(
      operations,
      operation,
      {
        ...(dueAtMs === undefined ? null : { dueAtMs }),
        ...(operation.signal === undefined ? null : { signal: operation.signal }),
        ...(operation.question === undefined ? null : { question: operation.question }),
      },
      null,
    );
  }
  if (dueAtMs !== undefined) setDue(operations, operation, dueAtMs, waitDue);
}

/** The time of a wait has come: a sleep is over, and what was waited for did not come. */
export function waitDue(operations: FrameOperations, operation: Operation): void {
  if (operation.kind === "sleep") {
    operations.conclude(operation, { status: "completed" });
    return;
  }
  const error: ErrorValue = { name: "HeddleError", code: "STEP_TIMED_OUT", message: `"${operation.key}" had no answer in time.` };
  operations.conclude(operation, { status: "timed-out", error });
}
