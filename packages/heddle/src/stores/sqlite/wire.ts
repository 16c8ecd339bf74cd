/**
 * How calls and answers cross to the writer's thread: one flat list of strings and numbers per group. A list of small objects would be
 * cloned name by name; this takes a third of the time. Only what is rare crosses as an object.
 *
 * Each call begins with its type. A commit is followed by its counts and then by its runs, parts and messages, field by field.
 */
import type {
  CommitBatch,
  CommitVerdict,
  CreateVerdict,
  MessageVerdict,
  NewMessage,
  NewRun,
  PartVerdict,
  RunPart,
  Statement,
} from "@heddle/kernel";
import type { ErrorFields } from "./error-fields.ts";
import { CallRefused, type GroupAnswer, type WriteAnswer, type WriteCall } from "./writer/write-call.ts";

export type Wire = unknown[];

/** Reads a list from its front. What it reads was written by this file. */
class WireReader {
  readonly #wire: Wire;
  #at = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get done(): boolean {
    return this.#at === this.#wire.length;
  }

  next<T>(): T {
    return this.#wire[this.#at++] as T;
  }

  list<T>(): T[] {
    const count = this.next<number>();
    const items = this.#wire.slice(this.#at, this.#at + count) as T[];
    this.#at += count;
    return items;
  }

  many<T>(count: number, read: (reader: WireReader) => T): T[] {
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(read(this));
    return items;
  }
}

// Which fields of a part follow.
const hasProgress = 1;
const hasMailSeen = 2;
const hasRelease = 4;
const hasSnapshot = 8;
const hasRest = 16;

export function writeCommit(wire: Wire, { creates, parts, messages }: CommitBatch): void {
  wire.push("commit", creates?.length ?? 0, parts?.length ?? 0, messages?.length ?? 0);
  if (creates !== undefined) for (const run of creates) writeRun(wire, run);
  if (parts !== undefined) for (const part of parts) writePart(wire, part);
  if (messages !== undefined) for (const { runId, id, atMs, body } of messages) wire.push(runId, id, atMs, body);
}

export function writeCall(wire: Wire, call: Exclude<WriteCall, { type: "commit" }>): void {
  wire.push(call.type, call);
}

export function readCalls(wire: Wire): WriteCall[] {
  const reader = new WireReader(wire);
  const calls: WriteCall[] = [];
  while (!reader.done) {
    const type = reader.next<WriteCall["type"]>();
    calls.push(type === "commit" ? { type, batch: readBatch(reader) } : reader.next<WriteCall>());
  }
  return calls;
}

function readBatch(reader: WireReader): CommitBatch {
  const creates = reader.next<number>();
  const parts = reader.next<number>();
  const messages = reader.next<number>();
  return { creates: reader.many(creates, readRun), parts: reader.many(parts, readPart), messages: reader.many(messages, readMessage) };
}

function writeRun(wire: Wire, { row, events, claimFor }: NewRun): void {
  wire.push(row.runId, row.workflow, row.version, row.wakeAtMs, row.priority, row.limitKey, row.limitMax, row.queue, row.placement);
  wire.push(
    row.tenant,
    row.rateKey,
    row.rateMax,
    row.ratePeriodMs,
    row.dedupKey,
    row.parentId,
    row.tags,
    row.createdAtMs,
    row.inputHash,
    claimFor,
    events.length,
    ...events,
  );
}

function readRun(reader: WireReader): NewRun {
  const row: NewRun["row"] = {
    runId: reader.next(),
    workflow: reader.next(),
    version: reader.next(),
    wakeAtMs: reader.next(),
    priority: reader.next(),
    limitKey: reader.next(),
    limitMax: reader.next(),
    queue: reader.next(),
    placement: reader.next(),
    tenant: reader.next(),
    rateKey: reader.next(),
    rateMax: reader.next(),
    ratePeriodMs: reader.next(),
    dedupKey: reader.next(),
    parentId: reader.next(),
    tags: reader.next(),
    createdAtMs: reader.next(),
    inputHash: reader.next(),
  };
  const claimFor = reader.next<string | undefined>();
  const events = reader.list<string>();
  return claimFor === undefined ? { row, events } : { row, events, claimFor };
}

function writePart(wire: Wire, part: RunPart): void {
  const { release, snapshot, children, messages, statements } = part;
  const rest = children !== undefined || messages !== undefined || statements !== undefined;
  const fields =
    (part.progress === true ? hasProgress : 0) |
    (part.mailSeen === undefined ? 0 : hasMailSeen) |
    (release === undefined ? 0 : hasRelease) |
    (snapshot === undefined ? 0 : hasSnapshot) |
    (rest ? hasRest : 0);
  wire.push(part.runId, part.epoch, part.expectedSeq, part.atMs, fields, part.events.length);
  for (const event of part.events) wire.push(event);
  if (part.mailSeen !== undefined) wire.push(part.mailSeen);
  if (release !== undefined) wire.push(release.status, release.wakeAtMs, release.dead, release.note, release.version);
  if (snapshot !== undefined) wire.push(snapshot.body);
  if (rest) wire.push({ children, messages, statements: statements?.map(sendable) });
}

