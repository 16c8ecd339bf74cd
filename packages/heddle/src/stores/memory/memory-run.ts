import type { NewRun, RunId, RunRow, RunStatus, StoredMessage, WholeRun } from "@heddle/kernel";
import type { Demand } from "./demand.ts";
import { JournalPages } from "./journal-pages.ts";
import type { Rate } from "./permits.ts";
import type { RunHeap } from "./run-heap.ts";
import type { Kind } from "./kind.ts";

/** A node that claimed or gave a sign of life. `untilMs` is null before its first heartbeat. */
export interface MemoryNode {
  readonly name: string;
  untilMs: number | null;
  /** How long its heartbeat holds. */
  leaseMs: number;
  /** How many runs it owns. */
  owned: number;
  /** What it said of itself; null: nothing. */
  info: string | null;
  seenAtMs: number | null;
  diedAtMs: number | null;
  leftAtMs: number | null;
}

/** One run: its row as it stands, its journal and its mail. */
export class MemoryRun {
  /** Order of creation. */
  readonly number: number;
  readonly runId: RunId;
  readonly workflow: string;
  readonly priority: number;
  readonly limitKey: string | null;
  readonly limitMax: number | null;
  readonly demand: Demand;
  readonly rate: Rate | null;
  readonly tenant: string | null;
  readonly dedupKey: string | null;
  readonly parentId: RunId | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly inputHash: string;
  version: string | null;
  status: RunStatus = "queued";
  epoch = 0;
  owner: MemoryNode | null = null;
  wakeAtMs: number | null;
  crashes = 0;
  mailSeq = 0;
  mailSeen = 0;
  endedAtMs: number | null = null;
  dead: string | null = null;
  note: string | null = null;

  readonly journal = new JournalPages();
  /** Unconsumed mail, oldest first. */
  mail: StoredMessage[] | null = null;
  /** Every id that was ever kept. */
  mailIds: Set<string> | null = null;
  snapshots: readonly { readonly seq: number; readonly body: string }[] | null = null;

  /** Kept by the heap that the run is in. */
  heap: RunHeap | null = null;
  heapPlace = 0;
  /** Of the first of its lane: since when it has been due. */
  dueAtMs: number | null = null;
  /** The kind that counts it among those that its owner has. */
  countedIn: Kind | null = null;

  constructor(number: number, row: NewRun["row"], demand: Demand) {
    this.number = number;
    this.demand = demand;
    this.runId = row.runId;
    this.workflow = row.workflow;
    this.version = row.version;
    this.wakeAtMs = row.wakeAtMs;
    this.priority = row.priority;
    this.limitKey = row.limitKey;
    this.limitMax = row.limitMax;
    this.rate = row.rateKey === null ? null : { key: row.rateKey, max: row.rateMax!, periodMs: row.ratePeriodMs! };
    this.tenant = row.tenant;
    this.dedupKey = row.dedupKey;
    this.parentId = row.parentId;
    this.tags = row.tags;
    this.createdAtMs = row.createdAtMs;
    this.inputHash = row.inputHash;
  }

  /** A run as another store kept it; it has no owner. */
  static fromWhole(number: number, { row, compactedThrough, events, mail, mailIds, snapshots }: WholeRun, demand: Demand): MemoryRun {
    const run = new MemoryRun(number, row, demand);
    run.status = row.status;
    run.epoch = row.epoch;
    run.crashes = row.crashes;
    run.mailSeq = row.mailSeq;
    run.mailSeen = row.mailSeen;
    run.endedAtMs = row.endedAtMs;
    run.dead = row.dead;
    run.note = row.note;
    run.journal.beginBehind(compactedThrough);
    for (const { body, atMs } of events) run.journal.append(body, atMs);
    run.journal.settle();
    if (mail.length > 0) run.mail = [...mail];
    if (mailIds.length > 0) run.mailIds = new Set(mailIds);
    if (snapshots.length > 0) run.snapshots = snapshots;
    return run;
  }

  get claimable(): boolean {
    return this.status === "queued" || this.status === "waiting";
  }

  /** It is to begin, and may only at a rate. */
  get rated(): boolean {
    return this.rate !== null && this.epoch === 0;
  }

  get ended(): boolean {
    return isEnd(this.status);
  }

  /**
   * It is removed. V8 keeps what a map held when its table was last replaced until it collects everything: chained from table to table, two of three
   * removed runs live on, which is most of what it then copies. They live on empty.
   */
  letGo(): void {
    this.journal.clear();
    this.mail = null;
    this.mailIds = null;
    this.snapshots = null;
  }

  toWhole(): WholeRun {
    return {
      row: this.toRow(),
      compactedThrough: this.journal.base,
      events: this.journal.read(0, Number.POSITIVE_INFINITY),
      mail: this.mail?.slice() ?? [],
      mailIds: [...(this.mailIds ?? [])],
      snapshots: (this.snapshots ?? []).filter(({ seq }) => seq >= this.journal.base),
    };
  }

  toRow(): RunRow {
    return {
      runId: this.runId,
      workflow: this.workflow,
      version: this.version,
      status: this.status,
      epoch: this.epoch,
      owner: this.owner?.name ?? null,
      wakeAtMs: this.wakeAtMs,
      crashes: this.crashes,
      mailSeq: this.mailSeq,
      mailSeen: this.mailSeen,
      priority: this.priority,
      limitKey: this.limitKey,
      limitMax: this.limitMax,
      rateKey: this.rate?.key ?? null,
      rateMax: this.rate?.max ?? null,
      ratePeriodMs: this.rate?.periodMs ?? null,
      queue: this.demand.queue,
      placement: this.demand.text,
      tenant: this.tenant,
      dedupKey: this.dedupKey,
      parentId: this.parentId,
      tags: this.tags,
      createdAtMs: this.createdAtMs,
      endedAtMs: this.endedAtMs,
      inputHash: this.inputHash,
      dead: this.dead,
      note: this.note,
    };
  }
}

export function isEnd(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled" || status === "timed-out";
}
