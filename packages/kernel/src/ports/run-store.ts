import type { ErrorValue } from "../run/outcome.ts";

export type RunId = string;

/** An event as kept: its place and its encoded text. The store never looks inside. */
export interface StoredEvent {
  readonly seq: number;
  readonly atMs: number;
  /** JSON text of the RunEvent. */
  readonly body: string;
}

/** `queued`: not begun or not yet due. `running`: owned by a node. `waiting`: parked. `paused`: waits for a person to mend it. The last four are ends. */
export type RunStatus = "queued" | "running" | "waiting" | "paused" | "completed" | "failed" | "cancelled" | "timed-out";

/** One row per run: what lists and claims read. Everything else about a run is in its journal. */
export interface RunRow {
  readonly runId: RunId;
  readonly workflow: string;
  readonly version: string | null;
  readonly status: RunStatus;
  /** Grows at each claim; every append names it. 0 before the first claim. */
  readonly epoch: number;
  /** Node that owns it, while `running`. */
  readonly owner: string | null;
  /** When a node should next take it up, epoch milliseconds; null: only mail wakes it. */
  readonly wakeAtMs: number | null;
  /** Claims after a dead owner, since the journal last grew by a completion. */
  readonly crashes: number;
  /** Last mailbox number given out. */
  readonly mailSeq: number;
  /** Mailbox number consumed. */
  readonly mailSeen: number;
  readonly priority: number;
  readonly limitKey: string | null;
  readonly limitMax: number | null;
  readonly dedupKey: string | null;
  readonly parentId: RunId | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  /** Hash of the input, to tell an equal start from a conflicting one. */
  readonly inputHash: string;
  /** Code of why it is in the dead-letter list; null: it is not. */
  readonly dead: string | null;
  /** What people are told of a run that is paused, waiting or ended badly: code and sentence. */
  readonly note: string | null;
}

/** A run to create, with its first events. */
export interface NewRun {
  readonly row: Pick<
    RunRow,
    "runId" | "workflow" | "version" | "wakeAtMs" | "priority" | "limitKey" | "limitMax" | "dedupKey" | "parentId" | "tags" | "createdAtMs" | "inputHash"
  >;
  readonly events: readonly string[];
  /** Claim it in the same commit for this node (epoch 1, `running`), if its limit allows; else it is `queued`. */
  readonly claimFor?: string;
}

/** Mail to a run: signal, answer, cancel, child end. Kept in order, taken once, deduplicated by `id` for the life of the run. */
export interface NewMessage {
  readonly runId: RunId;
  readonly id: string;
  readonly atMs: number;
  readonly body: string;
}

export interface StoredMessage {
  readonly mailSeq: number;
  readonly id: string;
  readonly atMs: number;
  readonly body: string;
}

/** One run's part of a batch: fenced, all or nothing. */
export interface RunPart {
  readonly runId: RunId;
  readonly epoch: number;
  /** `seq` of the last event that the writer knows; the first of `events` gets the next. */
  readonly expectedSeq: number;
  readonly events: readonly string[];
  readonly atMs: number;
  /** Mail consumed up to and including this number. */
  readonly mailSeen?: number;
  /** New runs and mail that come to be with this append. */
  readonly children?: readonly NewRun[];
  readonly messages?: readonly NewMessage[];
  /** Give the run up. Refused (`mail`) if unconsumed mail is there: the owner consumes it first. */
  readonly release?: {
    readonly status: RunStatus;
    readonly wakeAtMs: number | null;
    readonly dead?: string | null;
    readonly note?: string | null;
    readonly version?: string | null;
  };
  /** Put the crash counter back to zero: a completion was recorded. */
  readonly progress?: boolean;
  readonly snapshot?: { readonly body: string };
  /** SQL on the user's tables in the same database, run inside this part. Only stores with `transactions`. */
  readonly statements?: readonly Statement[];
}

export interface Statement {
  readonly sql: string;
  readonly parameters?: readonly (null | number | bigint | string | Uint8Array)[];
}

export interface CommitBatch {
  readonly creates?: readonly NewRun[];
  readonly parts?: readonly RunPart[];
  readonly messages?: readonly NewMessage[];
}

/**
 * `ok`: committed; `seq` is the run's last. `stale`: epoch or seq no longer hold; nothing of this part was committed.
 * `mail`: a release was refused because of unconsumed mail; nothing of this part was committed. `failed`: the user's
 * statement or a row failed; nothing of this part was committed.
 */
export type PartVerdict =
  | { readonly status: "ok"; readonly seq: number; readonly rows?: readonly (readonly Record<string, unknown>[])[] }
  | { readonly status: "stale" }
  | { readonly status: "mail" }
  | { readonly status: "failed"; readonly error: ErrorValue };

/** `exists` returns the row that is there, by run id or by dedup key. */
export type CreateVerdict =
  | { readonly status: "created"; readonly claimed: boolean }
  | { readonly status: "exists"; readonly row: RunRow };

