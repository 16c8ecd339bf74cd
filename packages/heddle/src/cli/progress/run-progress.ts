import type { ErrorValue, OpEnded, OpKind, OpOpened, Outcome, RunStatus } from "@heddle/kernel";
import { functionTask } from "../../engine/definition.ts";
import type { LiveEvent } from "../../engine/engine.ts";

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
  /** Signals that came and that nobody has taken yet, by name. */
  readonly mail: Map<string, number>;
  pause: { readonly code: string; readonly message: string; readonly difference: readonly string[] } | null;
  error: ErrorValue | null;
  root: ProgressGroup;
}

/** Operations whose keys begin alike: those of a map, a race, an `all`. */
export interface ProgressGroup {
  readonly kind: "group";
  readonly name: string;
  /** Shown as one line with counts. Never goes back: a tree that folds and unfolds cannot be read. */
  folded: boolean;
  /** Operations to come in all, where that is known. */
  total: number | null;
  ended: number;
  failed: number;
  startedAtMs: number;
  endedAtMs: number;
  /** Ended members that are no longer held, of a group that is not folded. */
  hidden: number;
  /** Members in the order in which they were first seen; of a folded group only those under way. */
  readonly members: Map<string, ProgressGroup | ProgressOperation>;
}

export interface ProgressOperation {
  readonly kind: "operation";
  name: string;
  readonly key: string;
  op: OpKind | "task";
  /** How often it has ended: tasks of a plan may run more than once. */
  times: number;
  status: "running" | "waiting" | "retrying" | Outcome["status"];
  attempt: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  dueAtMs: number | null;
  signal: string | null;
  child: string | null;
  question: unknown;
  error: ErrorValue | null;
  /** What it last said of itself. */
  says: string;
}

/** More operations than this in one group fold it. */
const unfolded = 12;

/** The root holds so many; then the oldest that ended well are only counted. */
const held = 200;

