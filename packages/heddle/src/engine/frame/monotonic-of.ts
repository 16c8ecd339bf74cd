import type { OwnedRun } from "../owned-run.ts";

/** What this process's own clock would have said at a time, epoch milliseconds; undefined: now. */
export function monotonicOf(run: OwnedRun, atMs: number | undefined): number {
  const monotonicMs = run.host.clock.monotonicMs();
  return atMs === undefined ? monotonicMs : monotonicMs - Math.max(0, run.stampMs() - atMs);
}
