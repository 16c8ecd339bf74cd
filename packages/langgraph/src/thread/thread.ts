import { type Clock, hasCode, type RunStore } from "@heddle/kernel";
import type { Hold, ThreadHolds } from "../hold/thread-holds.ts";
import type { TextCache } from "../text/text-table.ts";
import { eventText, readEvent, type ThreadEvent } from "./thread-event.ts";
import { ThreadState } from "./thread-state.ts";

/** What threads of one saver share. */
export interface ThreadHost {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly holds: ThreadHolds;
  readonly cache: TextCache;
  readonly waitMs: number;
}

/** What is to be kept, made when it is known what is there. Null: it is kept already. */
export type MakeEvent = (state: ThreadState) => Promise<ThreadEvent | null>;

interface Pending {
  readonly make: MakeEvent;
  readonly done: PromiseWithResolvers<void>;
}

/** Kept for so long after a write: a step of a graph writes several times, and each taking costs two commits. */
const lingerMs = 50;
/** A thread that is written without a pause is let go after so long, for so long: others wait for it, perhaps. */
const longestHoldMs = 500;
const yieldMs = 60;
/** Written in one commit, at most. */
const mostAtOnce = 64;
/** Journal rows that are read at once. */
const pageRows = 1_000;
/** Between two attempts while the store does not answer. */
const retryMs = 100;

/**
 * One thread in this process: its state as far as it was read, and the right to write it while it is written.
 *
 * Law: one thing at a time, in the order of the calls. What was written is in the store when its promise resolves; who finds that others wrote meanwhile
 * reads that first, and writes then, so that nothing is lost and nothing is there twice.
 */
export class Thread {
  readonly runId: string;
  readonly #threadId: string;
  readonly #host: ThreadHost;
  #state: ThreadState;
  /** Of the run that `#state` was read from; null: of none. */
  #origin: string | null = null;
  #hold: Hold | null = null;
  #heldSinceMs = 0;
  #lingering: Disposable | null = null;
  #pending: Pending[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  #users = 0;

  constructor(host: ThreadHost, runId: string, threadId: string) {
    this.#host = host;
    this.runId = runId;
    this.#threadId = threadId;
    this.#state = new ThreadState(runId, host.cache);
  }

  /** Nothing is under way, and it is not held: it may be forgotten. */
  get idle(): boolean {
    return this.#users === 0 && this.#hold === null;
  }

  /** Characters that it takes in memory, about. */
  get size(): number {
    return this.#state.texts.size;
  }

  /** Look at the thread as it is now. */
  read<T>(look: (state: ThreadState) => T): Promise<T> {
    return this.#inTurn(async () => {
      if (this.#hold === null) await this.#refresh();
      return look(this.#state);
    });
  }

  /** @throws HeddleError `THREAD_BUSY`, and what the store throws: nothing was kept, or it is not known */
  write(make: MakeEvent): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#pending.push({ make, done });
    this.#inTurn(() => this.#writePending()).catch(() => {});
    return done.promise;
  }

  delete(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#letGo();
      await this.#host.holds.remove(this.runId, this.#threadId);
      this.#forget();
    });
  }

  /** Let others have it, after what is under way. */
  release(): Promise<void> {
    return this.#inTurn(() => this.#letGo());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#users++;
    const result = this.#tail.then(work).finally(() => void this.#users--);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #writePending(): Promise<void> {
    const batch = this.#pending.splice(0, mostAtOnce);
    if (batch.length === 0) return;
    this.#lingering?.[Symbol.dispose]();
    this.#lingering = null;
    try {
      await this.#writeAll(batch);
      for (const { done } of batch) done.resolve();
    } catch (error) {
      for (const { done } of batch) done.reject(error);
    }
    if (this.#hold !== null)
      this.#lingering = this.#host.clock.after(lingerMs, () => {
        // If the store is away, the hold ends with its lease.
        this.release().catch(() => {});
      });
  }

  async #writeAll(batch: readonly Pending[]): Promise<void> {
    const { clock, waitMs, holds } = this.#host;
    const beganMs = clock.monotonicMs();
    for (;;) {
      try {
        await this.#take();
        if (await this.#append(batch)) return;
      } catch (error) {
        // It is not known what the store has done: what is in memory may be more, or less.
        this.#lose();
        if (!hasCode(error, "STORE_UNAVAILABLE") || clock.monotonicMs() - beganMs > waitMs) throw error;
        await holds.pause(retryMs);
      }
    }
  }

  /** @returns false: others have written meanwhile, and nothing was kept */
  async #append(batch: readonly Pending[]): Promise<boolean> {
    const { store, holds } = this.#host;
    const { epoch } = this.#hold!;
    const expectedSeq = this.#state.seq;
    const atMs = holds.nowMs();
    const events: string[] = [];
    for (const { make, done } of batch) {
      const event = await make(this.#state).catch((error: unknown) => {
        // A value that cannot be kept is a matter of who gave it.
        done.reject(error);
        return null;
      });
      if (event === null) continue;
      events.push(eventText(event, atMs));
      this.#state.apply(this.#state.seq + 1, event);
    }
    if (events.length === 0) return true;
    const { parts } = await store.commit({ parts: [{ runId: this.runId, epoch, expectedSeq, events, atMs, progress: true }] });
    const verdict = parts[0];
    if (verdict?.status === "ok") return true;
    this.#lose();
    return false;
  }

  async #take(): Promise<void> {
    const { clock, holds, store } = this.#host;
    if (this.#hold !== null) {
      if (!store.features.shared || clock.monotonicMs() - this.#heldSinceMs < longestHoldMs) return;
      await this.#letGo();
      await holds.pause(yieldMs);
    }
    const hold = await holds.take(this.runId, this.#threadId);
    this.#hold = hold;
    this.#heldSinceMs = clock.monotonicMs();
    await this.#readOn(hold.origin);
  }

  async #letGo(): Promise<void> {
    this.#lingering?.[Symbol.dispose]();
    this.#lingering = null;
    if (this.#hold === null) return;
    const { epoch } = this.#hold;
    const { checkpoints, seq } = this.#state;
    const note = `${checkpoints} ${checkpoints === 1 ? "checkpoint" : "checkpoints"} of LangGraph`;
    try {
      await this.#host.holds.giveBack(this.runId, epoch, seq, note);
    } finally {
      this.#hold = null;
    }
  }

  async #refresh(): Promise<void> {
    const row = await this.#host.store.get(this.runId);
    if (row === null) this.#forget();
    else await this.#readOn(row.inputHash);
  }

  /** Read what the journal has beyond what is known of it. */
  async #readOn(origin: string): Promise<void> {
    if (this.#origin !== origin) this.#forget();
    this.#origin = origin;
    try {
      for (;;) {
        const page = await this.#host.store.readJournal(this.runId, this.#state.seq, pageRows);
        for (const { seq, body } of page) this.#state.apply(seq, readEvent(body));
        if (page.length < pageRows) return;
      }
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #lose(): void {
    this.#hold = null;
    this.#host.holds.lost(this.runId);
    this.#forget();
  }

  #forget(): void {
    this.#state = new ThreadState(this.runId, this.#host.cache);
    this.#origin = null;
  }
}
