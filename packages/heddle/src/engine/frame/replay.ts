import { canonicalJson, type OpEnded, type OpOpened, type Outcome } from "@heddle/kernel";
import type { FrameHistory, HistoryEntry } from "./history.ts";
import type { Operation } from "./operation.ts";
import type { TaskFrame } from "./task-frame.ts";
import { handleUpdate } from "./updates.ts";

const nothing: readonly never[] = [];
const done: Outcome = { status: "completed" };

/** Attempts of a step that were recorded as failed. */
interface Retry {
  /** The one that follows them. */
  readonly attempt: number;
  readonly dueAtMs: number;
  /** When the first began, where a total time bounds them. */
  readonly begunAtMs: number | undefined;
}

/**
 * Gives a function back what its activation has recorded, and pauses the run where its code does not ask for it. Afterwards it knows what is recorded of
 * operations that have not ended.
 *
 * Invariants: 1. Recorded ends are given in journal order. 2. Of entries before `#lenientBefore` those that the code does not ask for are passed over: it was
 * accepted as it is.
 */
export class Replay {
  readonly #frame: TaskFrame;
  readonly #lenientBefore: number;
  #entries: readonly HistoryEntry[];
  #at = 0;
  /** Recorded ends that accepted code has not asked for yet, or never will. */
  #early: Map<string, { readonly kind: string; readonly outcome: Outcome }> | null = null;
  #opened: Map<string, { readonly event: OpOpened; readonly seq: number }> | null = null;
  #retries: Map<string, Retry> | null = null;
  /** Of starts that were recorded because they were the only ones under way: deaths since, and whether it is under way as far as is recorded. */
  #alone: Map<string, { deaths: number; underWay: boolean }> | null = null;
  #cancelsWhenOver = false;

  constructor(frame: TaskFrame, { entries, lenientBefore }: FrameHistory) {
    this.#frame = frame;
    this.#entries = entries;
    this.#lenientBefore = lenientBefore;
  }

  get underWay(): boolean {
    return this.#entries.length > 0;
  }

  /** The run was asked to stop. The code must first come to where the run was then. */
  cancelWhenOver(): void {
    this.#cancelsWhenOver = true;
  }

