import type { NodeOffer } from "../placement/claim-terms.ts";
import type { ErrorValue } from "../run/outcome.ts";
import type { Clock } from "./clock.ts";

export type RunId = string;

/** An event as kept: its place and its encoded text. The store never looks inside. */
export interface StoredEvent {
  readonly seq: number;
  readonly atMs: number;
  /** JSON text of the RunEvent: well-formed Unicode (lone surrogates escaped, as JSON.stringify does). */
  readonly body: string;
}

/**
 * `queued`: not begun, or given up by its node. `running`: owned by a node. `waiting`: parked. `paused`: waits for a person to mend it.
 * The last four are ends.
 */
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
  /**
   * When a node should next take it up, epoch milliseconds; null: only mail wakes it. A claim that finds the rate used up sets it to when it is not, for
   * one run of those that wait for it. Mail to a queued or waiting run brings it
   * forward, so that the run is due at once; a claim sets it to null.
   */
  readonly wakeAtMs: number | null;
  /** Times that its owner died, since the journal last grew by a completion. */
  readonly crashes: number;
  /** Last mailbox number given out. */
  readonly mailSeq: number;
  /** Mailbox number consumed. */
  readonly mailSeen: number;
  /** A whole number from −1,000 to 1,000. Higher is claimed first, and waiting makes up for it: see `claimRankMs`. */
  readonly priority: number;
  /** At most `limitMax` runs with this key are `running` at once; a parked run holds no place. Both are set, or neither. */
  readonly limitKey: string | null;
  readonly limitMax: number | null;
  /**
   * In any time of `ratePeriodMs` at most `rateMax` runs with this key begin: are claimed for the first time. One that was parked, freed or lost
   * its node does not begin again. All three are set, or none; runs of one key are meant to have the same.
   */
  readonly rateKey: string | null;
  readonly rateMax: number | null;
  readonly ratePeriodMs: number | null;
  /** Only nodes that serve this queue claim it. */
  readonly queue: string;
  /** What it demands of its node, as `placementText` writes it; null: nothing. */
  readonly placement: string | null;
  /** Tenants take turns in claims; runs without one are together one more. */
  readonly tenant: string | null;
  /** Unique among the runs of one workflow. */
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
    | "runId"
    | "workflow"
    | "version"
    | "wakeAtMs"
    | "priority"
    | "limitKey"
    | "limitMax"
    | "rateKey"
    | "rateMax"
    | "ratePeriodMs"
    | "queue"
    | "placement"
    | "tenant"
    | "dedupKey"
    | "parentId"
    | "tags"
    | "createdAtMs"
    | "inputHash"
  >;
  /** They get the `seq` 1, 2, 3 and the time `createdAtMs`. */
  readonly events: readonly string[];
  /**
   * Claim it in the same commit for this node (epoch 1, `running`), if its limits allow, no other run with its limit key is `queued`, nor
   * one with its rate key that has not begun, and the node was not declared dead; else it is `queued`. That the node serves its queue and fits its placement, which has no
   * `maxPerNode` then, is for the caller to know.
   */
  readonly claimFor?: string;
}

/** Mail to a run: signal, answer, cancel, child end. Kept in order, taken once, deduplicated by `id` until the run is deleted. */
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

/** One run's part of a batch: fenced, all or nothing. Only the owner of a `running` run can append. */
export interface RunPart {
  readonly runId: RunId;
  readonly epoch: number;
  /** `seq` of the last event that the writer knows; the first of `events` gets the next. Null: not checked, and `events` is empty. Only for giving up a run whose journal cannot be read. */
  readonly expectedSeq: number | null;
  readonly events: readonly string[];
  readonly atMs: number;
  /** Mail consumed up to and including this number. */
  readonly mailSeen?: number;
  /** New runs and mail that come to be with this append, children first. A child whose id is there already is left as it is. */
  readonly children?: readonly NewRun[];
  readonly messages?: readonly NewMessage[];
  /**
   * Give the run up. To `waiting` it is refused (`mail`) if unconsumed mail is there: the owner consumes it first. Ends and `paused` are never
   * refused: mail does not wake a paused run, and one that cannot be read cannot consume.
   */
  readonly release?: {
    readonly status: Exclude<RunStatus, "running">;
    readonly wakeAtMs: number | null;
    /** Absent: null. */
    readonly dead?: string | null;
    /** Absent: null. */
    readonly note?: string | null;
    /** Absent: stays as it is. */
    readonly version?: string | null;
  };
  /** Put the crash counter back to zero: a completion was recorded. */
  readonly progress?: boolean;
  /** State after the last of `events`. Not kept when the part ends a run of which all events are kept: its snapshots go with its end. */
  readonly snapshot?: { readonly body: string };
  /** SQL on the user's tables in the same database, run inside this part. Only stores with `transactions`. */
  readonly statements?: readonly Statement[];
}

