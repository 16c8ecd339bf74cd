import type { OpOpened } from "@heddle/kernel";
import type { FrameOperations } from "./frame-operations.ts";
import type { Operation } from "./operation.ts";

/**
 * Record that an operation is under way.
 *
 * @param acknowledged called with the record's time when it is durable
 */
export function openOperation(
  operations: FrameOperations,
  operation: Operation,
  parts: Partial<OpOpened>,
  acknowledged: ((atMs: number) => void) | null,
): OpOpened {
  const { frame, run } = operations;
  const event: OpOpened = {
    type: "op-opened",
    of: frame.command.no,
    key: operation.key,
    op: operation.kind as OpOpened["op"],
    ...(operation.inputHash === undefined ? null : { inputHash: operation.inputHash }),
    ...parts,
  };
  operation.opened = event;
  const atMs = run.stampMs();
  operation.openedSeq = run.record({ atMs, ...event }, acknowledged === null ? undefined : () => acknowledged(atMs));
  return event;
}
