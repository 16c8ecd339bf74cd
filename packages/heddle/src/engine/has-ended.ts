import type { RunRow, RunStatus } from "@heddle/kernel";

const endStatuses: ReadonlySet<RunStatus> = new Set(["completed", "failed", "cancelled", "timed-out"]);

/** Whether a run has come to its end, whichever. */
export function hasEnded({ status }: Pick<RunRow, "status">): boolean {
  return endStatuses.has(status);
}
