import { randomUUID } from "node:crypto";
import { type Clock, HeddleError, type NewRun, type RunRow, type RunStore } from "@heddle/kernel";
import { freeTheDead, processName } from "heddle/internal";
import { startedText, threadWorkflow } from "../thread/thread-event.ts";

/** Threads wait in a queue of their own, which no engine serves. */
const threadQueue = "langgraph-threads";
/** After so long without a sign of life what this process holds is free for others. */
const leaseMs = 10_000;
/** Between two looks for a thread that somebody else holds. */
const firstPauseMs = 5;
const longestPauseMs = 50;
/** So often it is looked for processes that were killed while they held a thread. */
const lookForDeadMs = 250;
/** In characters. */
const longestTag = 1_000;
/** Threads that are made due at the same moment by several processes are claimed together, and given back. */
const claimedAtOnce = 16;

/** The right to write a thread: an epoch of its run, which every append names. */
export interface Hold {
  readonly epoch: number;
  /** A thread that was deleted and made again has another one. */
  readonly origin: string;
  /** False: it was made just now, and has its first event alone. */
  readonly existed: boolean;
}

/**
 * Takes threads for this process, and gives them back. Law: who holds a thread is the one node that owns its run; whoever takes it next raises the epoch, and
 * the appends of the one before are refused from then on. A node that holds nothing gives no sign of life.
 */
export class ThreadHolds {
  readonly #store: RunStore;
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #node = processName(`langgraph-${randomUUID().slice(0, 8)}`);
  /** Runs that some thread of this process is about to hold, or holds. */
  readonly #wanted = new Set<string>();
  #beatAtMs: number | null = null;
  #beating: Disposable | null = null;