  /** Give back the next recorded ends, up to one that the code hears of. Called in a turn of its own; says whether there may be more. */
  next(): boolean {
    const frame = this.#frame;
    while (this.#at < this.#entries.length) {
      if (frame.ended) return false;
      const index = this.#at++;
      const entry = this.#entries[index] as HistoryEntry;
      switch (entry.type) {
        case "opened": {
          const { event, seq } = entry;
          (this.#opened ??= new Map()).set(event.key, { event, seq });
          if (event.why === "suspect") (this.#alone ??= new Map()).set(event.key, { deaths: this.#deathsAlone(event.key), underWay: true });
          frame.noteChild(event);
          if (event.op === "update") {
            handleUpdate(frame, event, false);
            return true;
          }
          if (event.op !== "start") break;
          const outcome: Outcome = { status: "completed", value: event.child?.runId ?? "" };
          const operation = this.#expect(event.key, "start", event.inputHash, index, outcome);
          if (operation === null || this.#isOtherWait(operation, event, index)) break;
          frame.operations?.give(operation, outcome, entry.atMs);
          return true;
        }
        case "retried": {
          this.#retries ??= new Map();
          this.#alone?.delete(entry.key);
          const before = this.#retries.get(entry.key);
          this.#retries.set(entry.key, {
            attempt: (before?.attempt ?? 1) + 1,
            dueAtMs: entry.dueAtMs,
            begunAtMs: entry.takenMs === undefined ? undefined : entry.atMs - entry.takenMs,
          });
          break;
        }
        case "ended": {
          const { event } = entry;
          const opened = this.#opened?.get(event.key)?.event;
          this.#opened?.delete(event.key);
          this.#retries?.delete(event.key);
          this.#alone?.delete(event.key);
          // A start is over once its child is there; one that ended without was refused.
          if (event.op === "update" || (event.op === "start" && opened !== undefined)) break;
          const operation = this.#expect(event.key, event.op, event.inputHash, index, event.outcome);
          if (event.signal !== undefined) this.#signalTaken(event, event.signal, entry.seq);
          if (operation === null || (opened !== undefined && this.#isOtherWait(operation, opened, index))) break;
          if (frame.operations?.give(operation, event.outcome, entry.atMs) === "unheard") break;
          return true;
        }
        case "emitted": {
          const operation = this.#expect(entry.key, "emit", undefined, index, done);
          if (operation === null) break;
          frame.operations?.give(operation, done, entry.atMs);
          return true;
        }
        case "cancelled":
          frame.cancelNow();
          return true;
        case "crashed":
          this.#crashed(entry.atMs);
          break;
        default:
          entry satisfies never;
      }
    }
    if (!frame.ended) this.#end("on");
    return false;
  }

  /** The code is over, perhaps before it was given all that is recorded: it was not told of that before either. Says whether it may be; what it has never asked for pauses the run. */
  endEarly(how: string): boolean {
    if (!this.underWay) return true;
    const left = this.#leftover();
    if (left !== null) {
      this.#mismatch([`recorded   ${describe(left)}`, `code       ${how} without asking for it`]);
      return false;
    }
    while (this.#at < this.#entries.length) this.#passOver(this.#entries[this.#at++] as HistoryEntry);
    this.#end("over");
    return !this.#frame.ended;
  }

  /** Recorded, and nobody is left to be told of it. */
  #passOver(entry: HistoryEntry): void {
    const { operations } = this.#frame;
    if (entry.type === "cancelled") this.#cancelsWhenOver = true;
    else if (entry.type === "opened") {
      (this.#opened ??= new Map()).set(entry.event.key, entry);
      this.#frame.noteChild(entry.event);
    } else if (entry.type === "ended") {
      const { key, signal, outcome } = entry.event;
      this.#opened?.delete(key);
      this.#retries?.delete(key);
      const operation = operations?.get(key);
      if (operation !== undefined) operation.ended = true;
      if (signal === undefined) return;
      if (operation?.signal === undefined || outcome.status !== "completed") this.#signalTaken(entry.event, signal, entry.seq);
      else
        operation.taken = {
          id: signal,
          name: operation.signal,
          seq: entry.seq,
          ...(outcome.value === undefined ? null : { value: outcome.value }),
        };
    }
  }

  /** Nothing is left to give back: what the code waits for is begun for real, unless it does not fit what is open. `over`: it waits for nothing any more. */
  #end(then: "on" | "over"): void {
    if (!this.underWay) return;
    const { operations } = this.#frame;
    for (const [key, { event }] of this.#opened ?? []) {
      if (event.op === "start" || event.op === "update" || this.#lenientBefore > 0) continue;
      if (operations?.isClosed(key) === true) continue;
      const operation = operations?.get(key);
      if (operation === undefined) {
        this.#mismatch([`recorded   ${event.op} "${key}" is open`, `code       does not ask for it${this.#asks()}`]);
        return;
      }
      if (this.#expect(key, event.op, event.inputHash, 0, done) === null || this.#isOtherWait(operation, event, 0)) return;
    }
    for (const key of this.#retries?.keys() ?? []) {
      if (this.#lenientBefore > 0 || operations?.get(key) !== undefined || operations?.isClosed(key) === true) continue;
      this.#mismatch([`recorded   step "${key}" waits to be tried again`, `code       does not ask for it${this.#asks()}`]);
      return;
    }
    this.#entries = nothing;
    this.#frame.live(this.#cancelsWhenOver, then);
  }

  /** A recorded end that accepted code asks for only now. */
  earlyEnd({ key, kind }: Operation): Outcome | undefined {
    const early = this.#early?.get(key);
    return early !== undefined && early.kind === kind ? early.outcome : undefined;
  }

  /** Give an operation the record of its opening, if there is one. */
  findOpening(operation: Operation): void {
    const recorded = this.#opened?.get(operation.key);
    // After accepted changes it may be open as something else, or for something else: then it is opened anew. A child is there already.
    if (
      recorded !== undefined &&
      recorded.event.op === operation.kind &&
      (operation.child !== null || openedFor(recorded.event) === openedFor(operation))
    ) {
      operation.opened = recorded.event;
      operation.openedSeq = recorded.seq;
      operation.deathsAlone = this.#deathsAlone(operation.key);
    }
  }

  #deathsAlone(key: string): number {
    return this.#alone?.get(key)?.deaths ?? 0;
  }

  retryOf(key: string): Retry | undefined {
    return this.#retries?.get(key);
  }

  /** What the code was waiting for when its process died may have begun, except what was to be tried again later than that. */
  #crashed(atMs: number): void {
    for (const alone of this.#alone?.values() ?? []) {
      if (alone.underWay) alone.deaths++;
      alone.underWay = false;
    }
    const { operations } = this.#frame;
    if (operations === null) return;
    for (const operation of operations.pending()) {
      const retried = this.#retries?.get(operation.key);
      if (retried === undefined || retried.dueAtMs <= atMs) operation.crashes++;
    }
  }

  /** A signal was taken, perhaps by a wait that the code had given up before it was told: then it is still there. */
  #signalTaken({ key, outcome }: OpEnded, id: string, seq: number): void {
    const { operations, run } = this.#frame;
    const name = operations?.signalOfClosed(key);
    if (name === undefined || outcome.status !== "completed") run.signals.heard(id, seq);
    else run.signals.unheard({ id, name, seq, ...(outcome.value === undefined ? null : { value: outcome.value }) });
  }

  /**
   * The operation that a recorded end belongs to, or null when it may be passed over; a code that does not ask for it pauses the run. In what was accepted
   * it may come before the code asks for it.
   */
  #expect(key: string, kind: string, inputHash: string | undefined, index: number, outcome: Outcome): Operation | null {
    const { operations } = this.#frame;
    const operation = operations?.get(key);
    if (index < this.#lenientBefore && operation?.kind !== kind) {
      if (operations?.isClosed(key) !== true) (this.#early ??= new Map()).set(key, { kind, outcome });
      return null;
    }
    if (operation === undefined) {
      if (operations?.isClosed(key) === true) return null;
      this.#mismatch([`recorded   ${kind} "${key}"`, `code       does not ask for it${this.#asks()}`]);
      return null;
    }
    if (operation.kind !== kind) {
      this.#mismatch([`recorded   ${kind} "${key}"`, `code       ${operation.kind} "${key}"`]);
      return null;
    }
    if (operation.inputHash !== inputHash && index >= this.#lenientBefore) {
      this.#mismatch([
        `recorded   ${kind} "${key}" with input hash ${inputHash ?? "none"}`,
        `code       ${operation.kind} "${key}" with input hash ${operation.inputHash ?? "none"}`,
      ]);
      return null;
    }
    return operation;
  }

  /** Whether it was opened for something else than the code asks for now; then the run is paused. */
  #isOtherWait(operation: Operation, opened: OpOpened, index: number): boolean {
    const [was, is] = [openedFor(opened), openedFor(operation)];
    if (was === is || index < this.#lenientBefore) return false;
    this.#mismatch([`recorded   ${opened.op} "${opened.key}"${was}`, `code       ${operation.kind} "${opened.key}"${is}`]);
    return true;
  }

  #asks(): string {
    const asked = [...(this.#frame.operations?.pending() ?? [])].slice(0, 5).map(({ key }) => `"${key}"`);
    return asked.length === 0 ? "" : `; it asks for ${asked.join(", ")}`;
  }

  #leftover(): HistoryEntry | null {
    for (let index = Math.max(this.#at, this.#lenientBefore); index < this.#entries.length; index++) {
      const entry = this.#entries[index] as HistoryEntry;
      if (entry.type === "cancelled" || entry.type === "retried" || entry.type === "crashed") continue;
      const key = entry.type === "emitted" ? entry.key : entry.event.key;
      const op = entry.type === "emitted" ? "emit" : entry.event.op;
      if (op !== "update" && this.#frame.operations?.isUsed(key) !== true) return entry;
    }
    return null;
  }

  #mismatch(difference: readonly string[]): void {
    const { run } = this.#frame;
    run.mismatch([
      ...difference,
      `ways on    bring the old code back and "heddle resume ${run.runId}"; take the code as it is with "--accept"; or "heddle fork" from an earlier event`,
    ]);
  }
}

/** What a wait is for, in words: part of what a mismatch is found by. */
function openedFor({ signal, question, child }: OpOpened | Operation): string {
  if (question !== undefined) return ` with the question ${canonicalJson(question)}`;
  if (signal !== undefined) return ` for signal "${signal}"`;
  return child === null || child === undefined ? "" : ` of "${child.workflow}"`;
}

function describe(entry: HistoryEntry): string {
  if (entry.type === "cancelled" || entry.type === "retried" || entry.type === "crashed") return entry.type;
  return entry.type === "emitted" ? `emit "${entry.key}"` : `${entry.event.op} "${entry.event.key}"`;
}
