import type { Schedule } from "../plan/plan.ts";

/**
 * When a time trigger is due next, in epoch milliseconds; null: never again.
 *
 * @param startedAtMs when the run started
 * @param afterMs time of the event that asks: the run's start, or the firing before
 * @param firedTimes how often it has fired
 */
export function nextDueMs(schedule: Schedule, startedAtMs: number, afterMs: number, firedTimes: number): number | null {
  if ("atMs" in schedule) return firedTimes === 0 ? schedule.atMs : null;
  if ("afterMs" in schedule) return firedTimes === 0 ? startedAtMs + schedule.afterMs : null;
  const { everyMs, times } = schedule;
  if (times !== undefined && firedTimes >= times) return null;
  // A clock that was set back may ask for a time before the start; the first multiple is then the next.
  const passed = Math.max(0, Math.floor((afterMs - startedAtMs) / everyMs));
  return startedAtMs + (passed + 1) * everyMs;
}