export interface Statement {
  readonly sql: string;
  readonly parameters?: readonly (null | number | bigint | string | Uint8Array)[];
}

/** Applied in this order: creates, parts, messages. Two parts may be of one run. */
export interface CommitBatch {
  readonly creates?: readonly NewRun[];
  readonly parts?: readonly RunPart[];
  readonly messages?: readonly NewMessage[];
}

/**
 * `ok`: committed; `seq` is the run's last. `stale`: epoch or seq no longer hold; nothing of this part was committed.
 * `mail`: a release was refused because of unconsumed mail; nothing of this part was committed. `failed`: the user's
 * statement or a row failed; nothing of this part was committed. `rows`: one list per statement, empty for those that return
 * none. `children` and `messages`: the verdicts on the part's own, in its order; there when the part has some.
 */
export type PartVerdict =
  | {
      readonly status: "ok";
      readonly seq: number;
      readonly rows?: readonly (readonly Record<string, unknown>[])[];
      readonly children?: readonly CreateVerdict[];
      readonly messages?: readonly MessageVerdict[];
    }
  | { readonly status: "stale" }
  | { readonly status: "mail" }
  | { readonly status: "failed"; readonly error: ErrorValue };

/** `exists` returns the row that is there, by run id or, if none has it, by dedup key. */
export type CreateVerdict = { readonly status: "created"; readonly claimed: boolean } | { readonly status: "exists"; readonly row: RunRow };

/** `duplicate`: an equal id was kept before. `unknown`: no such run. `ended`: the run has ended. */
export type MessageVerdict = { readonly status: "kept" | "duplicate" | "unknown" | "ended" };

export interface CommitVerdict {
  readonly creates: readonly CreateVerdict[];
  readonly parts: readonly PartVerdict[];
  readonly messages: readonly MessageVerdict[];
}

/** Of which runs a node, or whoever asks, can take some. */
export interface WakeOptions extends NodeOffer {
  /** Only runs of these: `name@version`, or `name` for runs of that workflow that have no version; absent: any. */
  readonly workflows?: readonly string[];
  /** By which it is told which nodes live, epoch milliseconds. Default: the store's time. */
  readonly nowMs?: number;
}

export interface ClaimOptions extends WakeOptions {
  readonly node: string;
  readonly limit: number;
  readonly nowMs: number;
}

/** A node that has described itself. */
export interface NodeRow {
  readonly node: string;
  /** What it said of itself. */
  readonly info: string;
  /** Its last sign of life, epoch milliseconds; null: none yet. */
  readonly seenAtMs: number | null;
  /** How long that holds. */
  readonly untilMs: number | null;
  /** When it was declared dead; null: it was not, or has given a sign of life since. */
  readonly diedAtMs: number | null;
  /** When it went away in order; null: it did not, or came back. */
  readonly leftAtMs: number | null;
  /** Runs that it owns. */
  readonly owned: number;
  /** Duties that it took and no other node has taken since, by name; the time of one may be over. */
  readonly duties: readonly string[];
}

export interface ListOptions {
  readonly status?: readonly RunStatus[];
  readonly workflow?: string;
  readonly parentId?: RunId;
  readonly tags?: Readonly<Record<string, string>>;
  readonly dead?: boolean;
  /** Newest first, by creation in this store. Default 50. */
  readonly limit?: number;
  /** The other way round: oldest first. */
  readonly oldestFirst?: boolean;
  /** Continue after this run of the last page. */
  readonly after?: RunId;
  /** Run ids that begin with this. */
  readonly prefix?: string;
}

