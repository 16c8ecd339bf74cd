import type { OpEnded, OpOpened, Outcome, RunStatus } from "@heddle/kernel";
import type { LiveEvent } from "../../engine/engine.ts";
import { briefValue } from "../text/format-value.ts";
import { closeAll, countEnd, expectTotal, forgetOperation, newGroup, operationAt, type ProgressGroup } from "./progress-tree.ts";

/**
 * A run as its watcher sees it, gathered from its events. Holds what is under way and what ended last, never all that ever
 * ended: a map over 100,000 items is one group with counters.
 */
export interface RunProgress {
  readonly runId: string;
  workflow: string;
  status: RunStatus;
  startedAtMs: number;
  endedAtMs: number | null;
  /** Place of the last event that it has seen. */
  seq: number;
  /** From 1; `continueAs` begins the next. */
  segment: number;
  cancelling: boolean;
  pause: { readonly code: string; readonly message: string; readonly difference: readonly string[] } | null;
  root: ProgressGroup;
}

/** The task that a durable function is: its operations are what people know of it. */
const functionTask = "main";

export function newRunProgress(runId: string): RunProgress {
  return {
    runId,
    workflow: "",
    status: "queued",
    startedAtMs: 0,
    endedAtMs: null,
    seq: 0,
    segment: 1,
    cancelling: false,
    pause: null,
    root: newGroup("", 0),
  };
}

/** Take in one event. Cost: the depth of its key. Unknown kinds change nothing, so that an older watcher can follow a newer engine. */
export function watchEvent(run: RunProgress, event: LiveEvent): void {
  run.seq = Math.max(run.seq, event.seq);
  switch (event.type) {
    case "run-started":
      run.workflow = event.workflow;
      run.startedAtMs = event.atMs;
      run.status = "running";
      break;
    case "run-paused":
      run.status = "paused";
      run.pause = { code: event.code, message: event.message, difference: event.difference ?? [] };
      break;
    case "run-resumed":
    case "run-migrated":
      run.status = "running";
      run.pause = null;
      break;
    case "run-forked":
      for (const key of event.again ?? []) forgetOperation(run.root, key);
      run.status = "running";
      run.endedAtMs = null;
      break;
    case "cancel-requested":
      run.cancelling = true;
      break;
    case "run-ended":
      run.status = event.outcome.status;
      run.endedAtMs = event.atMs;
      closeAll(run.root, event.atMs);
      break;
    case "segment-started":
      run.segment++;
      run.root = newGroup("", event.atMs);
      break;
    case "task-retried":
      for (const key of event.failedOps ?? []) forgetOperation(run.root, key);
      break;
    case "task-started":
      if (event.task !== functionTask) startTask(run, event.task, event.atMs);
      break;
    case "task-ended":
      if (event.task !== functionTask) endTask(run, event.task, event.no, event.outcome, event.atMs);
      break;
    case "op-opened":
      opened(run, event, event.atMs);
      break;
    case "op-retried": {
      const operation = operationAt(run.root, placeOf(event), event.atMs);
      operation.status = "retrying";
      operation.attempt++;
      operation.error = event.error;
      operation.dueAtMs = event.dueAtMs;
      operation.says = "";
      break;
    }
    case "op-ended":
      ended(run, event, event.atMs);
      break;
    case "started":
      if (event.no === undefined) started(run, event.key, event.total, event.atMs);
      else startTask(run, event.key, event.atMs);
      break;
    case "progress":
      said(run, event.key, () => event.message ?? briefValue(event.value, 200), event.atMs);
      break;
    case "stream":
      if (typeof event.value === "string") said(run, event.key, (text) => (text + String(event.value)).slice(-200), event.atMs);
      break;
    case "log":
      if (event.message !== undefined && event.key !== "") said(run, event.key, () => event.message ?? "", event.atMs);
      break;
    default:
      break;
  }
}

function opened(run: RunProgress, event: OpOpened, atMs: number): void {
  const operation = operationAt(run.root, placeOf(event), atMs);
  operation.op = event.op;
  operation.status =
    event.op === "step" || event.op === "transaction" || event.op === "undo" || event.op === "update" ? "running" : "waiting";
  operation.startedAtMs = atMs;
  operation.dueAtMs = event.dueAtMs ?? null;
  operation.signal = event.signal ?? null;
  operation.child = event.child?.runId ?? null;
  operation.question = event.question;
}

function ended(run: RunProgress, event: OpEnded, atMs: number): void {
  const place = placeOf(event);
  const operation = operationAt(run.root, place, atMs);
  const { outcome } = event;
  operation.op = event.op;
  operation.status = outcome.status;
  operation.attempt = event.attempt ?? operation.attempt;
  operation.endedAtMs = atMs;
  operation.dueAtMs = null;
  operation.error = "error" in outcome ? (outcome.error ?? null) : null;
  operation.says = "";
  countEnd(run.root, place, outcome.status !== "completed" && outcome.status !== "cancelled", atMs);
}

function startTask(run: RunProgress, task: string, atMs: number): void {
  const operation = operationAt(run.root, task, atMs);
  operation.op = "task";
  operation.status = "running";
  operation.startedAtMs = atMs;
}

function endTask(run: RunProgress, task: string, no: number, outcome: Outcome, atMs: number): void {
  // What it did is over with it: its line says how it ended.
  run.root.members.delete(`#${no}`);
  const operation = operationAt(run.root, task, atMs);
  operation.op = "task";
  operation.times++;
  operation.status = outcome.status;
  operation.endedAtMs = atMs;
  operation.error = "error" in outcome ? (outcome.error ?? null) : null;
}

// A durable function's operations stand at the root. Where a plan has several functions, each but the first has a group.
function placeOf(event: { readonly of: number; readonly key: string }): string {
  return event.of === 1 ? event.key : `#${event.of}/${event.key}`;
}

function started(run: RunProgress, key: string, total: number | undefined, atMs: number): void {
  if (total !== undefined) {
    expectTotal(run.root, key, total, atMs);
    return;
  }
  const operation = operationAt(run.root, key, atMs);
  operation.status = "running";
  operation.startedAtMs = atMs;
  operation.dueAtMs = null;
}

function said(run: RunProgress, key: string, change: (text: string) => string, atMs: number): void {
  const operation = operationAt(run.root, key, atMs);
  operation.says = change(operation.says);
}