  constructor(store: RunStore, clock: Clock, waitMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  /** By the store's time, where it has one of its own. */
  nowMs(): number {
    return (this.#store.clock ?? this.#clock).nowMs();
  }

  /** @throws HeddleError `THREAD_BUSY` another process does not let go of it */
  async take(runId: string, threadId: string): Promise<Hold> {
    this.#wanted.add(runId);
    try {
      return await this.#whenFree(runId, threadId, async (row) => {
        await this.#beat();
        if (row === null) return this.#create(runId, threadId);
        // A claim of which no answer came.
        if (row.owner === this.#node) return heldBy(row);
        return this.#claim(row);
      });
    } catch (error) {
      this.#wanted.delete(runId);
      throw error;
    }
  }

  /** Delete a thread that this process does not hold. @throws HeddleError `THREAD_BUSY` */
  async remove(runId: string, threadId: string): Promise<void> {
    await this.#whenFree(runId, threadId, async (row) => (row === null || (await this.#store.delete(runId)) ? true : null));
  }

  /** Let others have it. @param seq last event of its journal */
  async giveBack(runId: string, epoch: number, seq: number, note: string): Promise<void> {
    // Who signals a thread is not heard: it has no code that could listen. What they sent is taken as read.
    let mailSeen = 0;
    for (;;) {
      const release = { status: "waiting", wakeAtMs: null, note } as const;
      const part = { runId, epoch, expectedSeq: seq, events: [], atMs: this.nowMs(), mailSeen, release };
      const { parts } = await this.#store.commit({ parts: [part] });
      if (parts[0]?.status !== "mail") break;
      mailSeen = (await this.#store.get(runId))?.mailSeq ?? 0;
    }
    this.lost(runId);
  }

  /** Another process has taken it, or it is not known who has it. */
  lost(runId: string): void {
    this.#wanted.delete(runId);
    if (this.#wanted.size > 0) return;
    this.#beating?.[Symbol.dispose]();
    this.#beating = null;
  }

  async close(): Promise<void> {
    this.#beating?.[Symbol.dispose]();
    this.#beating = null;
    if (this.#beatAtMs !== null) await this.#store.leave(this.#node, this.nowMs());
  }

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve));
  }

  /** Try, again and again, until it works. @param attempt null: somebody else was faster */
  async #whenFree<T>(runId: string, threadId: string, attempt: (row: RunRow | null) => Promise<T | null>): Promise<T> {
    const beganMs = this.#clock.monotonicMs();
    let pauseMs = firstPauseMs;
    let lookMs = beganMs;
    for (;;) {
      const row = await this.#store.get(runId);
      const free = row === null || row.status === "queued" || row.status === "waiting" || row.owner === this.#node;
      const done = free ? await attempt(row) : null;
      if (done !== null) return done;
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - beganMs > this.#waitMs) throw busy(runId, threadId, row, this.#waitMs);
      if (!free && nowMs >= lookMs) {
        await freeTheDead(this.#store, this.nowMs());
        lookMs = nowMs + lookForDeadMs;
      }
      await this.pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  async #create(runId: string, threadId: string): Promise<Hold | null> {
    const nowMs = this.nowMs();
    const origin = randomUUID();
    const run: NewRun = {
      row: {
        runId,
        workflow: threadWorkflow,
        version: null,
        wakeAtMs: null,
        priority: 0,
        limitKey: null,
        limitMax: null,
        rateKey: null,
        rateMax: null,
        ratePeriodMs: null,
        queue: threadQueue,
        placement: null,
        tenant: null,
        dedupKey: null,
        parentId: null,
        tags: tagsOf(threadId),
        createdAtMs: nowMs,
        inputHash: origin,
      },
      events: [startedText(threadId, nowMs)],
      claimFor: this.#node,
    };
    const { creates } = await this.#store.commit({ creates: [run] });
    return creates[0]?.status === "created" && creates[0].claimed ? { epoch: 1, origin, existed: false } : null;
  }

  async #claim({ runId, status }: RunRow): Promise<Hold | null> {
    const nowMs = this.nowMs();
    // At rest no time wakes it. It is due from here until it is claimed.
    const [due, rows] = await Promise.all([
      this.#store.setStatus(runId, [status], "queued", nowMs, null),
      this.#store.claim({ node: this.#node, limit: claimedAtOnce, workflows: [threadWorkflow], queues: [threadQueue], nowMs: nowMs + 1 }),
    ]);
    let hold: Hold | null = null;
    for (const row of rows) {
      if (row.runId === runId) hold = heldBy(row);
      else if (!this.#wanted.has(row.runId)) await this.#return(row);
    }
    return due || hold !== null ? hold : null;
  }

  /** Another process made it due for itself. */
  async #return({ runId, epoch }: RunRow): Promise<void> {
    const release = { status: "queued", wakeAtMs: null } as const;
    await this.#store.commit({ parts: [{ runId, epoch, expectedSeq: null, events: [], atMs: this.nowMs(), release }] });
  }

  async #beat(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#beatAtMs === null || nowMs - this.#beatAtMs >= leaseMs / 3) {
      const storeMs = this.nowMs();
      // Declared dead meanwhile it owns nothing any more, which the next append is told.
      await this.#store.heartbeat(this.#node, storeMs + leaseMs, storeMs);
      this.#beatAtMs = nowMs;
    }
    this.#beating ??= this.#clock.after(leaseMs / 3, () => {
      this.#beating = null;
      // The store may be away for a while: who holds a thread then is told by the next append.
      if (this.#wanted.size > 0) this.#beat().catch(() => {});
    });
  }
}

/** A database may not take every text: then the thread's id stands in its first event alone. */
function tagsOf(threadId: string): Readonly<Record<string, string>> {
  return threadId.isWellFormed() && !threadId.includes("\0") && threadId.length <= longestTag ? { thread: threadId } : {};
}

function heldBy({ epoch, inputHash }: RunRow): Hold {
  return { epoch, origin: inputHash, existed: true };
}

function busy(runId: string, threadId: string, row: RunRow | null, waitMs: number): HeddleError {
  const who = row === null ? "Others" : row.status === "running" ? `Node ${row.owner}` : `Its run is ${row.status}, and nobody`;
  return new HeddleError(
    "THREAD_BUSY",
    `LangGraph thread ${threadId} could not be written for ${waitMs} ms: ${who} ${row?.status === "running" || row === null ? "held it all the time" : "may write it"}. Nothing was kept. Try again, or raise waitMs.`,
    { data: { runId, thread: threadId, owner: row?.owner ?? null, status: row?.status ?? null } },
  );
}
