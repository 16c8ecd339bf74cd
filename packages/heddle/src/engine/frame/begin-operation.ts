import { encodeError, type Json } from "@heddle/kernel";
import { beginChild } from "./begin-child.ts";
import { beginStep, stepDue } from "./begin-step.ts";
import { beginWait, waitDue } from "./begin-wait.ts";
import { cancelError } from "./cancellation.ts";
import type { FrameOperations } from "./frame-operations.ts";
import type { Operation } from "./operation.ts";
import { setDue } from "./set-due.ts";

/** Start an operation for real, from what is recorded of it. */
export function beginOperation(operations: FrameOperations, operation: Operation): void {
  const { frame, run } = operations;
  if (run.ghost) return;
  frame.replay?.findOpening(operation);
  if (frame.cancelled && operation.kind !== "undo") {
    operations.conclude(operation, { status: "cancelled", error: encodeError(cancelError(run)) });
    return;
  }
  switch (operation.kind) {
    case "step":
    case "undo":
      beginStep(operations, operation);
      break;
    case "sleep":
    case "receive":
    case "ask":
      beginWait(operations, operation);
      break;
    case "call":
    case "start":
      beginChild(operations, operation);
      break;
    case "emit":
      emit(operations, operation);
      break;
    case "transaction":
      run.transact(operations, operation);
      break;
    case "update":
      break;
    default:
      operation.kind satisfies never;
  }
}

/** Set the timer of a wait anew: the run was parked and is ours again. */
export function rearmOperation(operations: FrameOperations, operation: Operation): void {
  if (operation.ended || operation.due === null) return;
  setDue(operations, operation, operation.due.dueAtMs, operation.step === null ? waitDue : stepDue);
}

function emit(operations: FrameOperations, operation: Operation): void {
  const { run } = operations;
  const { name, value } = operation.emit as { name: string; value: Json | undefined };
  const atMs = run.stampMs();
  operation.ended = true;
  run.record(
    { type: "emitted", atMs, of: operations.frame.command.no, key: operation.key, name, ...(value === undefined ? null : { value }) },
    () => run.deliver(() => operations.give(operation, { status: "completed" }, atMs)),
  );
}
