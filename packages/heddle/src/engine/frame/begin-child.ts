import type { FrameOperations } from "./frame-operations.ts";
import { openOperation } from "./open-operation.ts";
import type { Operation } from "./operation.ts";

/** Create a child run in the commit that records it. A call then waits for its end; a start is over once it is there. */
export function beginChild(operations: FrameOperations, operation: Operation): void {
  if (operation.opened !== null) {
    operations.wait(operation);
    return;
  }
  const { child } = operation;
  if (child === null) return;
  const { frame, run } = operations;
  operations.wait(operation);
  run.addChild(frame, operation.key, child);
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