/** One run with all that is kept of it, as it stands at one moment: what one store gives and another takes. */
export interface WholeRun {
  readonly row: RunRow;
  /** Last event that `compact` removed; 0: none was. `events` begin behind it. */
  readonly compactedThrough: number;
  readonly events: readonly StoredEvent[];
  /** Unconsumed mail, oldest first. */
  readonly mail: readonly StoredMessage[];
  /** Ids of all mail that was ever kept, consumed mail too; in no order. */
  readonly mailIds: readonly string[];
  /** Those that hold, oldest first. */
  readonly snapshots: readonly { readonly seq: number; readonly body: string }[];
}

/** What an owner needs to go on with a run. */
export interface RunTail {
  /** The newest. */
  readonly snapshot: { readonly seq: number; readonly body: string } | null;
  /** All after it; without one, all. */
  readonly events: readonly StoredEvent[];
  /** Unconsumed mail, oldest first. */
  readonly mail: readonly StoredMessage[];
}

/** `exists` returns the row that is there, by run id or, if none has it, by dedup key; nothing was written of this run. */
export type ImportVerdict = { readonly status: "imported" } | { readonly status: "exists"; readonly row: RunRow };

/** What a store says of itself once its runs are another store's. */
export interface StoreMove {
  /** Address of the other store, without a password. */
  readonly to: string;
  /** False: the copy is under way, or was interrupted. True: the runs go on there. */
  readonly done: boolean;
}

/** The text of an event that may never be read: it is put together when somebody asks for it. */
export interface LateText {
  text(): string;
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
 * 6. A release to `waiting` with unconsumed mail is refused: no wake-up is lost.
 * 7. Calls that write take effect in the order in which they are made, answered or not. When one throws, those made before its answer
 *    was known throw too. A read sees everything that was acknowledged before it was called.
 *
 * 8. A run is in use in one store: what was moved away takes no write any more.
 *
 * Every method of a closed store throws `ENGINE_CLOSED`.
 */
export interface RunStore extends AsyncDisposable {
  readonly features: StoreFeatures;

  /**
   * The store's own time, where machines share it whose clocks may differ: whoever uses the store goes by it in leases, due times and records. Absent:
   * it goes by the clock of whoever calls.
   */
  readonly clock?: Pick<Clock, "nowMs">;

  /**
   * Commit one batch in a single transaction. Verdicts stand in the batch's order. An embedded store in memory answers at
   * once, without a promise; callers must take both.
   *
   * @throws HeddleError `STORE_UNAVAILABLE` nothing was committed, or it is not known; the batch may be sent again: a part
   *   that was committed then is `stale` with the journal already holding its events. `STORE_FULL` nothing was committed;
   *   a later commit may succeed again. `STORE_FAILED` it is not known what was committed, and every later call is refused
   *   until the store is opened again
   */
  commit(batch: CommitBatch): CommitVerdict | Promise<CommitVerdict>;

  /**
   * Do what `commit` does with creates and messages, inside a transaction of the caller's on its own connection: it takes effect when the caller
   * commits. Only stores whose tables lie in a database that others use too.
   *
   * @throws HeddleError `TRANSACTION_FOREIGN` the connection is none, or leads elsewhere
   */
  commitWithin?(transaction: unknown, batch: Pick<CommitBatch, "creates" | "messages">): Promise<CommitVerdict>;

  /**
   * Append one event and nothing besides: what `commit` does with one part of one event, at once and without its lists. Only a store that
   * keeps nothing beyond its process may have it. No hint goes out. False: the part would be `stale`, and nothing was appended.
   *
   * @param event whose text is asked for when it is first needed, and then is what it would be now
   */
  appendNow?(runId: RunId, epoch: number, expectedSeq: number, atMs: number, event: LateText): boolean;

  /**
   * Take up to `limit` runs that are due (queued or waiting, `wakeAtMs` reached, limits and rates allow), of those queues and placements for which
   * `claimTerms` gives terms, and under these. Tenants take turns: between two runs of one tenant that the node takes, each other tenant of which it
   * could have taken a run all that time gets its turn, whatever the workflows are; inside a tenant `claimRankMs` decides, smaller first. Raises
   * their epoch; the rows are as they stand after it. A node that was declared dead gets none before its next heartbeat.
   */
  claim(options: ClaimOptions): Promise<readonly RunRow[]>;

