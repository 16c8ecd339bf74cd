import { resolve } from "node:path";
import {
  type ClaimOptions,
  type CommitBatch,
  type CommitVerdict,
  HeddleError,
  type ImportVerdict,
  type ListOptions,
  type NodeRow,
  type RunId,
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
import { checkAtRest } from "../moved.ts";
import { RunHints } from "../run-hints.ts";
import { type Connect, connect, type Connection } from "./connection.ts";
import { SharedCounters, type StoreCounters } from "./counters.ts";
import { Lookout } from "./lookout.ts";
import { openFile } from "./open-file.ts";
import { type Migration, migrations } from "./schema.ts";
import { StoreReads } from "./store-reads.ts";
import { WriteQueue } from "./write-queue.ts";
import { writerThreadUrl } from "./writer-thread-handle.ts";

export interface SqliteStoreOptions {
  /** The file; beside it stand its `-wal` and `-shm`. Its folder is made when it is not there. */
  readonly path: string;
  /** `machine` (default): a commit is on the disk before it is answered. `process`: not flushed; a crash of the machine may take the last commits back. */
  readonly durability?: "machine" | "process";
  /** False: open only a store that is there. Default true. */
  readonly create?: boolean;
  /** How long to wait for another process that writes, milliseconds, before `STORE_UNAVAILABLE`. Default 10,000. */
  readonly busyMs?: number;
  /** Time of ends and wake-ups that bring none of their own, epoch milliseconds. Default: the system's. */
  readonly clock?: { nowMs(): number };
}

/** What tests put in; everybody else leaves it out. */
export interface SqliteStoreParts {
  readonly connect?: Connect;
  readonly migrations?: readonly Migration[];
  /** Groups that the main thread commits before it starts the writer's thread. Default 16; `Infinity`: never a thread. */
  readonly inlineGroups?: number;
  readonly threadUrl?: URL;
  /** How often a watched store looks whether another process has written, milliseconds; five times as often while an end is awaited. Default 250. */
  readonly watchMs?: number;
}

/** A store in an SQLite file, with figures for benches. */
export interface SqliteStore extends RunStore {
  commit(batch: CommitBatch): Promise<CommitVerdict>;
  /** What the writer did so far. */
  counters(): StoreCounters;
}

/**
 * Keep runs in one SQLite file, which several processes may open at the same time.
 *
 * @throws HeddleError `STORE_NOT_A_STORE`, `STORE_NEWER`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_UNAVAILABLE`, `STORE_FAILED`, `OPTION_INVALID`;
 *   with `create: false` also `FILE_UNKNOWN`
 */
export async function openSqliteStore(options: SqliteStoreOptions, parts: SqliteStoreParts = {}): Promise<SqliteStore> {
  const { durability = "machine", create = true, busyMs = 10_000, clock = { nowMs: () => Date.now() } } = options;
  if (options.path === "" || options.path === ":memory:") {
    throw new HeddleError("OPTION_INVALID", `The path of an SQLite store must be a file, not "${options.path}".`, {
      data: { path: options.path },
    });
  }
  // The working folder may change; the thread's connection must find the same file.
  const path = resolve(options.path);
  const counters = new SharedCounters();
  const known = parts.migrations ?? migrations;
  const connection = await openFile(path, {
    durability,
    busyMs,
    create,
    counters,
    connect: parts.connect ?? connect,
    migrations: known,
  });
  const hints = new RunHints();
  const queue = new WriteQueue({
    connection,
    clock,
    hints,
    inlineGroups: parts.inlineGroups ?? 16,
    thread: { url: parts.threadUrl ?? writerThreadUrl, path, durability, busyMs, schema: known.length, counters: counters.memory },
  });
  return new SqliteRunStore(connection, queue, hints, durability, parts.watchMs ?? 250);
}

class SqliteRunStore implements SqliteStore {
  readonly features: StoreFeatures;
  readonly #connection: Connection;
  readonly #queue: WriteQueue;
  readonly #reads: StoreReads;
  readonly #hints: RunHints;
  readonly #lookout: Lookout;
  #closed: Promise<void> | null = null;

  constructor(connection: Connection, queue: WriteQueue, hints: RunHints, durability: "machine" | "process", watchMs: number) {
    this.features = { durability, transactions: true, shared: true };
    this.#connection = connection;
    this.#queue = queue;
    this.#reads = new StoreReads(connection);
    this.#hints = hints;
    this.#lookout = new Lookout(() => queue.call<null>({ type: "probe" }), watchMs);
  }

  counters(): StoreCounters {
    return this.#connection.counters.snapshot();
  }

  async commit(batch: CommitBatch): Promise<CommitVerdict> {
    this.#checkUsable();
    return this.#queue.commit(batch);
  }

  async claim(options: ClaimOptions): Promise<readonly RunRow[]> {
    this.#checkUsable();
    return this.#queue.call<readonly RunRow[]>({ type: "claim", options });
  }

  async heartbeat(node: string, untilMs: number, nowMs: number): Promise<boolean> {
    this.#checkUsable();
    return this.#queue.call<boolean>({ type: "heartbeat", node, untilMs, nowMs });
  }

  async reapDeadNodes(nowMs: number): Promise<number> {
    this.#checkUsable();
    const freed = await this.#queue.call<number>({ type: "reap", nowMs });
    if (freed > 0) this.#hints.give(null, "work");
    return freed;
  }

  async takeDuty(duty: string, node: string, untilMs: number, nowMs: number): Promise<boolean> {
    this.#checkUsable();
    return this.#queue.call<boolean>({ type: "take-duty", duty, node, untilMs, nowMs });
  }

  async leave(node: string, nowMs: number): Promise<void> {
    this.#checkUsable();
    await this.#queue.call<null>({ type: "leave", node, nowMs });
    this.#hints.give(null, "work");
  }

  async describeNode(node: string, info: string): Promise<void> {
    this.#checkUsable();
    await this.#queue.call<null>({ type: "describe", node, info });
  }

  async nodes(): Promise<readonly NodeRow[]> {
    this.#checkUsable();
    return this.#reads.nodes();
  }

  async setStatus(
    runId: RunId,
    from: readonly RunStatus[],
    to: Exclude<RunStatus, "running">,
    wakeAtMs: number | null,
    note: string | null,
  ): Promise<boolean> {
    this.#checkUsable();
    const moved = await this.#queue.call<boolean>({ type: "set-status", runId, from, to, wakeAtMs, note });
    if (moved) this.#hints.give(runId, "work");
    return moved;
  }

  async delete(runId: RunId): Promise<boolean> {
    this.#checkUsable();
    return this.#queue.call<boolean>({ type: "delete", runId });
  }

  async compact(runId: RunId, throughSeq: number): Promise<void> {
    this.#checkUsable();
    await this.#queue.call<null>({ type: "compact", runId, throughSeq });
  }

  async sweep(beforeMs: number, limit: number): Promise<number> {
    this.#checkUsable();
    return this.#queue.call<number>({ type: "sweep", beforeMs, limit });
  }

  async putBlob(hash: string, body: string): Promise<void> {
    this.#checkUsable();
    await this.#queue.call<null>({ type: "put-blob", hash, body });
  }

  async nextWakeMs(options: WakeOptions = {}): Promise<number | null> {
    this.#checkUsable();
    return this.#reads.nextWakeMs(options, options.nowMs ?? this.#queue.nowMs);
  }

  async readJournal(runId: RunId, afterSeq: number, limit = Number.MAX_SAFE_INTEGER): Promise<readonly StoredEvent[]> {
    this.#checkUsable();
    return this.#reads.journal(runId, afterSeq, limit);
  }

  async readLast(runId: RunId, count: number): Promise<readonly StoredEvent[]> {
    this.#checkUsable();
    return this.#reads.last(runId, count);
  }

  async ownedWithMail(node: string): Promise<readonly RunId[]> {
    this.#checkUsable();
    return this.#reads.ownedWithMail(node);
  }

  async readMail(runId: RunId): Promise<readonly StoredMessage[]> {
    this.#checkUsable();
    return this.#reads.mail(runId);
  }

  async readSnapshot(runId: RunId, beforeSeq?: number): Promise<{ readonly seq: number; readonly body: string } | null> {
    this.#checkUsable();
    return this.#reads.snapshot(runId, beforeSeq);
  }

  async get(runId: RunId): Promise<RunRow | null> {
    this.#checkUsable();
    return this.#reads.get(runId);
  }

  async expectEnd(runId: RunId): Promise<RunRow | null> {
    const row = await this.get(runId);
    if (row !== null && row.endedAtMs === null) this.#lookout.closely();
    return row;
  }

  async list(options: ListOptions): Promise<readonly RunRow[]> {
    this.#checkUsable();
    return this.#reads.list(options);
  }

  async getBlob(hash: string): Promise<string | null> {
    this.#checkUsable();
    return this.#reads.blob(hash);
  }

  async listBlobs(after: string | null, limit: number): Promise<readonly string[]> {
    this.#checkUsable();
    return this.#reads.blobs(after, limit);
  }

  async exportRun(runId: RunId): Promise<WholeRun | null> {
    this.#checkUsable();
    return this.#reads.whole(runId);
  }

  async importRuns(runs: readonly WholeRun[]): Promise<readonly ImportVerdict[]> {
    this.#checkUsable();
    checkAtRest(runs);
    const verdicts = await this.#queue.call<readonly ImportVerdict[]>({ type: "import", runs });
    this.#hints.give(null, "work");
    return verdicts;
  }

  async findTaken(runs: readonly Pick<RunRow, "runId" | "workflow" | "dedupKey">[]): Promise<readonly (RunRow | null)[]> {
    this.#checkUsable();
    return this.#reads.taken(runs);
  }

  async readMove(): Promise<StoreMove | null> {
    this.#checkUsable();
    return this.#reads.move();
  }

  async setMove(move: StoreMove | null): Promise<boolean> {
    this.#checkUsable();
    return this.#queue.call<boolean>({ type: "set-move", move });
  }

  watch(call: (runId: RunId | null, what: StoreHint) => void): Disposable {
    this.#checkUsable();
    const watcher = this.#hints.add(call);
    this.#lookout.begin();
    return {
      [Symbol.dispose]: () => {
        watcher[Symbol.dispose]();
        if (!this.#hints.watched) this.#lookout.end();
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#lookout.end();
    this.#hints.clear();
    // The thread's connection closes last: so it is the one that copies the log into the database.
    await this.#queue.close(() => this.#connection.close());
  }

  #checkUsable(): void {
    if (this.#closed !== null) throw new HeddleError("ENGINE_CLOSED", "The store is closed: open it again.");
    if (this.#queue.failure !== null) throw this.#queue.failure;
  }
}