function readPart(reader: WireReader): RunPart {
  const runId = reader.next<string>();
  const epoch = reader.next<number>();
  const expectedSeq = reader.next<number | null>();
  const atMs = reader.next<number>();
  const fields = reader.next<number>();
  const part: { -readonly [K in keyof RunPart]: RunPart[K] } = { runId, epoch, expectedSeq, atMs, events: reader.list<string>() };
  if ((fields & hasProgress) !== 0) part.progress = true;
  if ((fields & hasMailSeen) !== 0) part.mailSeen = reader.next<number>();
  if ((fields & hasRelease) !== 0)
    part.release = { status: reader.next(), wakeAtMs: reader.next(), dead: reader.next(), note: reader.next(), ...version(reader.next()) };
  if ((fields & hasSnapshot) !== 0) part.snapshot = { body: reader.next<string>() };
  if ((fields & hasRest) !== 0) Object.assign(part, reader.next<object>());
  return part;
}

/** A parameter that cannot cross becomes one that SQLite refuses: so it fails its own part and not the message that it is in. */
function sendable({ sql, parameters = [] }: Statement): Statement {
  return { sql, parameters: parameters.map((value) => (typeof value === "function" || typeof value === "symbol" ? ({} as never) : value)) };
}

/** Absent and null mean different things here. */
function version(value: string | null | undefined): { version?: string | null } {
  return value === undefined ? {} : { version: value };
}

function readMessage(reader: WireReader): NewMessage {
  return { runId: reader.next(), id: reader.next(), atMs: reader.next(), body: reader.next() };
}

// Answers. Where a number says it all, only a number goes back.
const staleCode = -1;
const mailCode = -2;
const messageStatuses = ["kept", "duplicate", "unknown", "ended"] as const satisfies readonly MessageVerdict["status"][];

/** A group's answers, as a list that `AnswerReader` reads. */
export function writeAnswers(calls: readonly WriteCall[], { answers, foreign, placeFree }: GroupAnswer): Wire {
  const wire: Wire = [foreign, placeFree];
  for (let index = 0; index < calls.length; index++) {
    const answer = answers[index]!;
    if (answer instanceof CallRefused) wire.push(answer.error);
    else {
      wire.push(0);
      if (calls[index]!.type === "commit") writeVerdict(wire, answer as CommitVerdict);
      else wire.push(answer);
    }
  }
  return wire;
}

function writeVerdict(wire: Wire, { creates, parts, messages }: CommitVerdict): void {
  for (const verdict of creates) wire.push(verdict.status === "created" ? Number(verdict.claimed) : verdict);
  for (const verdict of parts) wire.push(partCode(verdict));
  for (const { status } of messages) wire.push(messageStatuses.indexOf(status));
}

function partCode(verdict: PartVerdict): unknown {
  if (verdict.status === "ok")
    return verdict.rows === undefined && verdict.children === undefined && verdict.messages === undefined ? verdict.seq : verdict;
  if (verdict.status === "stale") return staleCode;
  return verdict.status === "mail" ? mailCode : verdict;
}

const stale: PartVerdict = { status: "stale" };
const mail: PartVerdict = { status: "mail" };

export class AnswerReader {
  readonly foreign: boolean;
  readonly placeFree: boolean;
  readonly #reader: WireReader;

  constructor(wire: Wire) {
    this.#reader = new WireReader(wire);
    this.foreign = this.#reader.next<boolean>();
    this.placeFree = this.#reader.next<boolean>();
  }

  /** Why the next call was refused; null: it was not, and its answer follows. */
  refusal(): ErrorFields | null {
    const fields = this.#reader.next<0 | ErrorFields>();
    return fields === 0 ? null : fields;
  }

  verdict(creates: number, parts: number, messages: number): CommitVerdict {
    return {
      creates: this.#reader.many(creates, readCreate),
      parts: this.#reader.many(parts, readPartVerdict),
      messages: this.#reader.many(messages, (reader) => ({ status: messageStatuses[reader.next<number>()]! })),
    };
  }

  other(): WriteAnswer {
    return this.#reader.next<WriteAnswer>();
  }
}

function readCreate(reader: WireReader): CreateVerdict {
  const code = reader.next<number | CreateVerdict>();
  return typeof code === "number" ? { status: "created", claimed: code === 1 } : code;
}

function readPartVerdict(reader: WireReader): PartVerdict {
  const code = reader.next<number | PartVerdict>();
  if (typeof code !== "number") return code;
  if (code === staleCode) return stale;
  return code === mailCode ? mail : { status: "ok", seq: code };
}
