import type { Json, OpEnded, Outcome, RunEvent, TaskEnded } from "@heddle/kernel";

/**
 * The text of an event as the journal keeps it. The two events that every step and task writes are put together by hand, from as few parts
 * as can be, which is several times faster than `JSON.stringify` of the whole; all others go through it.
 */
export function eventText(event: RunEvent): string {
  if (event.type === "task-ended") return taskEndedText(taskEndedBeginning(event.task), event);
  if (event.type === "op-ended") return opEndedText(event);
  return JSON.stringify(event);
}

/** How the text of a task's ends begins: the same each time. */
export function taskEndedBeginning(task: string): string {
  return `{"type":"task-ended","task":${quote(task)},"no":`;
}

export function taskEndedText(beginning: string, event: { readonly atMs: number } & TaskEnded): string {
  const text = beginning + event.no + timedOutcome(event.atMs, event.outcome);
  if (event.verbs === undefined && event.merged === undefined && event.failedOps === undefined) return `${text}}`;
  const verbs = event.verbs === undefined ? "" : `,"verbs":${JSON.stringify(event.verbs)}`;
  const merged = event.merged === undefined ? "" : `,"merged":${JSON.stringify(event.merged)}`;
  const failedOps = event.failedOps === undefined ? "" : `,"failedOps":${JSON.stringify(event.failedOps)}`;
  return `${text}${verbs}${merged}${failedOps}}`;
}

export function readEvent(text: string): RunEvent {
  return JSON.parse(text) as RunEvent;
}

function opEndedText(event: { readonly atMs: number } & OpEnded): string {
  const text = `{"type":"op-ended","op":"${event.op}","of":${event.of},"key":${quote(event.key)}${timedOutcome(event.atMs, event.outcome)}`;
  if (event.inputHash === undefined && event.signal === undefined && event.attempt === undefined) return `${text}}`;
  const inputHash = event.inputHash === undefined ? "" : `,"inputHash":"${event.inputHash}"`;
  const signal = event.signal === undefined ? "" : `,"signal":${quote(event.signal)}`;
  const attempt = event.attempt === undefined ? "" : `,"attempt":${event.attempt}`;
  return `${text}${inputHash}${signal}${attempt}}`;
}

/** Many events come in one millisecond, and a number of this size is costly to write. */
let writtenMs = Number.NaN;
let timed = "";
let timedCompleted = "";

/** `,"atMs":…,"outcome":…` */
function timedOutcome(atMs: number, outcome: Outcome): string {
  if (atMs !== writtenMs) {
    writtenMs = atMs;
    timed = `,"atMs":${atMs},"outcome":`;
    timedCompleted = `${timed}{"status":"completed","value":`;
  }
  if (outcome.status !== "completed") return timed + JSON.stringify(outcome);
  return outcome.value === undefined ? `${timed}{"status":"completed"}` : `${timedCompleted}${jsonText(outcome.value)}}`;
}

function jsonText(value: Json): string {
  return typeof value === "number" || typeof value === "boolean" || value === null ? String(value) : JSON.stringify(value);
}

/** Nearly all keys need no escape; testing that is cheaper than `JSON.stringify`. */
const plain = /^[A-Za-z0-9_.:/#@ -]*$/;
function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
