import type { Json, Outcome, RunEvent } from "@heddle/kernel";

/**
 * The text of an event as the journal keeps it. The two events that every step and task writes are put together by hand, which is several
 * times faster than `JSON.stringify` of the whole; all others go through it.
 */
export function eventText(event: RunEvent): string {
  if (event.type === "op-ended") {
    let text = `{"type":"op-ended","atMs":${event.atMs},"of":${event.of},"key":${quote(event.key)},"op":"${event.op}","outcome":${outcomeText(event.outcome)}`;
    if (event.inputHash !== undefined) text += `,"inputHash":"${event.inputHash}"`;
    if (event.signal !== undefined) text += `,"signal":${quote(event.signal)}`;
    if (event.attempt !== undefined) text += `,"attempt":${event.attempt}`;
    return `${text}}`;
  }
  if (event.type === "task-ended") {
    let text = `{"type":"task-ended","atMs":${event.atMs},"no":${event.no},"task":${quote(event.task)},"outcome":${outcomeText(event.outcome)}`;
    if (event.verbs !== undefined) text += `,"verbs":${JSON.stringify(event.verbs)}`;
    if (event.merged !== undefined) text += `,"merged":${JSON.stringify(event.merged)}`;
    if (event.failedOps !== undefined) text += `,"failedOps":${JSON.stringify(event.failedOps)}`;
    return `${text}}`;
  }
  return JSON.stringify(event);
}

export function readEvent(text: string): RunEvent {
  return JSON.parse(text) as RunEvent;
}

function outcomeText(outcome: Outcome): string {
  if (outcome.status !== "completed") return JSON.stringify(outcome);
  const value = outcome.value;
  return value === undefined ? '{"status":"completed"}' : `{"status":"completed","value":${jsonText(value)}}`;
}

function jsonText(value: Json): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return JSON.stringify(value);
}

/** Nearly all keys need no escape; testing that is cheaper than `JSON.stringify`. */
const plain = /^[A-Za-z0-9_.:/#@ -]*$/;
function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