/** `duplicate`: an equal id was there before. `unknown`: no such run. `ended`: the run has ended. */
export type MessageVerdict = { readonly status: "kept" | "duplicate" | "unknown" | "ended" };

export interface CommitVerdict {
  readonly creates: readonly CreateVerdict[];
  readonly parts: readonly PartVerdict[];
  readonly messages: readonly MessageVerdict[];
}

export interface ClaimOptions {
  readonly node: string;
  readonly limit: number;
  readonly nowMs: number;
  /** Only runs of these workflows, as `name` or `name@version`; absent: any. */
  readonly workflows?: readonly string[];
}

export interface ListOptions {
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly parentId?: RunId;
  readonly tags?: Readonly<Record<string, string>>;
  readonly dead?: boolean;
  /** Newest first. Default 50. */
  readonly limit?: number;
  /** Continue after this run of the last page. */
  readonly after?: RunId;
  /** Run ids that begin with this. */
  readonly prefix?: string;
}

/**
 * Where runs are kept. Store adapters implement it; users never see it.
 *
 * Laws, proved by `runStoreSuite` of `@heddle/testing`:
 * 1. A journal reads back in append order, `seq` 1, 2, 3 with no gap.
 * 2. A part is committed whole or not at all, and only if its epoch and expected seq hold in that very transaction.
 * 3. A batch is one transaction: one durable flush. A refused part leaves the others unharmed.
 * 4. A claim raises the epoch by one; no two claims of a run share one.
 * 5. Mail is kept from the moment its commit is acknowledged, in order, once per id, also before the run waits.
 * 6. A release with unconsumed mail is refused: no wake-up is lost.
 */
export interface RunStore extends AsyncDisposable {
  readonly features: StoreFeatures;

  /**
   * Commit one batch in a single transaction. Verdicts stand in the batch's order. An embedded store in memory answers at
   * once, without a promise; callers must take both.
   *
   * @throws HeddleError `STORE_UNAVAILABLE` nothing was committed, or it is not known; the batch may be sent again: a part
   *   that was committed then is `stale` with the journal already holding its events
   */
  commit(batch: CommitBatch): CommitVerdict | Promise<CommitVerdict>;

  /** Take up to `limit` runs that are due (`wakeAtMs` reached, not paused, not ended, no live owner, limits allow), highest priority then longest due first. Raises their epoch. */
  claim(options: ClaimOptions): Promise<readonly RunRow[]>;

  /** Say that a node lives until `untilMs` (store time); returns false if the node was declared dead meanwhile: it owns nothing any more. */
  heartbeat(node: string, untilMs: number, nowMs: number): Promise<boolean>;

  /** Free the runs of nodes whose heartbeat ran out before `nowMs`: they are due at once and their crash counter grows. Returns how many. */
  reapDeadNodes(nowMs: number): Promise<number>;

  /** The node goes away in order: what it still owns is due at once, without a crash. */
  leave(node: string, nowMs: number): Promise<void>;

  /** When the next run is due, epoch milliseconds; null: nothing waits for a time. */
  nextWakeMs(): Promise<number | null>;

  /** Events after `afterSeq`, oldest first, at most `limit`; empty for an unknown run. A body that fails its checksum throws `JOURNAL_CORRUPT`. */
  readJournal(runId: RunId, afterSeq: number, limit?: number): Promise<readonly StoredEvent[]>;

  /** Unconsumed mail, oldest first. */
  readMail(runId: RunId): Promise<readonly StoredMessage[]>;

  /** Newest snapshot whose checksum holds, or null. */
  readSnapshot(runId: RunId): Promise<{ readonly seq: number; readonly body: string } | null>;

  get(runId: RunId): Promise<RunRow | null>;
  list(options: ListOptions): Promise<readonly RunRow[]>;

  /** Put a run that is not owned into another status: pause, resume, redrive. Returns false when it is owned or its status is not one of `from`. */
  setStatus(runId: RunId, from: readonly RunStatus[], to: RunStatus, wakeAtMs: number | null, note: string | null): Promise<boolean>;

  /** Remove an ended or unowned run with all its rows. Returns false when there is none or it is owned. */
  delete(runId: RunId): Promise<boolean>;

  /** Remove journal rows up to `throughSeq`; the snapshot there takes their place. */
  compact(runId: RunId, throughSeq: number): Promise<void>;

  /** Remove runs that ended before `beforeMs`, at most `limit`; returns how many. */
  sweep(beforeMs: number, limit: number): Promise<number>;

  /** Content-addressed values: plans and large payloads. */
  putBlob(hash: string, body: string): Promise<void>;
  getBlob(hash: string): Promise<string | null>;

  /** Calls back when runs may have become due or grown, from this process or another; a hint that may come late or not at all. */
  watch(call: (runId: RunId | null) => void): Disposable;
}

export interface StoreFeatures {
  /** What survives a crash of the process, and of the machine. */
  readonly durability: "none" | "process" | "machine";
  /** `RunPart.statements` is understood. */
  readonly transactions: boolean;
  /** Other processes may open the same store. */
  readonly shared: boolean;
}
