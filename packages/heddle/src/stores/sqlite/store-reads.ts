import {
  HeddleError,
  type ListOptions,
  type NodeRow,
  type RunId,
  type RunRow,
  type StoredEvent,
  type StoredMessage,
  type StoreMove,
  type WakeOptions,
  type WholeRun,
} from "@heddle/kernel";
import type { Connection } from "./connection.ts";
import { faultOf } from "./fault.ts";
import { exportRun } from "./sql/export-run.ts";
import { type FindRun, findRun } from "./sql/find-run.ts";
import { findTaken } from "./sql/find-taken.ts";
import { kinds, type Kinds } from "./sql/kinds.ts";
import { listBlobs } from "./sql/list-blobs.ts";
import { listRuns } from "./sql/list-runs.ts";
import { moves } from "./sql/moves.ts";
import { nextWake } from "./sql/next-wake.ts";
import { type Nodes, nodes } from "./sql/nodes.ts";
import { type Offers, offers } from "./sql/offers.ts";
import { readBlob } from "./sql/read-blob.ts";
import { readJournal, type ReadJournal } from "./sql/read-journal.ts";
import { type ReadMail, readMail } from "./sql/read-mail.ts";
import { readSnapshot } from "./sql/read-snapshot.ts";
import { toHeddleError } from "./to-heddle-error.ts";

/** Everything that only reads, on the main thread's connection: a reader never waits for the writer. */
export class StoreReads {
  readonly #connection: Connection;
  readonly #find: FindRun;
  readonly #kinds: Kinds;
  readonly #nodes: Nodes;
  readonly #offers: Offers;
  readonly #mail: ReadMail;
  readonly #blob: ReturnType<typeof readBlob>;
  readonly #list: ReturnType<typeof listRuns>;
  readonly #nextWake: ReturnType<typeof nextWake>;
  readonly #journal: ReadJournal;
  readonly #snapshot: ReturnType<typeof readSnapshot>;
  readonly #whole: ReturnType<typeof exportRun>;
  readonly #blobs: ReturnType<typeof listBlobs>;
  readonly #moves: ReturnType<typeof moves>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#find = findRun(connection);
    this.#kinds = kinds(connection);
    this.#nodes = nodes(connection);
    this.#offers = offers(connection);
    this.#mail = readMail(connection);
    this.#blob = readBlob(connection);
    this.#list = listRuns(connection);
    this.#nextWake = nextWake(connection);
    this.#journal = readJournal(connection);
    this.#snapshot = readSnapshot(connection);
    this.#whole = exportRun(connection);
    this.#blobs = listBlobs(connection);
    this.#moves = moves(connection);
  }

  nextWakeMs(options: WakeOptions, nowMs: number): number | null {
    return this.#read(() => {
      const node = options.node === undefined ? null : (this.#nodes.find(options.node)?.node ?? null);
      let next: number | null = null;
      for (const offered of this.#offers.of(this.#kinds.all(), options, nowMs)) {
        if (this.#offers.room(offered, node) <= 0) continue;
        const wake = this.#nextWake(offered.kind);
        if (wake !== null && (next === null || wake + offered.terms.delayMs < next)) next = wake + offered.terms.delayMs;
      }
      return next;
    });
  }

  nodes(): NodeRow[] {
    return this.#read(() => this.#nodes.described());
  }

  journal(runId: RunId, afterSeq: number, limit: number): StoredEvent[] {
    return this.#ofOneRun(runId, afterSeq, () => this.#journal.after(runId, afterSeq, limit));
  }

  last(runId: RunId, count: number): StoredEvent[] {
    return this.#ofOneRun(runId, 0, () => this.#journal.last(runId, count));
  }

  whole(runId: RunId): WholeRun | null {
    return this.#ofOneRun(runId, 0, () => this.#whole(runId));
  }

  ownedWithMail(node: string): RunId[] {
    return this.#read(() => this.#mail.owned(node));
  }

  mail(runId: RunId): StoredMessage[] {
    return this.#read(() => this.#mail.read(runId));
  }

  snapshot(runId: RunId, beforeSeq: number | undefined): { readonly seq: number; readonly body: string } | null {
    return this.#read(() => this.#snapshot(runId, beforeSeq));
  }

  get(runId: RunId): RunRow | null {
    return this.#read(() => this.#find.byId(runId));
  }

  list(options: ListOptions): RunRow[] {
    return this.#read(() => this.#list(options));
  }

  blob(hash: string): string | null {
    return this.#read(() => this.#blob(hash));
  }

  blobs(after: string | null, limit: number): string[] {
    return this.#read(() => this.#blobs(after, limit));
  }

  taken(runs: readonly Pick<RunRow, "runId" | "workflow" | "dedupKey">[]): (RunRow | null)[] {
    return this.#read(() => runs.map((run) => findTaken(this.#find, run)));
  }

  move(): StoreMove | null {
    return this.#read(() => this.#moves.read());
  }

  #ofOneRun<T>(runId: RunId, afterSeq: number, read: () => T): T {
    try {
      return this.#read(read);
    } catch (error) {
      // Damaged pages under one run's journal are that run's trouble: the others can be read.
      if (!(error instanceof HeddleError) || error.code !== "STORE_FAILED") throw error;
      const message = `The journal of run ${runId} cannot be read after event ${afterSeq}: ${error.message}`;
      throw new HeddleError("JOURNAL_CORRUPT", message, { data: { runId, seq: afterSeq + 1, lastSeq: null }, cause: error });
    }
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof HeddleError ? error : toHeddleError(faultOf(error, this.#connection.path));
    }
  }
}
