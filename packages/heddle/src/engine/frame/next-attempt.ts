import { mayRetry, type ErrorValue, type RunEvent } from "@heddle/kernel";
import type { TaskEntry } from "../task-table.ts";
import type { TaskFrame } from "./task-frame.ts";

/** The event that has a failed activation tried again; null: it is not. @param takenMs since its first attempt began */
export function nextAttempt(
  { run, command }: TaskFrame,
  { retry, limits }: TaskEntry,
  error: ErrorValue,
  takenMs: number,
  failedOps: readonly string[],
): RunEvent | null {
  if (retry === null) return null;
  const atMs = run.stampMs();
  const totalMs = shorter(retry.totalMs, limits?.totalMs);
  const policy = totalMs === undefined ? retry : { ...retry, totalMs };
  const decision = mayRetry(policy, command.attempt, error, takenMs, run.host.random.next());
  if (!decision.retry) return null;
  return {
    type: "task-retried",
    atMs,
    no: command.no,
    task: command.task,
    error,
    dueAtMs: atMs + decision.delayMs,
    ...(totalMs === undefined ? null : { takenMs: Math.round(takenMs) }),
    ...(failedOps.length === 0 ? null : { failedOps }),
  };
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
