import type { Json, LateText, OpEnded, Outcome, RunEvent, RunStarted, TaskEnded, Verb } from "@heddle/kernel";
import type { JournalEvent } from "./engine.ts";

/**
 * The text of an event as the journal keeps it. The two events that every step and task writes are put together by hand, from as few parts
 * as can be, which is several times faster than `JSON.stringify` of the whole; all others go through it.
 */
export function eventText(event: RunEvent): string {
  if (event.type === "task-ended") return taskEndedText(taskEndedBeginning(event.task), event);
  if (event.type === "op-ended") return opEndedText(event);
  if (event.type === "run-ended") {
    const text = `{"type":"run-ended"${timedOutcome(event.atMs, event.outcome)}}`;
    forgetLong();
    return text;
  }
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

/** The end of a task as a line of the journal. A store that keeps nothing may never need its text. */
export class TaskEndedLine implements LateText {
  readonly #beginning: string;
  readonly #event: { readonly atMs: number } & TaskEnded;
  #text: string | null = null;

  constructor(beginning: string, event: { readonly atMs: number } & TaskEnded) {
    this.#beginning = beginning;
    this.#event = event;
  }

  text(): string {
    return (this.#text ??= taskEndedText(this.#beginning, this.#event));
  }
}

export function taskEndedText(beginning: string, event: { readonly atMs: number } & TaskEnded): string {
  const { verbs, merged, failedOps } = event;
  const text = beginning + event.no + timedOutcome(event.atMs, event.outcome);
  if (verbs === undefined && merged === undefined && failedOps === undefined) return `${text}}`;
  const written = verbs === undefined ? text : withVerbs(text, verbs);
  if (merged === undefined && failedOps === undefined) return `${written}}`;
  const mergedText = merged === undefined ? "" : `,"merged":${JSON.stringify(merged)}`;
  const failedText = failedOps === undefined ? "" : `,"failedOps":${JSON.stringify(failedOps)}`;
  return `${written}${mergedText}${failedText}}`;
}

/** The text and its verbs. What nodes of graphs write and choose is put together by hand too. */
function withVerbs(before: string, verbs: readonly Verb[]): string {
  let text = before;
  for (let index = 0; index < verbs.length; index++) {
    const verb = verbs[index] as Verb;
    const separator = index === 0 ? ',"verbs":[' : ",";
    if ("write" in verb) text += textOf(writeTexts, separator, verb.write) + jsonText(verb.value) + "}";
    else if ("take" in verb) text += textOf(takeTexts, separator, verb.take);
    else text += separator + JSON.stringify(verb);
  }
  return `${verbs.length === 0 ? `${text},"verbs":[` : text}]`;
}

/** What the verbs of a channel or label begin with, or are, with the separator before it: the same each time. */
interface NamedTexts {
  readonly make: (name: string) => string;
  readonly first: Map<string, string>;
  readonly further: Map<string, string>;
}
const writeTexts: NamedTexts = { make: (name) => `{"write":${quote(name)},"value":`, first: new Map(), further: new Map() };
const takeTexts: NamedTexts = { make: (name) => `{"take":${quote(name)}}`, first: new Map(), further: new Map() };
const mostNames = 1_000;

function textOf({ make, first, further }: NamedTexts, separator: string, name: string): string {
  const texts = separator === "," ? further : first;
  let text = texts.get(name);
  if (text !== undefined) return text;
  // A definition has few; those of many definitions that come and go are not kept for ever.
  if (texts.size === mostNames) texts.clear();
  text = separator + make(name);
  texts.set(name, text);
  return text;
}

export function readEvent(text: string): RunEvent {
  return JSON.parse(text) as RunEvent;
}

/** As `readEvent`, with the place that it has in its journal. */
export function readJournalEvent(seq: number, text: string): JournalEvent {
  return JSON.parse(`{"seq":${seq},${text.slice(1)}`) as JournalEvent;
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
let timedNothing = "";

/** `,"atMs":…,"outcome":…` */
function timedOutcome(atMs: number, outcome: Outcome): string {
  if (atMs !== writtenMs) {
    writtenMs = atMs;
    timed = `,"atMs":${atMs},"outcome":`;
    timedCompleted = `${timed}{"status":"completed","value":`;
    timedNothing = `${timed}{"status":"completed"}`;
  }
  if (outcome.status !== "completed") return timed + JSON.stringify(outcome);
  return outcome.value === undefined ? timedNothing : `${timedCompleted}${jsonText(outcome.value)}}`;
}

/** A run's value is its last task's, so that it is often written twice in a row. Kept values never change. Characters. */
const longestRemembered = 2 ** 24;
/** What is longer is remembered until a run ends, and no longer. */
const longestKept = 1_000;
let writtenObject: object | null = null;
let writtenText = "";

function forgetLong(): void {
  if (writtenText.length <= longestKept) return;
  writtenObject = null;
  writtenText = "";
}

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