  /**
   * Say that a node lives until `untilMs` (store time), before it first claims and from then on. Returns false, once, if the node was
   * declared dead meanwhile: it owns nothing any more, and lives again from now on.
   */
  heartbeat(node: string, untilMs: number, nowMs: number): Promise<boolean>;

  /**
   * Declare the nodes dead whose heartbeat ran out before `nowMs`, or was given at a time that lies ahead of `nowMs` by more than what
   * it was given for (the clock was set back since); free their runs and those of nodes that never had a heartbeat: `queued`, due at
   * once, and their crash counter grows. Returns how many runs.
   */
  reapDeadNodes(nowMs: number): Promise<number>;

  /**
   * Take a duty, something regular that one node of the store does at a time, or keep it, until `untilMs`. Returns false, and changes nothing, when
   * another node's time for it is not over yet. A duty is free before that when its node left or was declared dead, and when it was taken at a time that
   * lies ahead of `nowMs` by more than what it was taken for (the clock was set back since). A node that was declared dead gets none before its next
   * heartbeat. Whoever was stopped may still be at it when another takes it over: what is done has to bear being done twice.
   */
  takeDuty(duty: string, node: string, untilMs: number, nowMs: number): Promise<boolean>;

  /**
   * The node goes away in order: what it still owns is `queued` and due at once, without a crash, and its duties are free. What it said of itself is kept
   * for a day.
   */
  leave(node: string, nowMs: number): Promise<void>;

  /** Keep what a node says of itself, in place of what it said before. One that had left is back. */
  describeNode(node: string, info: string): Promise<void>;

  /** Nodes that have described themselves, by name. Those that left are kept for a day, those that died for thirty. */
  nodes(): Promise<readonly NodeRow[]>;

  /**
   * From when on a claim with these options could take a run, epoch milliseconds; null: nothing that it could take waits for a time. Runs that
   * a full limit or a rate held back at a claim do not count until a place is free, or their turn has come. Without `node`, neither `prefer` nor `maxPerNode` counts.
   */
  nextWakeMs(options?: WakeOptions): Promise<number | null>;

  /**
   * Events after `afterSeq`, oldest first, at most `limit` (default: all); empty for an unknown run. Events that `compact` removed are
   * left out.
   *
   * @throws HeddleError `JOURNAL_CORRUPT` a body fails its checksum or a row is missing; `data` has `runId`, `seq` (the first bad one) and
   *   `lastSeq` (the journal's last, with which the owner can still release the run to `paused`)
   */
  readJournal(runId: RunId, afterSeq: number, limit?: number): Promise<readonly StoredEvent[]>;

  /**
   * The last `count` events, oldest first; fewer where there are no more, or `compact` removed them; none for an unknown run. It costs the same however
   * long the journal is.
   *
   * @throws HeddleError `JOURNAL_CORRUPT` as `readJournal`, of those that are read
   */
  readLast(runId: RunId, count: number): Promise<readonly StoredEvent[]>;

  /** Runs that this node owns and that have unconsumed mail: what an owner asks when a hint tells it that another process wrote. */
  ownedWithMail(node: string): Promise<readonly RunId[]>;

  /** Unconsumed mail, oldest first. */
  readMail(runId: RunId): Promise<readonly StoredMessage[]>;

  /**
   * Newest snapshot, of those before `beforeSeq` if it is given, whose checksum holds and whose following events are all there, or null. Stores
   * keep at least the last two, until a part ends the run: its journal tells all then, and they are removed. Where `compact` removed events, they stay.
   */
  readSnapshot(runId: RunId, beforeSeq?: number): Promise<{ readonly seq: number; readonly body: string } | null>;

  /**
   * What `readSnapshot`, `readJournal` after it and `readMail` answer, of several runs at one moment, in their order. Null: that run is to be read by
   * itself, because there is none, something of it is damaged, or it has more than `mostEvents`. Only stores to which each read is a round trip have it.
   */
  readTails?(runIds: readonly RunId[], mostEvents: number): Promise<readonly (RunTail | null)[]>;

