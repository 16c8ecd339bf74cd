import { decodeValue, type ErrorValue, type Json, type Outcome, type RunEvent, type RunRow } from "@heddle/kernel";
import { questionOf } from "./mail.ts";
import { withoutHeld } from "./run/interrupts.ts";
import type { OperationView, RunView, TaskView, WaitView } from "./run-view.ts";

interface TaskDraft {
  task: string;
  nth: number;
  attempt: number;
  status: TaskView["status"];
  value?: unknown;
  error?: NonNullable<TaskView["error"]>;
  endedAtMs?: number;
  retryAtMs?: number;
  operations: Map<string, OperationDraft>;
}

interface OperationDraft {
  key: string;
  id?: string;
  op: string;
  status: OperationView["status"];
  attempt: number;
  value?: unknown;
  error?: NonNullable<OperationView["error"]>;
  openedAtMs?: number;
  endedAtMs?: number;
  wait?: WaitView;
}

/** Up to where a picture is asked for; undefined: now. */
export type Until = { readonly seq: number } | { readonly timeMs: number } | undefined;

/**
 * What a journal says about its run, up to a place or a time. Reads events only: it needs no code and no plan, so that it works for every run in a store.
 * What channels hold is the kernel's to say, and is given by those who have the plan.
 */
export function projectRun(
  row: RunRow,
  events: readonly { readonly seq: number; readonly event: RunEvent }[],
  until: Until,
  channels: Readonly<Record<string, unknown>> = {},
): RunView {
  const tasks = new Map<number, TaskDraft>();
  const counts = new Map<string, number>();
  let held: readonly Extract<RunEvent, { type: "tasks-held" }>[] = [];
  const signals: { id: string; name: string; value: unknown }[] = [];
  let seq = 0;
  let atMs = row.createdAtMs;
  let startedAtMs = row.createdAtMs;
  let input: unknown;
  let ended: Extract<RunEvent, { type: "run-ended" }>["outcome"] | undefined;
  let pause: RunView["pause"];

  const task = (no: number, name: string | undefined): TaskDraft => {
    let draft = tasks.get(no);
    if (draft === undefined) {
      const called = name ?? "main";
      const nth = (counts.get(called) ?? 0) + 1;
      counts.set(called, nth);
      draft = { task: called, nth, attempt: 1, status: "running", operations: new Map() };
      tasks.set(no, draft);
    }
    return draft;
  };

  for (const entry of events) {
    const { event } = entry;
    if (isBeyond(entry, until)) break;
    seq = entry.seq;
    atMs = event.atMs;
    switch (event.type) {
      case "run-started":
        startedAtMs = event.atMs;
        input = decoded(event.input);
        break;
      case "run-ended":
        ended = event.outcome;
        held = [];
        break;
      case "run-paused":
        pause = { code: event.code, message: event.message, ...(event.difference === undefined ? null : { difference: event.difference }) };
        break;
      case "run-resumed":
        pause = undefined;
        break;
      case "tasks-reset":
        ended = undefined;
        break;
      case "task-started":
        task(event.no, event.task);
        break;
      case "task-retried": {
        const draft = task(event.no, event.task);
        draft.attempt++;
        draft.status = "retrying";
        draft.error = shown(event.error);
        draft.retryAtMs = event.dueAtMs;
        for (const key of event.failedOps ?? []) draft.operations.delete(key);
        break;
      }
      case "task-ended": {
        const draft = task(event.no, event.task);
        Object.assign(draft, endOf(event.outcome), { endedAtMs: event.atMs });
        held = withoutHeld(held, event.no);
        break;
      }
      case "segment-started":
        task(event.of, undefined).operations.clear();
        break;
      case "run-forked":
        for (const draft of tasks.values()) for (const key of event.again ?? []) draft.operations.delete(key);
        break;
      case "op-opened": {
        const wait = waitOf(event);
        task(event.of, undefined).operations.set(event.key, {
          key: event.key,
          op: event.op,
          status: "waiting",
          attempt: 1,
          openedAtMs: event.atMs,
          ...(wait?.id === undefined ? null : { id: wait.id }),
          ...(wait === undefined ? null : { wait }),
        });
        break;
      }
      case "op-retried": {
        const { operations } = task(event.of, undefined);
        const before = operations.get(event.key);
        operations.set(event.key, {
          ...(before ?? { key: event.key, op: "step" }),
          status: "retrying",
          attempt: (before?.attempt ?? 1) + 1,
          error: shown(event.error),
          wait: { kind: "retry", key: event.key, dueAtMs: event.dueAtMs },
        });
        break;
      }
      case "op-ended": {
        const { operations } = task(event.of, undefined);
        const { wait: _, ...before } = operations.get(event.key) ?? { key: event.key, op: event.op, attempt: event.attempt ?? 1 };
        operations.set(event.key, { ...before, ...endOf(event.outcome), endedAtMs: event.atMs } as OperationDraft);
        if (event.signal !== undefined) {
          const index = signals.findIndex(({ id }) => id === event.signal);
          if (index >= 0) signals.splice(index, 1);
        }
        break;
      }
      case "tasks-held":
        held = [...held, event];
        break;
      case "tasks-released":
        held = held.filter(({ id }) => id !== event.id);
        break;
      case "signal-received":
        signals.push({ id: event.id, name: event.name, value: decoded(event.value) });
        break;
      default:
        break;
    }
  }

  const waits: WaitView[] = [];
  if (ended === undefined) {
    for (const { id, when, called } of new Map(held.map((each) => [each.id, each])).values())
      waits.push({ kind: "ask", key: id, id, question: interruptQuestion(when, called) });
    for (const draft of tasks.values()) {
      if (draft.status === "retrying" && draft.retryAtMs !== undefined)
        waits.push({ kind: "retry", key: draft.task, dueAtMs: draft.retryAtMs });
      if (draft.endedAtMs !== undefined) continue;
      for (const { wait } of draft.operations.values()) if (wait !== undefined) waits.push(wait);
    }
  }
  const error = ended !== undefined && ended.status !== "completed" && ended.error !== undefined ? ended.error : undefined;
  return {
    runId: row.runId,
    workflow: row.workflow,
    status:
      until === undefined ? row.status : (ended?.status ?? (pause === undefined ? (waits.length > 0 ? "waiting" : "running") : "paused")),
    seq,
    atMs,
    startedAtMs,
    input,
    ...(ended?.status === "completed" ? { output: decoded(ended.value) } : null),
    ...(error === undefined ? null : { error: { ...shown(error), ...(error.stack === undefined ? null : { stack: error.stack }) } }),
    tasks: [...tasks.values()].map(taskView),
    channels,
    waits,
    signals: signals.map(({ name, value }) => ({ name, value })),
    ...(pause === undefined ? null : { pause }),
  };
}

