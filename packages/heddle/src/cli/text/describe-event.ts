import type { ErrorValue, Outcome } from "@heddle/kernel";
import type { LiveEvent } from "../../engine/engine.ts";
import { errorText, questionText } from "../progress/render-progress.ts";
import { formatDuration, formatWhen } from "./format-time.ts";
import { briefValue } from "./format-value.ts";
import type { Line, Span } from "./line.ts";
import type { Glyphs } from "./style.ts";
import { printable } from "./text-width.ts";

/** An event in words: `✓ reserve completed {"hold":7}`. Every event has some. */
export function describeEvent(event: LiveEvent, glyphs: Glyphs): Line {
  switch (event.type) {
    case "run-started":
      return [[glyphs.bullet, "info"], [" "], [printable(event.workflow), "strong"], [" started"], value(event.input)];
    case "run-forked":
      return [[glyphs.bullet, "info"], [` forked from ${printable(event.from)} at event ${event.at}`]];
    case "run-paused":
      return [[glyphs.paused, "warn"], [` paused: ${printable(event.message)}`], [` (${event.code})`, "dim"]];
    case "run-resumed":
      return [[glyphs.bullet, "info"], [" resumed"]];
    case "run-migrated":
      return [
        [glyphs.bullet, "info"],
        [` goes on with ${event.version === undefined ? "the code as it is now" : `version ${printable(event.version)}`}`],
      ];
    case "run-crashed":
      return [[glyphs.warn, "warn"], [` its process died; taken up again (crash ${event.crashes})`]];
    case "cancel-requested":
      return [[glyphs.warn, "warn"], [` cancellation requested${event.reason === undefined ? "" : `: ${printable(event.reason)}`}`]];
    case "run-ended":
      return [...outcome(event.outcome, glyphs), [" run "], [event.outcome.status, "strong"], ...rest(event.outcome)];
    case "plan-amended":
      return [[glyphs.bullet, "info"], [` tasks added: ${printable(Object.keys(event.tasks).join(", "))}`]];
    case "tasks-reset":
      return [[glyphs.retry, "warn"], [` tasks run again: ${printable(event.tasks.join(", "))}`]];
    case "channels-written":
      return [
        [glyphs.mail, "info"],
        [` written from outside: ${printable(event.writes.map(({ channel }) => channel).join(", "))}`],
        value(Object.fromEntries(event.writes.map((each) => [each.channel, each.value]))),
      ];
    case "task-started":
      return [[glyphs.bullet, "dim"], [` task ${printable(event.task)} started`]];
    case "task-retried":
      return [[glyphs.retry, "warn"], [` task ${printable(event.task)} again ${due(event.dueAtMs, event.atMs)}`], why(event.error)];
    case "task-ended":
      return [...outcome(event.outcome, glyphs), [` task ${printable(event.task)} ${event.outcome.status}`], ...rest(event.outcome)];
    case "tasks-held":
      return [[glyphs.paused, "warn"], [` stopped ${event.when} ${printable(event.called)}`]];
    case "tasks-released":
      return [[glyphs.bullet, "info"], [` goes on: ${printable(event.id)} was answered`]];
    case "timer-fired":
      return [[glyphs.wait, "dim"], [" timer fired"]];
    case "published":
      return [[glyphs.mail, "info"], [` artifact ${printable(event.artifact)} published`]];
    case "op-opened":
      return [
        ...opened(event, glyphs),
        ...(event.dueAtMs === undefined || event.op === "sleep"
          ? []
          : ([[` until ${formatWhen(event.dueAtMs, event.atMs)}`, "dim"]] as Line)),
      ];
    case "op-retried":
      return [[glyphs.retry, "warn"], [` ${printable(event.key)} again ${due(event.dueAtMs, event.atMs)}`], why(event.error)];
    case "op-ended":
      return [
        ...outcome(event.outcome, glyphs),
        [` ${printable(event.key)}`],
        [event.outcome.status === "completed" ? "" : ` ${event.outcome.status}`],
        ...rest(event.outcome),
        ...attempts(event.attempt),
      ];
    case "segment-started":
      return [[glyphs.bullet, "info"], [" continues in a new segment"], value(event.input)];
    case "emitted":
      return [[glyphs.mail, "info"], [` emits ${printable(event.name)}`], value(event.value)];
    case "signal-received":
      return [[glyphs.mail, "info"], [` signal ${printable(event.name)}`], value(event.value)];
    case "log":
      return [[printable(event.message ?? ""), "plain"], value(event.value)];
    case "started":
      return [[glyphs.bullet, "dim"], [` ${printable(event.key)} begins${event.total === undefined ? "" : `: ${event.total} items`}`]];
    case "ready":
      return [[glyphs.bullet, "dim"], [` ${printable(event.key)} is ready`]];
    case "stream":
    case "progress":
      return [
        [glyphs.bullet, "dim"],
        [` ${printable(event.key)}`],
        [event.message === undefined ? "" : ` ${printable(event.message)}`],
        value(event.value),
      ];
    default:
      // A newer engine may write kinds that this program does not know.
      return [[glyphs.bullet, "dim"], [` ${printable((event satisfies never as { type: string }).type)}`]];
  }
}

