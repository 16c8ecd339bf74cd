import { encodeError, type NewRun } from "@heddle/kernel";
import { cancelError } from "./cancellation.ts";
import type { FrameOperations } from "./frame-operations.ts";
import { openOperation } from "./open-operation.ts";
import type { ChildPlan, Operation } from "./operation.ts";

/** Create a child run in the commit that records it. A call then waits for its end; a start is over once it is there. */
export function beginChild(operations: FrameOperations, operation: Operation): void {
  if (operation.opened !== null) {
    operations.wait(operation);
    return;
  }
  const { child } = operation;
  if (child === null) return;
  const { frame, run } = operations;
  const made = run.newChild(frame, operation.key, child);
  const check = run.host.whyImpossible(made.row);
  if (check === null) {
    create(operations, operation, child, made);
    return;
  }
  // It acts while the store is asked, so that the run is not parked meanwhile.
  operations.started(operation);
  void check.then((error) => {
    if (!operation.acting) return;
    operations.stopped(operation);
    if (operation.ended || frame.ended || run.gone) return;
    if (frame.cancelled) operations.conclude(operation, { status: "cancelled", error: encodeError(cancelError(run)) });
    else if (error === null) create(operations, operation, child, made);
    else operations.conclude(operation, { status: "failed", error: encodeError(error) });
  });
}

function create(operations: FrameOperations, operation: Operation, child: ChildPlan, made: NewRun): void {
  const { frame, run } = operations;
  operations.wait(operation);
  run.addChild(made);
  const event = openOperation(
    operations,
    operation,
    { child: { runId: child.runId, workflow: child.workflow, close: child.close } },
    operation.kind === "start"
      ? (atMs) => run.deliver(() => operations.give(operation, { status: "completed", value: child.runId }, atMs))
      : null,
  );
  frame.noteChild(event);
}