/** What a person is asked who is to let a run go on. */
function interruptQuestion(when: "before" | "after", called: string): Json {
  return { kind: "interrupt", prompt: `Go on ${when === "before" ? `with ${called}` : `after ${called}`}?` };
}

export function isBeyond({ seq, event }: { readonly seq: number; readonly event: RunEvent }, until: Until): boolean {
  return until !== undefined && ("seq" in until ? seq > until.seq : event.atMs > until.timeMs);
}

function taskView({ operations, retryAtMs: _retryAtMs, ...draft }: TaskDraft): TaskView {
  return { ...draft, operations: [...operations.values()].map(({ wait: _wait, ...operation }) => operation) };
}

function waitOf(event: Extract<RunEvent, { type: "op-opened" }>): WaitView | undefined {
  const { key, dueAtMs } = event;
  const due = dueAtMs === undefined ? null : { dueAtMs };
  switch (event.op) {
    case "sleep":
      return { kind: "sleep", key, ...due };
    case "receive":
      return { kind: "receive", key, ...due, signal: event.signal ?? "" };
    case "ask":
      return { kind: "ask", key, id: questionOf(event.signal, key), ...due, question: event.question };
    case "call":
      return { kind: "call", key, child: event.child?.runId ?? "" };
    default:
      return undefined;
  }
}

function endOf(outcome: Outcome): {
  status: Exclude<TaskView["status"], "running" | "retrying">;
  value?: unknown;
  error?: NonNullable<TaskView["error"]>;
} {
  const error = "error" in outcome && outcome.error !== undefined ? { error: shown(outcome.error) } : {};
  const value = outcome.status === "completed" && outcome.value !== undefined ? { value: decoded(outcome.value) } : {};
  return { status: outcome.status, ...value, ...error };
}

function shown({ name, message, code }: ErrorValue): { name: string; message: string; code?: string } {
  return { name, message, ...(code === undefined ? null : { code }) };
}

function decoded(value: Json | undefined): unknown {
  return value === undefined ? undefined : decodeValue(value);
}