export function newRunProgress(runId: string): RunProgress {
  return {
    runId, workflow: "", status: "queued", startedAtMs: 0, endedAtMs: null, seq: 0, segment: 1, cancelling: false, mail: new Map(), pause: null, error: null,
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
      for (const key of event.again ?? []) forget(run, key);
      run.status = "running";
      run.endedAtMs = null;
      run.error = null;
      break;
    case "cancel-requested":
      run.cancelling = true;
      break;
    case "run-ended":
      run.status = event.outcome.status;
      run.endedAtMs = event.atMs;
      run.error = "error" in event.outcome ? (event.outcome.error ?? null) : null;
      closeAll(run.root, event.atMs);
      break;
    case "segment-started":
      run.segment++;
      run.root = newGroup("", event.atMs);
      break;
    case "task-retried":
      for (const key of event.failedOps ?? []) forget(run, key);
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
      const operation = operationAt(run, placeOf(event), event.atMs);
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
    case "signal-received":
      run.mail.set(event.name, (run.mail.get(event.name) ?? 0) + 1);
      break;
    case "progress":
      progressed(run, event.key, event.value, event.message, event.atMs);
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

/** Operations under way, in a folded group too. */
export function* openOperations(group: ProgressGroup): Generator<ProgressOperation> {
  for (const member of group.members.values()) {
    if (member.kind === "group") yield* openOperations(member);
    else if (isOpen(member)) yield member;
  }
}

export function isOpen(operation: ProgressOperation): boolean {
  return operation.status === "running" || operation.status === "waiting" || operation.status === "retrying";
}

function opened(run: RunProgress, event: OpOpened, atMs: number): void {
  const operation = operationAt(run, placeOf(event), atMs);
  operation.op = event.op;
  operation.status = event.op === "step" || event.op === "transaction" || event.op === "undo" || event.op === "update" ? "running" : "waiting";
  operation.startedAtMs = atMs;
  operation.dueAtMs = event.dueAtMs ?? null;
  operation.signal = event.signal ?? null;
  operation.child = event.child?.runId ?? null;
  operation.question = event.question;
}

function ended(run: RunProgress, event: OpEnded, atMs: number): void {
  const place = placeOf(event);
  const path = pathOf(place);
  const operation = operationAt(run, place, atMs);
  const { outcome } = event;
  operation.op = event.op;
  operation.status = outcome.status;
  operation.attempt = event.attempt ?? operation.attempt;
  operation.endedAtMs = atMs;
  operation.dueAtMs = null;
  operation.error = "error" in outcome ? (outcome.error ?? null) : null;
  operation.says = "";
  if (event.op === "receive" && event.signal !== undefined && operation.signal !== null) takeMail(run, operation.signal);
  const failed = outcome.status !== "completed" && outcome.status !== "cancelled";
  for (const group of groupsAlong(run, path)) {
    group.ended++;
    if (failed) group.failed++;
    group.endedAtMs = atMs;
    if (group.folded) {
      group.members.delete(place);
      break;
    }
  }
  if (run.root.members.size > held) hideOldest(run.root);
}

function hideOldest(group: ProgressGroup): void {
  for (const [name, member] of group.members) {
    const over = member.kind === "operation" ? member.status === "completed" : member.failed === 0 && openOperations(member).next().done === true;
    if (!over) continue;
    group.members.delete(name);
    group.hidden += member.kind === "operation" ? 1 : member.ended;
    return;
  }
}

function startTask(run: RunProgress, task: string, atMs: number): void {
  const operation = operationAt(run, task, atMs);
  operation.op = "task";
  operation.status = "running";
  operation.startedAtMs = atMs;
}

function endTask(run: RunProgress, task: string, no: number, outcome: Outcome, atMs: number): void {
  // What it did is over with it: its line says how it ended.
  run.root.members.delete(`#${no}`);
  const operation = operationAt(run, task, atMs);
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

function takeMail(run: RunProgress, signal: string): void {
  const left = (run.mail.get(signal) ?? 0) - 1;
  if (left > 0) run.mail.set(signal, left);
  else run.mail.delete(signal);
}

// A piece with a `total` is about a whole group; any other is about one operation, which it shows to be under way.
function progressed(run: RunProgress, key: string, value: unknown, message: string | undefined, atMs: number): void {
  const total = totalOf(value);
  if (total !== null) {
    let group = run.root;
    for (const name of pathOf(key)) {
      if (group.folded) return;
      group = memberGroup(group, name, atMs);
    }
    group.total = total;
    fold(group, key);
    return;
  }
  const text = message ?? (value === undefined ? null : typeof value === "string" ? value : JSON.stringify(value));
  const operation = operationAt(run, key, atMs);
  if (operation.status === "retrying") {
    operation.status = "running";
    operation.startedAtMs = atMs;
    operation.dueAtMs = null;
  }
  operation.startedAtMs ??= atMs;
  if (text !== null && text !== undefined) operation.says = text;
}

function totalOf(value: unknown): number | null {
  if (typeof value !== "object" || value === null) return null;
  const { total } = value as { total?: unknown };
  return typeof total === "number" && Number.isSafeInteger(total) && total >= 0 ? total : null;
}

function said(run: RunProgress, key: string, change: (text: string) => string, atMs: number): void {
  const operation = operationAt(run, key, atMs);
  operation.says = change(operation.says);
}

function pathOf(key: string): readonly string[] {
  return key.split("/");
}

// The operation under this key, made where there is none: a step's start is not recorded, so its end may be the first news of it.
function operationAt(run: RunProgress, key: string, atMs: number): ProgressOperation {
  const path = pathOf(key);
  let group = run.root;
  for (const [depth, name] of path.entries()) {
    if (group.folded) return memberOperation(group, key, key, atMs);
    if (depth === path.length - 1) {
      const there = group.members.get(name);
      if (there?.kind === "group") return memberOperation(group, `${name}/`, key, atMs);
      const operation = memberOperation(group, name, key, atMs);
      foldIfLarge(group, path.slice(0, depth).join("/"));
      return operation;
    }
    group = memberGroup(group, name, atMs);
  }
  throw new TypeError("A key has at least one part.");
}

function memberGroup(group: ProgressGroup, name: string, atMs: number): ProgressGroup {
  const there = group.members.get(name);
  if (there?.kind === "group") return there;
  const made = newGroup(name, atMs);
  // An operation whose key is the beginning of others, as `ship` and `ship/label`, keeps its own line.
  if (there !== undefined) group.members.set(`${name}/`, there);
  group.members.set(name, made);
  return made;
}

function memberOperation(group: ProgressGroup, at: string, key: string, atMs: number): ProgressOperation {
  const there = group.members.get(at);
  if (there?.kind === "operation") return there;
  const made: ProgressOperation = {
    kind: "operation", name: key.slice(key.lastIndexOf("/") + 1), key, op: "step", status: "running", attempt: 1, startedAtMs: null, endedAtMs: null,
    dueAtMs: null, signal: null, child: null, question: undefined, error: null, says: "", times: 0,
  };
  group.members.set(at, made);
  group.startedAtMs ||= atMs;
  return made;
}

function* groupsAlong(run: RunProgress, path: readonly string[]): Generator<ProgressGroup> {
  let group: ProgressGroup = run.root;
  yield group;
  for (const name of path.slice(0, -1)) {
    const next = group.members.get(name);
    if (group.folded || next?.kind !== "group") return;
    group = next;
    yield group;
  }
}

// Numbered members are items of a map; many members are no longer a list that a person reads. The root stays a list.
function foldIfLarge(group: ProgressGroup, key: string): void {
  if (key === "" || group.folded) return;
  const numbered = group.members.size > 1 && [...group.members.keys()].every((name) => /^\d+$/u.test(name));
  if (numbered || group.members.size > unfolded) fold(group, key);
}

function fold(group: ProgressGroup, key: string): void {
  if (group.folded) return;
  const open = [...openOperations(group)];
  group.folded = true;
  group.members.clear();
  for (const operation of open) {
    operation.name = operation.key.slice(key.length + 1);
    group.members.set(operation.key, operation);
  }
}

// The function will do this operation again: as if it had never been.
function forget(run: RunProgress, key: string): void {
  const path = pathOf(key);
  let last: ProgressGroup = run.root;
  const along = [...groupsAlong(run, path)];
  for (const group of along) last = group;
  const name = last.folded ? key : (path.at(-1) ?? key);
  const there = last.members.get(name);
  last.members.delete(name);
  const wasHeld = there?.kind === "operation" && !isOpen(there);
  if (there === undefined && last.hidden > 0) last.hidden--;
  if (!wasHeld && there !== undefined) return;
  for (const group of along) {
    group.ended = Math.max(0, group.ended - 1);
    group.failed = Math.max(0, group.failed - 1);
  }
}

// Nothing goes on in a run that has ended.
function closeAll(group: ProgressGroup, atMs: number): void {
  for (const operation of openOperations(group)) {
    operation.status = "cancelled";
    operation.endedAtMs = atMs;
    operation.dueAtMs = null;
  }
}

function newGroup(name: string, atMs: number): ProgressGroup {
  return { kind: "group", name, folded: false, total: null, ended: 0, failed: 0, hidden: 0, startedAtMs: atMs, endedAtMs: atMs, members: new Map() };
}
