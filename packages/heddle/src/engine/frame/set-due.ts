import type { FrameOperations } from "./frame-operations.ts";
import type { Operation } from "./operation.ts";

type Then = (operations: FrameOperations, operation: Operation) => void;

/** Go on with an operation at a time, epoch milliseconds, unless it has ended by then. */
export function setDue(operations: FrameOperations, operation: Operation, dueAtMs: number, then: Then): void {
  operation.due = operations.run.host.due.add(dueAtMs, () => dueNow(operations, operation, then));
}

function dueNow(operations: FrameOperations, operation: Operation, then: Then): void {
  if (operation.ended || operations.frame.ended) return;
  if (operations.run.releasing) {
    // The run is on its way to being parked: the wake-up is in the store and comes again from there.
    operation.due = { dueAtMs: operation.due?.dueAtMs ?? 0, fire: () => dueNow(operations, operation, then) };
    return;
  }
  then(operations, operation);
}