  get(runId: RunId): Promise<RunRow | null>;

  /**
   * As `get`, for somebody who waits for the end of the run: if it has not ended yet, `watch` tells of the end within about 100 ms, also when another
   * process brings it about, as far as hints come at all. That holds for ten seconds; whoever waits for longer asks again.
   */
  expectEnd(runId: RunId): Promise<RunRow | null>;

  /** @throws HeddleError `RUN_UNKNOWN` the run of `after` is gone */
  list(options: ListOptions): Promise<readonly RunRow[]>;

  /**
   * Put a run that is not owned into another status: pause, resume, redrive. Returns false when there is none, it is owned or its status
   * is not one of `from`. `dead` becomes null: it leaves the dead-letter list, also when `to` is the end that it had (a redrive). Put to queued or waiting with unconsumed mail it is due at once.
   */
  setStatus(
    runId: RunId,
    from: readonly RunStatus[],
    to: Exclude<RunStatus, "running">,
    wakeAtMs: number | null,
    note: string | null,
  ): Promise<boolean>;

  /** Remove a run that is not owned, with all its rows: its id and keys are free again. Returns false when there is none or it is owned. */
  delete(runId: RunId): Promise<boolean>;

  /** Remove journal rows up to `throughSeq`, but never past the newest good snapshot, which takes their place. */
  compact(runId: RunId, throughSeq: number): Promise<void>;

  /** Remove runs that ended before `beforeMs`, longest ended first, at most `limit`; returns how many. */
  sweep(beforeMs: number, limit: number): Promise<number>;

  /** Content-addressed values: plans and large payloads. Kept when this resolves, and not later than any commit that is called after it. */
  putBlob(hash: string, body: string): Promise<void>;
  getBlob(hash: string): Promise<string | null>;

  /** Hashes of blobs in ascending order, those after `after`, at most `limit`. */
  listBlobs(after: string | null, limit: number): Promise<readonly string[]>;

  /**
   * All that is kept of a run; null: there is none. Its snapshots are those whose checksums hold.
   *
   * @throws HeddleError `JOURNAL_CORRUPT` of its events or mail something is damaged or missing
   */
  exportRun(runId: RunId): Promise<WholeRun | null>;

  /**
   * Take runs as `exportRun` gave them: seqs, times, mail numbers, epoch and all, in one transaction; a later claim raises the epoch. A run that
   * is there already is left as it is. None may be `running`: its owner is a node of another store.
   *
   * @throws HeddleError `OPTION_INVALID` one is `running`; nothing was written
   */
  importRuns(runs: readonly WholeRun[]): Promise<readonly ImportVerdict[]>;

  /** For each: the row that has its id or, if none has it, its dedup key; null: both are free. */
  findTaken(runs: readonly Pick<RunRow, "runId" | "workflow" | "dedupKey">[]): Promise<readonly (RunRow | null)[]>;

  /** Null: the store is in use as ever. */
  readMove(): Promise<StoreMove | null>;

  /**
   * Close the store for everybody who writes, here and in other processes, in one transaction that waits for those under way: from then on whatever
   * would write, but this, throws `STORE_MOVED`, and reading goes on. Null opens it again. Returns false, and did nothing, when a run is `running`:
   * nobody may be cut off from what they own.
   */
  setMove(move: StoreMove | null): Promise<boolean>;

  /**
   * Calls back when a run may have become due, got mail or grown, from this process or another; null: any run. A hint: it never comes
   * inside another call of the store, and may come late, twice or not at all.
   */
  watch(call: (runId: RunId | null, what: StoreHint) => void): Disposable;
}

/** `work`: it may be due, or has mail. `grown`: events were appended to it. */
export type StoreHint = "work" | "grown";

export interface StoreFeatures {
  /** What survives a crash of the process, and of the machine. */
  readonly durability: "none" | "process" | "machine";
  /** `RunPart.statements` is understood. */
  readonly transactions: boolean;
  /** Other processes may open the same store. */
  readonly shared: boolean;
}
