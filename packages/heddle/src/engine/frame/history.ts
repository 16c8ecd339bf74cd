import type { Json, OpEnded, OpOpened, RunEvent } from "@heddle/kernel";

/** What a durable function's activation has recorded in its current segment, in journal order. */
export interface FrameHistory {
  readonly entries: readonly HistoryEntry[];
  /** Something is recorded of its present attempt, in this life of its process or an earlier one. */
  readonly hasBegun: boolean;
  /** Nothing is recorded of it but that its process died. */
  readonly didNothing: boolean;
  /** How often its code was begun alone, which was recorded because of earlier crashes, and then its process died and nothing else is recorded. */
  readonly deathsAlone: number;
  /** Input of the segment, if it is not the first. */
  readonly segmentInput: { readonly input: Json } | null;
  readonly segment: number;
  /** When the segment began, if it is not the first. */
  readonly segmentAtMs: number | undefined;
  /** When the first attempt began, where a total time bounds the attempts. */
  readonly begunAtMs: number | undefined;
  /** The attempt under way has recorded something, in this life of its process: it goes on, rather than begins. */
  readonly attemptBegun: boolean;
  /** Since when that is so; undefined: since the activation became due. */
  readonly attemptAtMs: number | undefined;
  /** The start of the attempt is recorded. `waits`: and it waits for something that is recorded. `over`: and what was under way then is not any more. */
  readonly start: "none" | "waits" | "over";
  /** Entries before this index may be missing from the code: it was accepted as it is after a mismatch. */
  readonly lenientBefore: number;
}

/** Number of a segment, from 1, and its input if it is not the first. */
export interface SegmentStart {
  readonly number: number;
  readonly input: Json | undefined;
}

export type HistoryEntry =
  | { readonly type: "opened"; readonly seq: number; readonly atMs: number; readonly event: OpOpened }
  | {
      readonly type: "retried";
      readonly atMs: number;
      readonly key: string;
      readonly dueAtMs: number;
      readonly takenMs: number | undefined;
    }
  | { readonly type: "ended"; readonly seq: number; readonly atMs: number; readonly event: OpEnded }
  | { readonly type: "emitted"; readonly atMs: number; readonly key: string }
  | { readonly type: "cancelled"; readonly reason: string | undefined }
  /** The process died in which it was under way; noticed at this time. */
  | { readonly type: "crashed"; readonly atMs: number };

/**
 * Collects, for one activation, what its function must be given again. Events come oldest first. Those of segments before the present one may be
 * missing: which segment it is, the run's state knows.
 */
export class HistoryReader {
  readonly #of: number;
  readonly #segment: SegmentStart;
  #entries: HistoryEntry[] = [];
  #lenientBefore = 0;
  #hasBegun = false;
  /** Its code was begun alone, as far as is recorded. */
  #alone = false;
  #deathsAlone = 0;
  #begunAtMs: number | undefined = undefined;
  #segmentAtMs: number | undefined = undefined;
  #attemptBegun = false;
  #attemptAtMs: number | undefined = undefined;
  #start: "none" | "recorded" | "died" = "none";

  constructor(of: number, segment: SegmentStart) {
    this.#of = of;
    this.#segment = segment;
  }

