import { encodeValue, HeddleError, type RunEvent, type RunRow } from "@heddle/kernel";
import type { ForkOptions, RetryOptions } from "./engine.ts";
import { nearest } from "./nearest.ts";

/**
 * The journal of a fork: the events of the original up to `at`, with the edited results in place, and the record of where it came from.
 * An end of the run within them is left out: the fork goes on from before it.
 *
 * @throws HeddleError `OPTION_INVALID`
 */
export function forkEvents(row: RunRow, events: readonly RunEvent[], options: ForkOptions, nowMs: number): RunEvent[] {
  let at = options.at ?? events.length;
  if (!Number.isInteger(at) || at < 1 || at > events.length) {
    throw new HeddleError(
      "OPTION_INVALID",
      `Run ${row.runId} has events 1 to ${events.length}: it cannot be forked at ${String(options.at)}.`,
      { data: { runId: row.runId, at } },
    );
  }
  // What a person was to let go on is held in the fork too.
  while (events[at]?.type === "tasks-held") at++;
  const results = { ...options.edit?.results };
  const edited: string[] = [];
  if (options.edit !== undefined && "input" in options.edit && at !== 1) {
    throw new HeddleError(
      "OPTION_INVALID",
      `A fork with another input must begin at event 1: later events of run ${row.runId} were made from the old input.`,
      { data: { at } },
    );
  }
  const kept = events.slice(0, at).flatMap((event): RunEvent[] => {
    if (event.type === "run-ended" || event.type === "run-paused" || event.type === "cancel-requested") return [];
    if (event.type === "run-started") {
      const { parent: _, ...own } = event;
      const seeded = { ...own, seed: event.seed ?? row.runId };
      if (options.edit === undefined || !("input" in options.edit)) return [seeded];
      edited.push("input");
      return [{ ...seeded, input: encodeValue(options.edit.input) }];
    }
    const key = event.type === "op-ended" ? event.key : event.type === "task-ended" ? event.task : undefined;
    if (key === undefined || !(key in results)) return [event];
    edited.push(key);
    const value = encodeValue(results[key]);
    delete results[key];
    return [{ ...(event as RunEvent & { type: "op-ended" }), outcome: { status: "completed", value } }];
  });
  const unknown = Object.keys(results);
  if (unknown.length > 0) {
    throw new HeddleError(
      "OPTION_INVALID",
      `Run ${row.runId} has no recorded result of ${unknown.join(", ")} up to event ${at}: nothing to edit there.`,
      { data: { keys: unknown } },
    );
  }
  return [...withoutChildren(kept), { type: "run-forked", atMs: nowMs, from: row.runId, at, ...(edited.length === 0 ? null : { edited }) }];
}

/** Children stay with the original: a call that was still waiting for one is made anew, and none is cancelled with the new run. */
function withoutChildren(events: readonly RunEvent[]): RunEvent[] {
  const waiting = new Map<string, RunEvent>();
  for (const event of events) {
    if (event.type === "op-opened" && event.op === "call") waiting.set(`${event.of} ${event.key}`, event);
    else if (event.type === "op-ended") waiting.delete(`${event.of} ${event.key}`);
  }
  const dropped = new Set(waiting.values());
  return events.flatMap((event): RunEvent[] => {
    if (dropped.has(event)) return [];
    return event.type === "op-opened" && event.child !== undefined ? [{ ...event, child: { ...event.child, close: "detach" } }] : [event];
  });
}

/**
 * The journal of a retry: everything that completed is kept; what failed is done again, with the same idempotency keys.
 *
 * Of a durable function, the failed task's end goes and so do the operations that failed it, and those that were undone; with `from`, the operations
 * from there on. Of other plans, the failed tasks are reset with what lies downstream.
 *
 * @throws HeddleError `OPTION_INVALID`
 */
