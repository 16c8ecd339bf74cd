import type { Json, OpEnded, Outcome, RunEvent, RunStarted, TaskEnded, Verb } from "@heddle/kernel";

/**
 * The text of an event as the journal keeps it. The two events that every step and task writes are put together by hand, from as few parts
 * as can be, which is several times faster than `JSON.stringify` of the whole; all others go through it.
 */
export function eventText(event: RunEvent): string {
  if (event.type === "task-ended") return taskEndedText(taskEndedBeginning(event.task), event);
  if (event.type === "op-ended") return opEndedText(event);
  if (event.type === "run-ended") return `{"type":"run-ended"${timedOutcome(event.atMs, event.outcome)}}`;
  return JSON.stringify(event);
}

export function runStartedText(event: { readonly atMs: number } & RunStarted): string {
  const { input } = event;
  if (
    event.version !== undefined ||
    event.deadlineAtMs !== undefined ||
    event.parent !== undefined ||
    event.seed !== undefined ||
    event.effects !== undefined
  )
    return JSON.stringify(event);
  const text = `{"type":"run-started","workflow":${quote(event.workflow)},"planHash":"${event.planHash}","atMs":${event.atMs}`;
  return input === undefined ? `${text}}` : `${text},"input":${jsonText(input)}}`;
}

/** How the text of a task's ends begins: the same each time. */
export function taskEndedBeginning(task: string): string {
  return `{"type":"task-ended","task":${quote(task)},"no":`;
}

export function taskEndedText(beginning: string, event: { readonly atMs: number } & TaskEnded): string {
  const text = beginning + event.no + timedOutcome(event.atMs, event.outcome);
  if (event.verbs === undefined && event.merged === undefined && event.failedOps === undefined) return `${text}}`;
  const verbs = event.verbs === undefined ? "" : `,"verbs":[${verbsText(event.verbs)}]`;
  const merged = event.merged === undefined ? "" : `,"merged":${JSON.stringify(event.merged)}`;
  const failedOps = event.failedOps === undefined ? "" : `,"failedOps":${JSON.stringify(event.failedOps)}`;
  return `${text}${verbs}${merged}${failedOps}}`;
}

/** What nodes of graphs write and choose is put together by hand too. */
function verbsText(verbs: readonly Verb[]): string {
  let text = "";
  for (let index = 0; index < verbs.length; index++) {
    const verb = verbs[index] as Verb;
    if (index > 0) text += ",";
    if ("write" in verb) text += `{"write":${quote(verb.write)},"value":${jsonText(verb.value)}}`;
    else if ("take" in verb) text += `{"take":${quote(verb.take)}}`;
    else text += JSON.stringify(verb);
  }
  return text;
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

/** A run's value is its last task's, so that it is often written twice in a row. Kept values never change. */
const longestRemembered = 1_000;
let writtenObject: object | null = null;
let writtenText = "";

function jsonText(value: Json): string {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "string") return quote(value);
  if (value === writtenObject) return writtenText;
  const text = fewFieldsText(value as Readonly<Record<string, Json>>) ?? JSON.stringify(value);
  if (text.length > longestRemembered) return text;
  writtenObject = value;
  writtenText = text;
  return text;
}

/** Of an object with up to four fields, none of them an object, in half the time; null: it is no such. */
function fewFieldsText(value: Readonly<Record<string, Json>>): string | null {
  if (Array.isArray(value)) return null;
  let text = "";
  let fields = 0;
  for (const key in value) {
    const field = value[key] as Json;
    if (++fields > 4 || !plain.test(key) || (typeof field === "object" && field !== null)) return null;
    text += `${fields === 1 ? '{"' : ',"'}${key}":${typeof field === "string" ? quote(field) : String(field)}`;
  }
  return fields === 0 ? "{}" : `${text}}`;
}

/** Nearly all keys need no escape; testing that is cheaper than `JSON.stringify`. */
const plain = /^[A-Za-z0-9_.:/#@ -]*$/;
function quote(text: string): string {
  return text.length < 100 && plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