  add(seq: number, event: RunEvent): void {
    const { atMs } = event;
    switch (event.type) {
      case "op-opened":
        if (event.of === this.#of) this.#done({ type: "opened", seq, atMs, event });
        break;
      case "op-retried":
        if (event.of === this.#of) this.#done({ type: "retried", atMs, key: event.key, dueAtMs: event.dueAtMs, takenMs: event.takenMs });
        break;
      case "op-ended":
        if (event.of === this.#of) this.#done({ type: "ended", seq, atMs, event });
        break;
      case "emitted":
        if (event.of === this.#of) this.#done({ type: "emitted", atMs, key: event.key });
        break;
      case "task-started":
        if (event.no !== this.#of) break;
        this.#alone = true;
        this.#start = "recorded";
        this.#attemptBegun = true;
        this.#hasBegun = true;
        this.#attemptAtMs = atMs;
        break;
      case "cancel-requested":
        this.#done({ type: "cancelled", reason: event.reason });
        break;
      case "run-crashed":
        this.#entries.push({ type: "crashed", atMs });
        if (this.#alone) this.#deathsAlone++;
        this.#alone = false;
        // Its time begins anew with it: how long it was not under way, nobody knows.
        this.#attemptBegun = false;
        this.#attemptAtMs = atMs;
        if (this.#start === "recorded") this.#start = "died";
        break;
      case "segment-started":
        if (event.of !== this.#of) break;
        this.#segmentAtMs = atMs;
        this.#entries = [];
        this.#trust();
        this.#attemptBegun = true;
        this.#hasBegun = true;
        this.#lenientBefore = 0;
        break;
      case "task-retried":
        if (event.no !== this.#of) break;
        this.#begunAtMs = event.takenMs === undefined ? undefined : atMs - event.takenMs;
        this.#attemptBegun = false;
        this.#hasBegun = false;
        this.#attemptAtMs = event.dueAtMs;
        this.#start = "none";
        this.#forget(event.failedOps ?? []);
        break;
      case "run-forked":
        this.#forget(event.again ?? []);
        break;
      case "run-migrated":
        this.#lenientBefore = this.#entries.length;
        break;
      default:
        break;
    }
  }

  /** It was cancelled for another reason than a request to the run, or before its first operation. */
  toldToCancel(reason: string | undefined): void {
    if (!this.#entries.some(({ type }) => type === "cancelled")) this.#entries.push({ type: "cancelled", reason });
  }

  history(): FrameHistory {
    return {
      entries: this.#entries,
      hasBegun: this.#hasBegun,
      didNothing: this.#entries.every(({ type }) => type === "crashed"),
      deathsAlone: this.#deathsAlone,
      segmentInput: this.#segment.input === undefined ? null : { input: this.#segment.input },
      segment: this.#segment.number,
      segmentAtMs: this.#segmentAtMs,
      begunAtMs: this.#begunAtMs,
      attemptBegun: this.#attemptBegun,
      attemptAtMs: this.#attemptAtMs,
      start: this.#start === "none" ? "none" : this.#start === "recorded" && this.#waits ? "waits" : "over",
      lenientBefore: this.#lenientBefore,
    };
  }

  /** Something is open, or waits to be tried again. */
  get #waits(): boolean {
    const open = new Set<string>();
    for (const entry of this.#entries) {
      if (entry.type === "opened" || entry.type === "retried") open.add(entryKey(entry));
      else if (entry.type === "ended") open.delete(entryKey(entry));
    }
    return open.size > 0;
  }

  #done(entry: HistoryEntry): void {
    this.#entries.push(entry);
    if (entry.type !== "cancelled") {
      this.#attemptBegun = true;
      this.#hasBegun = true;
    }
    this.#trust();
  }

  /** It has done something since it was begun alone, or is another one now. */
  #trust(): void {
    this.#alone = false;
    this.#deathsAlone = 0;
  }

  /** These operations are done again: nothing of them is given back. */
  #forget(keys: readonly string[]): void {
    this.#trust();
    if (keys.length === 0) return;
    const again = new Set(keys);
    this.#entries = this.#entries.filter((entry) => !again.has(entryKey(entry)));
  }
}

/** Whether an event that names no activation counts for all of them. */
export function isForAll({ type }: RunEvent): boolean {
  return type === "cancel-requested" || type === "run-forked" || type === "run-migrated" || type === "run-crashed";
}

function entryKey(entry: HistoryEntry): string {
  if (entry.type === "cancelled" || entry.type === "crashed") return "";
  return entry.type === "opened" || entry.type === "ended" ? entry.event.key : entry.key;
}
