import { HeddleError } from "@heddle/kernel";
import { readStoredText, type StoredText } from "../text/stored-text.ts";

/** Workflow of the runs that are threads. No engine has code for it. */
export const threadWorkflow = "langgraph-thread";
/** How events of a thread are written; a journal of a higher one is refused. */
const format = 1;

/** A checkpoint, with the values that are new in it. */
export interface CheckpointKept {
  readonly type: "checkpoint";
  /** Namespace: empty for the graph itself, else the path of a subgraph. */
  readonly ns: string;
  readonly id: string;
  /** Checkpoint that it goes on from. */
  readonly parent?: string;
  /** The checkpoint without its values, and its metadata. */
  readonly head: StoredText;
  /** By channel: its value from here on; null: from here on it has none. */
  readonly values: readonly (readonly [channel: string, value: StoredText | null])[];
}

/** What a task wrote on top of a checkpoint. */
export interface WritesKept {
  readonly type: "writes";
  readonly ns: string;
  /** Of the checkpoint, which may follow in the journal. */
  readonly id: string;
  readonly task: string;
  /** With the place that each has among the task's writes; negative ones replace what is there. */
  readonly writes: readonly (readonly [index: number, channel: string, value: StoredText])[];
}

export type ThreadEvent = CheckpointKept | WritesKept;

/** First event of a thread's journal. */
export function startedText(threadId: string, atMs: number): string {
  return JSON.stringify({ type: "run-started", workflow: threadWorkflow, planHash: "", input: { thread: threadId, format }, atMs });
}

/** Text of an event in the journal. It is an `emitted`, which every reader of journals knows. */
export function eventText(event: ThreadEvent, atMs: number): string {
  const { type, ...value } = event;
  return JSON.stringify({
    type: "emitted",
    of: 0,
    key: event.type === "writes" ? `${event.id}/${event.task}` : event.id,
    name: type,
    value,
    atMs,
  });
}

/** What an event of a thread's journal says; `started` for its first, with the thread's id. */
export type ReadEvent = { readonly type: "started"; readonly threadId: string } | ThreadEvent;

/**
 * @returns null: it is no event of a thread
 * @throws HeddleError `STORE_NEWER` it is written in a way that this version does not know
 */
export function readEvent(body: string): ReadEvent | null {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isRecord(event)) return null;
  if (event["type"] === "run-started") return readStarted(event["input"]);
  if (event["type"] !== "emitted" || !isRecord(event["value"])) return null;
  const { ns, id, parent, head, values, task, writes } = event["value"];
  if (typeof ns !== "string" || typeof id !== "string") return null;
  if (event["name"] === "checkpoint") {
    if (readStoredText(head) === null || (parent !== undefined && typeof parent !== "string") || !isListOf(values, isValue)) return null;
    return { ...event["value"], type: "checkpoint" } as unknown as CheckpointKept;
  }
  if (event["name"] !== "writes" || typeof task !== "string" || !isListOf(writes, isWrite)) return null;
  return { ...event["value"], type: "writes" } as unknown as WritesKept;
}

function readStarted(input: unknown): ReadEvent | null {
  if (!isRecord(input) || typeof input["thread"] !== "string") return null;
  if (typeof input["format"] === "number" && input["format"] > format)
    throw new HeddleError(
      "STORE_NEWER",
      `LangGraph thread ${input["thread"]} is kept in format ${input["format"]}, and this version of @heddle/langgraph knows ${format}: use the newer version.`,
      { data: { thread: input["thread"], format: input["format"] } },
    );
  return input["format"] === format ? { type: "started", threadId: input["thread"] } : null;
}

function isValue(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && (value[1] === null || readStoredText(value[1]) !== null)
  );
}

function isWrite(write: unknown): boolean {
  return (
    Array.isArray(write) &&
    write.length === 3 &&
    Number.isSafeInteger(write[0]) &&
    typeof write[1] === "string" &&
    readStoredText(write[2]) !== null
  );
}

function isListOf(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
