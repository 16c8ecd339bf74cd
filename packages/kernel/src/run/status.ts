import type { Outcome } from "./outcome.ts";

/** Outcome statuses as small integers: bits in an edge's `on`, and the low bits of a task's cell. */
export const statusNone = 0;
export const statusCompleted = 1;
export const statusFailed = 2;
export const statusTimedOut = 3;
export const statusCancelled = 4;
export const statusUnknown = 5;
export const statusSkipped = 6;
export const statusBlocked = 7;

/** Bits of the statuses that count as a failure. */
export const failureBits: number = (1 << statusFailed) | (1 << statusTimedOut) | (1 << statusUnknown);
/** Bits of the statuses whose untaken tokens are tainted. */
export const taintBits: number = failureBits | (1 << statusCancelled) | (1 << statusBlocked);

/** Bits of the statuses that take an edge, by its `on`. */
export const takenBy: Readonly<Record<"ok" | "failed" | "skipped" | "ended" | "drained", number>> = {
  ok: 1 << statusCompleted,
  failed: failureBits,
  skipped: (1 << statusSkipped) | (1 << statusBlocked),
  ended: 0b1111_1110,
  drained: 0,
};

export function statusNumber(status: Outcome["status"]): number {
  switch (status) {
    case "completed":
      return statusCompleted;
    case "failed":
      return statusFailed;
    case "timed-out":
      return statusTimedOut;
    case "cancelled":
      return statusCancelled;
    case "unknown":
      return statusUnknown;
    case "skipped":
      return statusSkipped;
    case "blocked":
      return statusBlocked;
    default:
      return status satisfies never;
  }
}
