import assert from "node:assert/strict";
import {
  claimRankMs,
  claimTerms,
  type ClaimOptions,
  type CommitBatch,
  type CommitVerdict,
  type CreateVerdict,
  type MessageVerdict,
  type NewMessage,
  type NewRun,
  type PartVerdict,
  readPlacement,
  type RunId,
  type RunPart,
  type RunRow,
  type RunStatus,
  type StoredEvent,
  type StoredMessage,
} from "@heddle/kernel";

type MutableRow = { -readonly [K in keyof RunRow]: RunRow[K] };

interface ModelRun {
  readonly row: MutableRow;
  readonly events: StoredEvent[];
  mail: StoredMessage[];
  readonly mailIds: Set<string>;
  snapshot: { seq: number; body: string } | null;
  base: number;
}

/** What a store must answer, in the plainest way: every question is a scan. Its times are all in the past of the store's own clock. */
export class RunStoreModel {
  readonly runs = new Map<RunId, ModelRun>();
  readonly #permits = new Map<string, readonly number[]>();
  readonly #nodes = new Map<string, { untilMs: number | null; leaseMs: number; dead: boolean }>();

  commit(batch: CommitBatch): CommitVerdict {
    const creates = (batch.creates ?? []).map((run) => this.#create(run));
    const parts = (batch.parts ?? []).map((part) => this.#part(part));
    return { creates, parts, messages: (batch.messages ?? []).map((message) => this.#keep(message)) };
  }

  isDead(node: string): boolean {
    return this.#nodes.get(node)?.dead === true;
  }

  /** Which run is taken among equals is the store's choice: follow it, and check that each was a best one and none was left out. */
  claim(options: ClaimOptions, taken: readonly RunRow[]): void {
    const { node, limit } = options;
    if (this.isDead(node)) return assert.deepEqual(taken, [], "a dead node claims nothing");
    const alone = new Set([...this.runs.values()].map(({ row }) => row.tenant)).size === 1;
    const turns: (string | null)[] = [];
    const candidates = (): ModelRun[] => [...this.runs.values()].filter(({ row }) => this.#claimable(row, options));
    for (const took of taken) {
      const run = this.runs.get(took.runId);
      assert.ok(run !== undefined && candidates().includes(run), `${took.runId} could be claimed`);
      // Whether a held run has its place back is told by whose place became free. All else is determined.
      const certain = candidates().filter(({ row }) => (alone || row.limitKey === null) && !isRated(row));
      const better = certain.find(({ row }) => row.tenant === run.row.tenant && rankOf(row) < rankOf(run.row));
      assert.equal(better?.row.runId, undefined, `nothing goes before ${took.runId}`);
      const since = turns.slice(turns.lastIndexOf(run.row.tenant) + 1);
      const missed = certain.find(({ row }) => row.tenant !== run.row.tenant && !since.includes(row.tenant));
      if (turns.includes(run.row.tenant)) assert.equal(missed?.row.runId, undefined, `nobody's turn was left out before ${took.runId}`);
      turns.push(run.row.tenant);
      if (isRated(run.row)) this.#begin(run.row, options.nowMs);
      Object.assign(run.row, { status: "running", epoch: run.row.epoch + 1, owner: node, wakeAtMs: null, note: null, dead: null });
      assert.deepEqual(took, run.row);
    }
    if (taken.length < limit)
      assert.deepEqual(
        candidates().map(({ row }) => row.runId),
        [],
        "nothing due is left out",
      );
  }

  heartbeat(name: string, untilMs: number, nowMs: number): boolean {
    const node = this.#nodes.get(name);
    this.#nodes.set(name, { untilMs, leaseMs: untilMs - nowMs, dead: false });
    return !node?.dead;
  }

  reapDeadNodes(nowMs: number): number {
    for (const node of this.#nodes.values())
      if (node.untilMs !== null && (node.untilMs < nowMs || node.untilMs - 2 * node.leaseMs > nowMs))
        Object.assign(node, { untilMs: null, dead: true });
    let count = 0;
    for (const { row } of this.runs.values()) {
      if (row.owner === null || (this.#nodes.get(row.owner)?.untilMs ?? null) !== null) continue;
      row.crashes++;
      this.#move(row, "queued", nowMs, nowMs);
      count++;
    }
    return count;
  }

  leave(name: string, nowMs: number): void {
    for (const { row } of this.runs.values()) if (row.owner === name) this.#move(row, "queued", nowMs, nowMs);
    this.#nodes.delete(name);
  }

  setStatus(runId: RunId, from: readonly RunStatus[], to: RunStatus, wakeAtMs: number | null, note: string | null): boolean {
    const row = this.runs.get(runId)?.row;
    if (row === undefined || row.status === "running" || !from.includes(row.status)) return false;
    // An end set this way has the store's time, which the model cannot know: the random laws never do it.
    this.#move(row, to, wakeAtMs, 0);
    row.note = note;
    row.dead = null;
    return true;
  }

  delete(runId: RunId): boolean {
    return this.runs.get(runId)?.row.status !== "running" && this.runs.delete(runId);
  }

  sweep(beforeMs: number, limit: number): number {
    const ended = [...this.runs.values()]
      .filter(({ row }) => row.endedAtMs !== null && row.endedAtMs < beforeMs)
      .sort((one, other) => one.row.endedAtMs! - other.row.endedAtMs!);
    for (const { row } of ended.slice(0, limit)) this.runs.delete(row.runId);
    return Math.min(limit, ended.length);
  }

  compact(runId: RunId, throughSeq: number): void {
    const run = this.runs.get(runId);
    if (run?.snapshot) run.base = Math.max(run.base, Math.min(throughSeq, run.snapshot.seq));
  }

  events(run: ModelRun): StoredEvent[] {
    return run.events.filter((event) => event.seq > run.base);
  }

  #claimable(row: RunRow, options: ClaimOptions): boolean {
    if ((row.status !== "queued" && row.status !== "waiting") || row.wakeAtMs === null) return false;
    const name = row.version === null ? row.workflow : `${row.workflow}@${row.version}`;
    if (options.workflows !== undefined && !options.workflows.includes(name)) return false;
    const lives = (node: string): boolean => (this.#nodes.get(node)?.untilMs ?? 0) >= options.nowMs;
    const terms = claimTerms(row.queue, readPlacement(row.placement), options, lives);
    if (terms === null || row.wakeAtMs + terms.delayMs > options.nowMs) return false;
    if (terms.most !== null && this.#ownedAlike(row, options.node) >= terms.most) return false;
    if (row.limitKey !== null && this.#running(row.limitKey) >= row.limitMax!) return false;
    return !isRated(row) || this.#begun(row, options.nowMs).length < row.rateMax!;
  }

  /** A claim may have set the wake time of a run that waits for its rate. Which of several it is, is the store's choice. */
  follow(row: RunRow, nowMs: number): void {
    const own = this.runs.get(row.runId)?.row;
    if (own === undefined || own.wakeAtMs === row.wakeAtMs) return;
    assert.ok(isRated(own) && own.wakeAtMs !== null && row.wakeAtMs !== null, `the wake time of ${row.runId} is as it was`);
    const nextMs = (this.#begun(own, nowMs).at(-own.rateMax!) ?? 0) + own.ratePeriodMs!;
    // Waiting for the rate it gives way to one that goes before it: then it is due as it was before.
    assert.ok(row.wakeAtMs === nextMs || row.wakeAtMs <= nowMs, `${row.runId} waits until ${nextMs}, not until ${row.wakeAtMs}`);
    own.wakeAtMs = row.wakeAtMs;
  }

  #begin({ rateKey }: Pick<RunRow, "rateKey">, nowMs: number): void {
    this.#permits.set(rateKey!, [...(this.#permits.get(rateKey!) ?? []), nowMs]);
  }

  /** When runs of its rate began, in the time that counts now. */
  #begun({ rateKey, ratePeriodMs }: Pick<RunRow, "rateKey" | "ratePeriodMs">, nowMs: number): readonly number[] {
    return (this.#permits.get(rateKey!) ?? []).filter((atMs) => atMs > nowMs - ratePeriodMs!);
  }

  #ownedAlike({ workflow, version, queue, placement }: RunRow, node: string): number {
    return [...this.runs.values()].filter(
      ({ row }) =>
        row.owner === node && row.workflow === workflow && row.version === version && row.queue === queue && row.placement === placement,
    ).length;
  }

  #running(key: string): number {
    return [...this.runs.values()].filter(({ row }) => row.limitKey === key && row.status === "running").length;
  }

  #anyUnbegun(key: string): boolean {
    return [...this.runs.values()].some(({ row }) => row.rateKey === key && row.status === "queued" && row.epoch === 0);
  }

  #create({ row, events, claimFor }: NewRun): CreateVerdict {
    const there =
      this.runs.get(row.runId) ??
      [...this.runs.values()].find(
        (run) => row.dedupKey !== null && run.row.dedupKey === row.dedupKey && run.row.workflow === row.workflow,
      );
    if (there !== undefined) return { status: "exists", row: { ...there.row } };
    const queued = [...this.runs.values()].some((run) => run.row.limitKey === row.limitKey && run.row.status === "queued");
    const claimed =
      claimFor !== undefined &&
      !this.#nodes.get(claimFor)?.dead &&
      (row.limitKey === null || (this.#running(row.limitKey) < row.limitMax! && !queued)) &&
      (row.rateKey === null || (this.#begun(row, row.createdAtMs).length < row.rateMax! && !this.#anyUnbegun(row.rateKey)));
    if (claimed && row.rateKey !== null) this.#begin(row, row.createdAtMs);
    const fresh: MutableRow = {
      ...row,
      status: "queued",
      epoch: 0,
      owner: null,
      crashes: 0,
      mailSeq: 0,
      mailSeen: 0,
      endedAtMs: null,
      dead: null,
      note: null,
    };
    if (claimed) Object.assign(fresh, { status: "running", epoch: 1, owner: claimFor, wakeAtMs: null });
    const stored = events.map((body, index) => ({ seq: index + 1, atMs: row.createdAtMs, body }));
    this.runs.set(row.runId, { row: fresh, events: stored, mail: [], mailIds: new Set(), snapshot: null, base: 0 });
    return { status: "created", claimed };
  }

  #part(part: RunPart): PartVerdict {
    const run = this.runs.get(part.runId);
    if (run === undefined || run.row.status !== "running" || run.row.epoch !== part.epoch) return { status: "stale" };
    if (part.expectedSeq === null ? part.events.length > 0 : part.expectedSeq !== run.events.length) return { status: "stale" };
    const { row } = run;
    const seen = Math.max(row.mailSeen, Math.min(part.mailSeen ?? 0, row.mailSeq));
    if (part.release?.status === "waiting" && row.mailSeq > seen) return { status: "mail" };
    for (const body of part.events) run.events.push({ seq: run.events.length + 1, atMs: part.atMs, body });
    row.mailSeen = seen;
    run.mail = run.mail.filter((message) => message.mailSeq > seen);
    if (part.progress) row.crashes = 0;
    const ends = part.release !== undefined && isEnd(part.release.status);
    if (ends && run.base === 0) run.snapshot = null;
    else if (part.snapshot !== undefined) run.snapshot = { seq: run.events.length, body: part.snapshot.body };
    const children = part.children?.map((child) => this.#create(child));
    const messages = part.messages?.map((message) => this.#keep(message));
    if (part.release !== undefined) {
      const { status, wakeAtMs, dead, note, version } = part.release;
      Object.assign(row, { dead: dead ?? null, note: note ?? null, ...(version !== undefined && { version }) });
      this.#move(row, status, wakeAtMs, part.atMs);
    }
    return {
      status: "ok",
      seq: run.events.length,
      ...(children !== undefined && { children }),
      ...(messages !== undefined && { messages }),
    };
  }

  #keep(message: NewMessage): MessageVerdict {
    const run = this.runs.get(message.runId);
    if (run === undefined) return { status: "unknown" };
    if (run.mailIds.has(message.id)) return { status: "duplicate" };
    if (run.row.endedAtMs !== null) return { status: "ended" };
    run.mailIds.add(message.id);
    run.mail.push({ mailSeq: ++run.row.mailSeq, id: message.id, atMs: message.atMs, body: message.body });
    if (run.row.status === "queued" || run.row.status === "waiting")
      run.row.wakeAtMs = Math.min(run.row.wakeAtMs ?? message.atMs, message.atMs);
    return { status: "kept" };
  }

  #move(row: MutableRow, status: RunStatus, wakeAtMs: number | null, nowMs: number): void {
    Object.assign(row, { status, owner: null, wakeAtMs, endedAtMs: isEnd(status) ? nowMs : null });
    const oldest = this.runs.get(row.runId)?.mail[0];
    if (oldest !== undefined && (status === "queued" || status === "waiting"))
      row.wakeAtMs = Math.min(wakeAtMs ?? oldest.atMs, oldest.atMs);
  }
}

function isEnd(status: RunStatus): boolean {
  return status !== "queued" && status !== "waiting" && status !== "paused" && status !== "running";
}

function rankOf({ wakeAtMs, priority }: RunRow): number {
  return claimRankMs({ wakeAtMs: wakeAtMs!, priority });
}

function isRated({ rateKey, epoch }: RunRow): boolean {
  return rateKey !== null && epoch === 0;
}
