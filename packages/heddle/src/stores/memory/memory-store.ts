import {
  type ClaimOptions,
  type ClaimTerms,
  claimTerms,
  type CommitBatch,
  type CommitVerdict,
  type CreateVerdict,
  HeddleError,
  type ImportVerdict,
  type LateText,
  type ListOptions,
  type MessageVerdict,
  type NewMessage,
  type NewRun,
  type NodeRow,
  type PartVerdict,
  type RunId,
  type RunPart,
  type RunRow,
  type RunStatus,
  type RunStore,
  type StoredEvent,
  type StoredMessage,
  type StoreFeatures,
  type StoreHint,
  type StoreMove,
  type WakeOptions,
  type WholeRun,
} from "@heddle/kernel";
import { RunHints } from "../run-hints.ts";
import { checkAtRest, storeMoved } from "../moved.ts";
import { Demands } from "./demand.ts";
import { listRuns } from "./list-runs.ts";
import { isEnd, type MemoryNode, MemoryRun } from "./memory-run.ts";
import { NodeTable } from "./node-table.ts";
import type { Kind } from "./kind.ts";
import { type Choice, RunQueue } from "./run-queue.ts";

export interface MemoryStoreOptions {
  /** Ended runs that are kept; when more have ended, the longest ended go. Default 200: objects that live long are what a short run costs most. */
  readonly keepEnded?: number;
  /** Time of ends and wake-ups that bring none of their own, epoch milliseconds. Default: the system's. */
  readonly clock?: { nowMs(): number };
}

/** Keep runs in this process only. `commit` answers at once, without a promise. */
export function openMemoryStore(options: MemoryStoreOptions = {}): RunStore {
  const keepEnded = options.keepEnded ?? 200;
  if (!(keepEnded >= 0))
    throw new HeddleError("OPTION_INVALID", `keepEnded is ${keepEnded}: give a number of runs, 0 or more.`, { data: { keepEnded } });
  return new MemoryStore(keepEnded, options.clock ?? { nowMs: () => Date.now() });
}

const none: readonly never[] = Object.freeze([]);
const stale: PartVerdict = Object.freeze({ status: "stale" });
const mail: PartVerdict = Object.freeze({ status: "mail" });
/** Snapshots kept per run: the newest, and one to fall back to. */
const keptSnapshots = 2;

class MemoryStore implements RunStore {
  readonly features: StoreFeatures = { durability: "none", transactions: false, shared: false };
  readonly #keepEnded: number;
  readonly #clock: { nowMs(): number };
  readonly #runs = new Map<RunId, MemoryRun>();
  readonly #dedup = new Map<string, MemoryRun>();
  readonly #nodes = new NodeTable();
  readonly #demands = new Demands();
  readonly #queue = new RunQueue();
  /** Longest ended first. */
  readonly #ended = new Set<MemoryRun>();
  readonly #blobs = new Map<string, string>();
  readonly #hints = new RunHints();
  #created = 0;
  #movedTo: StoreMove | null = null;
  #closed = false;

  constructor(keepEnded: number, clock: { nowMs(): number }) {
    this.#keepEnded = keepEnded;
    this.#clock = clock;
  }

