import type { NodeRow } from "../ports/run-store.ts";

/** `stale`: it has missed more than half of its lease. `dead`: all of it. `left`: it went away in order. */
export type NodeStatus = "live" | "stale" | "dead" | "left";

/** How a node fares, by its last sign of life. One that has given none yet has only just begun. */
export function nodeStatus({ leftAtMs, diedAtMs, seenAtMs, untilMs }: NodeRow, nowMs: number): NodeStatus {
  if (leftAtMs !== null) return "left";
  if (diedAtMs !== null) return "dead";
  if (seenAtMs === null || untilMs === null) return "live";
  if (nowMs > untilMs) return "dead";
  return nowMs > (seenAtMs + untilMs) / 2 ? "stale" : "live";
}