function opened(event: Extract<LiveEvent, { type: "op-opened" }>, glyphs: Glyphs): Line {
  const key = printable(event.key);
  switch (event.op) {
    case "ask":
      return [[glyphs.ask, "warn"], [` ${key} asks: `], [questionText(event.question), "strong"]];
    case "receive":
      return [[glyphs.mail, "info"], [` ${key} waits for signal ${printable(event.signal ?? "")}`]];
    case "call":
      return [[glyphs.child, "info"], [` ${key} waits for run ${printable(event.child?.runId ?? "")}`]];
    case "start":
      return [[glyphs.child, "info"], [` ${key} starts run ${printable(event.child?.runId ?? "")}`]];
    case "sleep":
      return [
        [glyphs.wait, "info"],
        [` ${key} sleeps${event.dueAtMs === undefined ? "" : ` until ${formatWhen(event.dueAtMs, event.atMs)}`}`],
      ];
    case "update":
      return [[glyphs.mail, "info"], [` update ${printable(event.update?.name ?? event.key)}`]];
    case "step":
    case "transaction":
    case "undo":
      return [[glyphs.bullet, "dim"], [` ${key} started`]];
    default:
      return event.op satisfies never;
  }
}

function outcome(of: Outcome, glyphs: Glyphs): Span[] {
  switch (of.status) {
    case "completed":
      return [[glyphs.done, "good"]];
    case "failed":
    case "timed-out":
    case "unknown":
      return [[glyphs.failed, "bad"]];
    case "cancelled":
      return [[glyphs.skipped, "warn"]];
    case "skipped":
    case "blocked":
      return [[glyphs.skipped, "dim"]];
    default:
      return of satisfies never;
  }
}

function rest(of: Outcome): Line {
  if (of.status === "completed") return [value(of.value)];
  if (of.status === "blocked") return [[` by ${printable(of.by)}`, "dim"]];
  return "error" in of && of.error !== undefined ? [why(of.error)] : [];
}

function attempts(attempt: number | undefined): Line {
  return attempt === undefined || attempt < 2 ? [] : [[` (${attempt} attempts)`, "dim"]];
}

function why(error: ErrorValue): Span {
  return [`: ${errorText(error)}${error.code === undefined ? "" : ` (${printable(error.code)})`}`, "bad"];
}

function due(dueAtMs: number, atMs: number): string {
  return dueAtMs <= atMs ? "now" : `in ${formatDuration(dueAtMs - atMs)}`;
}

function value(of: unknown): Span {
  return of === undefined || of === null ? [""] : [` ${briefValue(of, 100)}`, "dim"];
}