  commit(batch: CommitBatch): CommitVerdict {
    this.#checkWritable();
    const creates = batch.creates === undefined ? none : batch.creates.map((run) => this.#create(run));
    let parts: readonly PartVerdict[] = none;
    if (batch.parts !== undefined)
      parts = batch.parts.length === 1 ? [this.#append(batch.parts[0]!)] : batch.parts.map((part) => this.#append(part));
    const messages = batch.messages === undefined ? none : batch.messages.map((message) => this.#keep(message));
    if (this.#ended.size > this.#keepEnded) this.#dropEnded();
    return { creates, parts, messages };
  }

  appendNow(runId: RunId, epoch: number, expectedSeq: number, atMs: number, event: LateText): boolean {
    this.#checkWritable();
    const run = this.#runs.get(runId);
    if (run === undefined || run.status !== "running" || run.epoch !== epoch || run.journal.lastSeq !== expectedSeq) return false;
    run.journal.append(event, atMs);
    return true;
  }

  async claim(options: ClaimOptions): Promise<readonly RunRow[]> {
    this.#checkWritable();
    const rows: RunRow[] = [];
    const node = this.#nodes.get(options.node);
    if (node.diedAtMs !== null) return rows;
    const choose = this.#choice(options, options.nowMs);
    while (rows.length < options.limit) {
      const run = this.#queue.next(options.nowMs, choose);
      if (run === null) break;
      this.#own(run, node, options.nowMs);
      rows.push(run.toRow());
    }
    return rows;
  }

  async heartbeat(name: string, untilMs: number, nowMs: number): Promise<boolean> {
    this.#checkWritable();
    return this.#nodes.heartbeat(name, untilMs, nowMs);
  }

  async reapDeadNodes(nowMs: number): Promise<number> {
    this.#checkWritable();
    const owned = this.#nodes.bury(nowMs);
    if (owned > 0) for (const run of this.#runs.values()) if (run.owner !== null && run.owner.untilMs === null) this.#free(run, nowMs, 1);
    return owned;
  }

  async takeDuty(duty: string, node: string, untilMs: number, nowMs: number): Promise<boolean> {
    this.#checkWritable();
    return this.#nodes.takeDuty(duty, node, untilMs, nowMs);
  }

  async leave(name: string, nowMs: number): Promise<void> {
    this.#checkWritable();
    this.#checkOpen();
    const node = this.#nodes.leave(name, nowMs);
    if (node !== null) this.#freeRunsOf(node, nowMs, 0);
  }

  async describeNode(node: string, info: string): Promise<void> {
    this.#checkWritable();
    this.#nodes.describe(node, info);
  }

  async nodes(): Promise<readonly NodeRow[]> {
    this.#checkOpen();
    return this.#nodes.rows();
  }

  async nextWakeMs(options: WakeOptions = {}): Promise<number | null> {
    this.#checkOpen();
    const nowMs = options.nowMs ?? this.#clock.nowMs();
    return this.#queue.nextWakeMs(nowMs, this.#choice(options, nowMs));
  }

  async readJournal(runId: RunId, afterSeq: number, limit = Number.POSITIVE_INFINITY): Promise<readonly StoredEvent[]> {
    this.#checkOpen();
    return this.#runs.get(runId)?.journal.read(afterSeq, limit) ?? none;
  }

  async readLast(runId: RunId, count: number): Promise<readonly StoredEvent[]> {
    this.#checkOpen();
    const journal = this.#runs.get(runId)?.journal;
    return journal?.read(Math.max(0, journal.lastSeq - count), count) ?? none;
  }

  async ownedWithMail(name: string): Promise<readonly RunId[]> {
    this.#checkOpen();
    const runIds: RunId[] = [];
    for (const run of this.#runs.values()) if (run.owner?.name === name && run.mailSeq > run.mailSeen) runIds.push(run.runId);
    return runIds;
  }

  async readMail(runId: RunId): Promise<readonly StoredMessage[]> {
    this.#checkOpen();
    return this.#runs.get(runId)?.mail?.slice() ?? none;
  }

  async readSnapshot(
    runId: RunId,
    beforeSeq: number = Number.POSITIVE_INFINITY,
  ): Promise<{ readonly seq: number; readonly body: string } | null> {
    this.#checkOpen();
    const run = this.#runs.get(runId);
    return run?.snapshots?.findLast(({ seq }) => seq < beforeSeq && seq >= run.journal.base) ?? null;
  }

  async get(runId: RunId): Promise<RunRow | null> {
    this.#checkOpen();
    return this.#runs.get(runId)?.toRow() ?? null;
  }

  expectEnd(runId: RunId): Promise<RunRow | null> {
    return this.get(runId);
  }

  async list(options: ListOptions): Promise<readonly RunRow[]> {
    this.#checkOpen();
    return listRuns(this.#runs, options);
  }

  async setStatus(
    runId: RunId,
    from: readonly RunStatus[],
    to: Exclude<RunStatus, "running">,
    wakeAtMs: number | null,
    note: string | null,
  ): Promise<boolean> {
    this.#checkWritable();
    const run = this.#runs.get(runId);
    if (run === undefined || run.status === "running" || !from.includes(run.status)) return false;
    this.#move(run, to, wakeAtMs, this.#clock.nowMs());
    run.note = note;
    run.dead = null;
    this.#hints.give(runId, "work");
    return true;
  }

  async delete(runId: RunId): Promise<boolean> {
    this.#checkWritable();
    const run = this.#runs.get(runId);
    if (run === undefined || run.status === "running") return false;
    this.#remove(run);
    return true;
  }

  async compact(runId: RunId, throughSeq: number): Promise<void> {
    this.#checkWritable();
    const run = this.#runs.get(runId);
    const snapshot = run?.snapshots?.at(-1);
    if (run === undefined || snapshot === undefined) return;
    run.journal.removeThrough(Math.min(throughSeq, snapshot.seq));
  }

  async sweep(beforeMs: number, limit: number): Promise<number> {
    this.#checkWritable();
    const due = [...this.#ended].filter((run) => run.endedAtMs! < beforeMs).sort((one, other) => one.endedAtMs! - other.endedAtMs!);
    const swept = due.slice(0, limit);
    for (const run of swept) this.#remove(run);
    return swept.length;
  }

  async putBlob(hash: string, body: string): Promise<void> {
    this.#checkWritable();
    this.#blobs.set(hash, body);
  }

  async getBlob(hash: string): Promise<string | null> {
    this.#checkOpen();
    return this.#blobs.get(hash) ?? null;
  }

  async listBlobs(after: string | null, limit: number): Promise<readonly string[]> {
    this.#checkOpen();
    return [...this.#blobs.keys()]
      .filter((hash) => after === null || hash > after)
      .sort()
      .slice(0, limit);
  }

  async exportRun(runId: RunId): Promise<WholeRun | null> {
    this.#checkOpen();
    return this.#runs.get(runId)?.toWhole() ?? null;
  }

  async importRuns(runs: readonly WholeRun[]): Promise<readonly ImportVerdict[]> {
    this.#checkWritable();
    checkAtRest(runs);
    const verdicts = runs.map((whole): ImportVerdict => {
      const row = this.#taken(whole.row);
      if (row !== null) return { status: "exists", row };
      const run = MemoryRun.fromWhole(++this.#created, whole, this.#demands.of(whole.row.queue, whole.row.placement));
      this.#add(run);
      this.#queue.enter(run);
      if (run.ended) this.#ended.add(run);
      return { status: "imported" };
    });
    this.#hints.give(null, "work");
    if (this.#ended.size > this.#keepEnded) this.#dropEnded();
    return verdicts;
  }

  async findTaken(runs: readonly Pick<RunRow, "runId" | "workflow" | "dedupKey">[]): Promise<readonly (RunRow | null)[]> {
    this.#checkOpen();
    return runs.map((run) => this.#taken(run));
  }

  async readMove(): Promise<StoreMove | null> {
    this.#checkOpen();
    return this.#movedTo;
  }

  async setMove(move: StoreMove | null): Promise<boolean> {
    this.#checkOpen();
    for (const run of this.#runs.values()) if (run.status === "running") return false;
    this.#movedTo = move;
    return true;
  }

  watch(call: (runId: RunId | null, what: StoreHint) => void): Disposable {
    this.#checkOpen();
    return this.#hints.add(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#hints.clear();
    this.#runs.clear();
    this.#dedup.clear();
    this.#ended.clear();
    this.#blobs.clear();
  }

  #create(made: NewRun): CreateVerdict {
    const { row } = made;
    const there = this.#taken(row);
    if (there !== null) return { status: "exists", row: there };

    const run = new MemoryRun(++this.#created, row, this.#demands.of(row.queue, row.placement));
    for (const event of made.events) run.journal.append(event, row.createdAtMs);
    this.#add(run);
    const claimed = made.claimFor !== undefined && this.#claimNew(run, made.claimFor);
    if (!claimed) this.#queue.enter(run);
    this.#hints.give(run.runId, claimed ? "grown" : "work");
    return { status: "created", claimed };
  }

  /** The row that has this id or, if none has it, this dedup key. */
  #taken({ runId, workflow, dedupKey }: Pick<RunRow, "runId" | "workflow" | "dedupKey">): RunRow | null {
    const run = this.#runs.get(runId) ?? (dedupKey === null ? undefined : this.#dedup.get(dedupText(workflow, dedupKey)));
    return run?.toRow() ?? null;
  }

  #add(run: MemoryRun): void {
    this.#runs.set(run.runId, run);
    if (run.dedupKey !== null) this.#dedup.set(dedupText(run.workflow, run.dedupKey), run);
  }

  #claimNew(run: MemoryRun, name: string): boolean {
    const node = this.#nodes.get(name);
    if (node.diedAtMs !== null || (run.limitKey !== null && !this.#queue.hasPlace(run.limitKey, run.limitMax!))) return false;
    if (!this.#queue.mayBegin(run, run.createdAtMs)) return false;
    run.status = "running";
    run.epoch = 1;
    run.owner = node;
    run.wakeAtMs = null;
    node.owned++;
    this.#queue.enter(run);
    if (run.rate !== null) this.#queue.begun(run, run.createdAtMs, false);
    return true;
  }

  #append(part: RunPart): PartVerdict {
    const run = this.#runs.get(part.runId);
    if (run === undefined || run.status !== "running" || run.epoch !== part.epoch) return stale;
    if (part.expectedSeq === null ? part.events.length > 0 : part.expectedSeq !== run.journal.lastSeq) return stale;
    if (part.statements !== undefined && part.statements.length > 0) return transactionsUnsupported(part.runId);
    const seen = Math.max(run.mailSeen, Math.min(part.mailSeen ?? 0, run.mailSeq));
    if (part.release?.status === "waiting") {
      if (run.mailSeq > seen || part.messages?.some((message) => message.runId === run.runId)) return mail;
    }

    for (const event of part.events) run.journal.append(event, part.atMs);
    const seq = run.journal.lastSeq;
    if (part.progress === true) run.crashes = 0;
    if (part.release !== undefined && isEnd(part.release.status) && run.journal.base === 0) run.snapshots = null;
    else if (part.snapshot !== undefined)
      run.snapshots = [...(run.snapshots ?? []).filter((kept) => kept.seq < seq), { seq, body: part.snapshot.body }].slice(-keptSnapshots);
    if (seen > run.mailSeen) {
      run.mailSeen = seen;
      run.mail = run.mail?.filter((message) => message.mailSeq > seen) ?? null;
    }
    const children = part.children?.map((child) => this.#create(child));
    const messages = part.messages?.map((message) => this.#keep(message));
    if (part.release !== undefined) this.#release(run, part.release, part.atMs);
    if (part.release !== undefined && run.wakeAtMs !== null) this.#hints.give(run.runId, "work");
    else if (part.events.length > 0 || part.release !== undefined) this.#hints.give(run.runId, "grown");
    if (children === undefined && messages === undefined) return { status: "ok", seq };
    return { status: "ok", seq, ...(children !== undefined && { children }), ...(messages !== undefined && { messages }) };
  }

  #release(run: MemoryRun, release: NonNullable<RunPart["release"]>, atMs: number): void {
    if (release.version !== undefined) run.version = release.version;
    run.dead = release.dead ?? null;
    run.note = release.note ?? null;
    this.#move(run, release.status, release.wakeAtMs, atMs);
    // A run that waits is meant to be cheap; an ended one soon goes.
    if (!run.ended) run.journal.settle();
  }

  #keep(message: NewMessage): MessageVerdict {
    const run = this.#runs.get(message.runId);
    if (run === undefined) return { status: "unknown" };
    if (run.mailIds?.has(message.id)) return { status: "duplicate" };
    if (run.ended) return { status: "ended" };
    (run.mailIds ??= new Set()).add(message.id);
    run.mailSeq++;
    (run.mail ??= []).push({ mailSeq: run.mailSeq, id: message.id, atMs: message.atMs, body: message.body });
    if (run.claimable) {
      // Not later than now, so that a sender whose clock is ahead does not delay it.
      const dueAtMs = Math.min(message.atMs, this.#clock.nowMs());
      if (run.wakeAtMs === null || run.wakeAtMs > dueAtMs) this.#queue.reschedule(run, dueAtMs);
    }
    this.#hints.give(run.runId, "work");
    return { status: "kept" };
  }

  #own(run: MemoryRun, node: MemoryNode, nowMs: number): void {
    const begins = run.rated;
    const wasFirst = run.dueAtMs !== null;
    this.#queue.leave(run);
    run.status = "running";
    run.epoch++;
    run.owner = node;
    run.wakeAtMs = null;
    run.note = null;
    run.dead = null;
    node.owned++;
    this.#queue.enter(run);
    if (begins) this.#queue.begun(run, nowMs, wasFirst);
  }

  /** Which runs a claim with these options takes. The terms are worked out once for each kind. */
  #choice(options: WakeOptions, nowMs: number): Choice {
    const names = options.workflows === undefined ? null : new Set(options.workflows);
    const node = options.node === undefined ? null : this.#nodes.get(options.node);
    const known = new Map<Kind, ClaimTerms | null>();
    return (kind) => {
      let terms = known.get(kind);
      if (terms === undefined) {
        const { queue, placement } = kind.demand;
        const named = names === null || names.has(kind.name);
        terms = named ? claimTerms(queue, placement, options, (other) => this.#nodes.lives(other, nowMs)) : null;
        known.set(kind, terms);
      }
      const full = terms?.most != null && node !== null && (kind.owned.get(node) ?? 0) >= terms.most;
      return full ? null : terms;
    };
  }

  #freeRunsOf(node: MemoryNode, nowMs: number, crashes: number): void {
    if (node.owned > 0) for (const run of this.#runs.values()) if (run.owner === node) this.#free(run, nowMs, crashes);
  }

  #free(run: MemoryRun, nowMs: number, crashes: number): void {
    run.crashes += crashes;
    this.#move(run, "queued", nowMs, nowMs);
    this.#hints.give(run.runId, "work");
  }

  /** Into a status that has no owner. */
  #move(run: MemoryRun, to: RunStatus, wakeAtMs: number | null, nowMs: number): void {
    this.#queue.leave(run);
    if (run.owner !== null) run.owner.owned--;
    run.owner = null;
    run.status = to;
    run.wakeAtMs = wakeAtMs;
    const oldestMail = run.mail?.[0];
    if (oldestMail !== undefined && run.claimable)
      run.wakeAtMs = Math.min(wakeAtMs ?? Number.POSITIVE_INFINITY, oldestMail.atMs, this.#clock.nowMs());
    this.#ended.delete(run);
    if (isEnd(to)) {
      run.endedAtMs = nowMs;
      this.#ended.add(run);
    } else run.endedAtMs = null;
    this.#queue.enter(run);
    this.#passPlaceOn(run);
  }

  #passPlaceOn(run: MemoryRun): void {
    if (run.limitKey === null) return;
    this.#queue.passPlaceOn(run.limitKey, run.tenant);
    this.#hints.give(null, "work");
  }

  #remove(run: MemoryRun): void {
    this.#queue.leave(run);
    this.#passPlaceOn(run);
    this.#ended.delete(run);
    this.#runs.delete(run.runId);
    if (run.dedupKey !== null) this.#dedup.delete(dedupText(run.workflow, run.dedupKey));
    run.letGo();
  }

  #dropEnded(): void {
    for (const run of this.#ended) {
      if (this.#ended.size <= this.#keepEnded) return;
      this.#remove(run);
    }
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#movedTo !== null) throw storeMoved("The store in memory", this.#movedTo.to);
  }

  #checkOpen(): void {
    if (this.#closed) throw new HeddleError("ENGINE_CLOSED", "The store is closed: open it again.");
  }
}

/** Keys count within their workflow. The length keeps two pairs of equal joined text apart. */
function dedupText(workflow: string, key: string): string {
  return `${workflow.length}:${workflow}${key}`;
}

function transactionsUnsupported(runId: RunId): PartVerdict {
  const message = `Run ${runId} has SQL statements, and the store in memory has no tables. Open an SQLite store for transactions.`;
  return { status: "failed", error: { name: "HeddleError", code: "TRANSACTION_UNSUPPORTED", message, final: true } };
}