export function retryPoint(row: RunRow, events: readonly RunEvent[], options: RetryOptions, nowMs: number): RunEvent[] {
  const functions = new Set<number>();
  for (const event of events)
    if (event.type === "op-ended" || event.type === "op-opened" || event.type === "segment-started") functions.add(event.of);
  const again = new Set<string>();
  const resets: string[] = [];
  const begunAgain = new Set<number>();
  const tasks = new Set(events.flatMap((event) => (event.type === "task-ended" && event.task !== "main" ? [event.task] : [])));
  const operations = recordedOperations(events);
  for (const name of options.from ?? []) {
    if (tasks.has(name)) {
      resets.push(name);
      continue;
    }
    const [of, keys] = [...operations].find(([, each]) => each.has(name)) ?? refuseUnknown(row, name, [...tasks, ...keysOf(operations)]);
    begunAgain.add(of);
    const inOrder = [...keys];
    for (const key of inOrder.slice(inOrder.indexOf(name))) again.add(key);
  }
  for (const event of events) {
    if (event.type !== "task-ended") continue;
    if (begunAgain.has(event.no) && event.task !== "main" && event.outcome.status === "completed") resets.push(event.task);
    if (event.outcome.status === "completed" || event.outcome.status === "skipped") continue;
    if (functions.has(event.no) || event.task === "main") {
      if (options.from === undefined) for (const key of event.failedOps ?? []) again.add(key);
    } else if (options.from === undefined) resets.push(event.task);
  }
  for (const event of events) {
    if (event.type !== "op-ended" || event.op !== "undo") continue;
    again.add(event.key);
    again.add(event.key.replace(/\/undo$/, ""));
  }
  if (row.status === "completed" && again.size === 0 && resets.length === 0) {
    throw new HeddleError(
      "OPTION_INVALID",
      `Run ${row.runId} completed: nothing failed in it. Say from which step or task it is to be done again, or fork it.`,
      { data: { runId: row.runId } },
    );
  }
  const kept = events.flatMap((event): RunEvent[] => {
    if (event.type === "run-paused" || event.type === "cancel-requested") return [];
    if (event.type === "run-ended") return resets.length > 0 ? [event] : [];
    if (event.type === "task-ended" && (functions.has(event.no) || event.task === "main")) {
      if (event.outcome.status !== "completed" || (event.task === "main" && begunAgain.has(event.no))) return [];
    }
    if (event.type !== "run-started") return [event];
    const { parent: _, ...own } = event;
    return [{ ...own, seed: event.seed ?? row.runId, effects: event.effects ?? row.runId }];
  });
  const own = withoutChildren(kept);
  const forked: RunEvent = {
    type: "run-forked",
    atMs: nowMs,
    from: row.runId,
    at: events.length,
    ...(again.size === 0 ? null : { again: [...again] }),
  };
  return resets.length === 0 ? [...own, forked] : [...own, forked, { type: "tasks-reset", atMs: nowMs, tasks: [...new Set(resets)] }];
}

/**
 * By activation, the keys of the operations that its function recorded in its present segment, in their order. Those that were begun again since stand
 * where they were recorded then. Updates are not among them: they came from outside, and whoever sent them has their replies.
 */
function recordedOperations(events: readonly RunEvent[]): ReadonlyMap<number, ReadonlySet<string>> {
  const operations = new Map<number, Set<string>>();
  for (const event of events) {
    switch (event.type) {
      case "op-opened":
      case "op-retried":
      case "op-ended":
      case "emitted": {
        if ("op" in event && (event.op === "update" || event.op === "undo")) break;
        const keys = operations.get(event.of) ?? new Set();
        operations.set(event.of, keys.add(event.key));
        break;
      }
      case "segment-started":
        operations.delete(event.of);
        break;
      case "task-retried":
        for (const key of event.failedOps ?? []) operations.get(event.no)?.delete(key);
        break;
      case "run-forked":
        for (const keys of operations.values()) for (const key of event.again ?? []) keys.delete(key);
        break;
      default:
        break;
    }
  }
  return operations;
}

function keysOf(operations: ReadonlyMap<number, ReadonlySet<string>>): string[] {
  return [...operations.values()].flatMap((keys) => [...keys]);
}

function refuseUnknown({ runId }: RunRow, name: string, names: readonly string[]): never {
  const near = nearest(name, names);
  const shown = near.length > 0 ? near : names.slice(0, 10);
  throw new HeddleError(
    "OPTION_INVALID",
    `Run ${runId} has recorded no step or task "${name}"${shown.length === 0 ? "" : `; it has ${shown.join(", ")}`}: name one that it is to begin again with.`,
    { data: { runId, from: name } },
  );
}
