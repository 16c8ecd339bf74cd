import {
  hasCode,
  HeddleError,
  type Clock,
  type CommitVerdict,
  type CreateVerdict,
  type MessageVerdict,
  type NewMessage,
  type NewRun,
  type PartVerdict,
  type RunPart,
  type RunStore,
} from "@heddle/kernel";

/** Batches under way at once. One: a batch that a full disk refused must not be overtaken by the next, whose appends stand on it. */
const batchesInFlight = 1;
/** Pause before a batch that the store could not take is sent again; doubled each time, up to the longest. */
const firstPauseMs = 50;
const longestPauseMs = 5_000;

interface Waiting {
  readonly batch: { creates: NewRun[]; parts: RunPart[]; messages: NewMessage[] };
  readonly creates: ((verdict: CreateVerdict) => void)[];
  readonly parts: ((verdict: PartVerdict) => void)[];
  readonly messages: ((verdict: MessageVerdict) => void)[];
  readonly rejects: ((error: unknown) => void)[];
  pauseMs: number;
  /** An earlier try may have been committed although its answer was lost. */
  unsure: boolean;
}

/**
 * The one road from a node to its store: everything that all runs commit in one turn goes out as one batch (group commit), and the next
 * batch fills while the last one is flushed.
 *
 * Invariants: 1. Batches reach the store in the order in which they were filled. 2. A verdict is given to its owner in batch order.
 * 3. A batch that failed as a whole is sent again as it was, or fails all its owners; never a part of it. What a lost answer leaves open is read from the journal.
 */
export class LogWriter {
  readonly #store: RunStore;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  #filling: Waiting = emptyBatch();
  #count = 0;
  #inFlight = 0;
  #sending = false;
  #stopped: unknown = undefined;
  #retry: { readonly waiting: Waiting; readonly error: unknown } | null = null;
  #idle: (() => void)[] = [];

  /** @param failed called once when the store can no longer be believed; every later submission is rejected with the same error */
  constructor(store: RunStore, clock: Clock, failed: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Add one run's append to the batch that fills. `done` is called when the store has answered. */
  part(part: RunPart, done: (verdict: PartVerdict) => void, failed: (error: unknown) => void): void {
    const filling = this.#filling;
    filling.batch.parts.push(part);
    filling.parts.push(done);
    filling.rejects.push(failed);
    this.#count++;
  }

  /** The verdict at once, past the batch, from a store that answers so and with nothing waiting before it; null: use `part`. */
  partNow(part: RunPart): PartVerdict | null {
    if (this.#store.features.durability !== "none" || this.#count > 0 || this.#inFlight > 0 || this.#sending || this.#stopped !== undefined)
      return null;
    const answer = this.#store.commit({ parts: [part] });
    if (answer instanceof Promise) throw new HeddleError("STORE_UNAVAILABLE", "A store that keeps nothing must answer at once.");
    return answer.parts[0] as PartVerdict;
  }

  create(run: NewRun): Promise<CreateVerdict> {
    return new Promise((resolve, reject) => {
      this.#filling.batch.creates.push(run);
      this.#filling.creates.push(resolve);
      this.#filling.rejects.push(reject);
      this.#count++;
      this.flush();
    });
  }

  /** Commit a run and its first mail together. */
  createWithMail(run: NewRun, message: NewMessage): Promise<CreateVerdict> {
    this.#filling.batch.messages.push(message);
    this.#filling.messages.push(() => {});
    return this.create(run);
  }

  message(message: NewMessage): Promise<MessageVerdict> {
    return new Promise((resolve, reject) => {
      this.#filling.batch.messages.push(message);
      this.#filling.messages.push(resolve);
      this.#filling.rejects.push(reject);
      this.#count++;
      this.flush();
    });
  }

  /** Send what has gathered, if the store can take it now. */
  flush(): void {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#count > 0 && this.#inFlight < batchesInFlight) {
      const waiting = this.#filling;
      this.#filling = emptyBatch();
      this.#count = 0;
      if (this.#stopped === undefined) this.#send(waiting);
      else for (const reject of waiting.rejects) reject(this.#stopped);
    }
    this.#sending = false;
  }

  /** Resolves when nothing waits and nothing is under way. A batch that the store still refuses is given up. */
  async settled(): Promise<void> {
    if (this.#retry !== null) {
      const { waiting, error } = this.#retry;
      this.#retry = null;
      this.#stopped = error;
      this.#refused(waiting, error);
    }
    this.flush();
    if (this.#count === 0 && this.#inFlight === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #send(waiting: Waiting): void {
    this.#inFlight++;
    let answer: CommitVerdict | Promise<CommitVerdict>;
    try {
      answer = this.#store.commit(waiting.batch);
    } catch (error) {
      this.#refused(waiting, error);
      return;
    }
    if (answer instanceof Promise) {
      const known = waiting.unsure ? answer.then((verdict) => knownVerdict(this.#store, waiting.batch, verdict)) : answer;
      known.then(
        (verdict) => {
          this.#inFlight--;
          // What has gathered goes out before the answer is told: the store works on it while the code runs that the answer sets going.
          this.flush();
          this.#tell(waiting, verdict);
          this.flush();
        },
        (error: unknown) => this.#refused(waiting, error),
      );
    } else {
      this.#inFlight--;
      this.#tell(waiting, answer);
    }
  }

  #tell(waiting: Waiting, verdict: CommitVerdict): void {
    const { creates, parts, messages } = waiting;
    for (let index = 0; index < creates.length; index++) creates[index]?.(verdict.creates[index] as CreateVerdict);
    for (let index = 0; index < parts.length; index++) parts[index]?.(verdict.parts[index] as PartVerdict);
    for (let index = 0; index < messages.length; index++) messages[index]?.(verdict.messages[index] as MessageVerdict);
    this.#sayIdle();
  }

  #refused(waiting: Waiting, error: unknown): void {
    if ((hasCode(error, "STORE_FULL") || hasCode(error, "STORE_UNAVAILABLE")) && this.#stopped === undefined) {
      // Order must hold: the batch keeps its place, and its count in flight, until the store takes it.
      waiting.unsure ||= hasCode(error, "STORE_UNAVAILABLE");
      const { pauseMs } = waiting;
      waiting.pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      this.#retry = { waiting, error };
      this.#clock.after(pauseMs, () => {
        if (this.#retry?.waiting !== waiting) return;
        this.#retry = null;
        this.#inFlight--;
        this.#send(waiting);
        this.flush();
      });
      return;
    }
    this.#inFlight--;
    const first = this.#stopped === undefined;
    this.#stopped ??= error;
    for (const reject of waiting.rejects) reject(error);
    if (first) this.#failed(error);
    this.flush();
    this.#sayIdle();
  }

  #sayIdle(): void {
    if (this.#count > 0 || this.#inFlight > 0 || this.#idle.length === 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const call of idle) call();
  }
}

/**
 * The verdict of a batch that was sent before and whose answer was lost. What was committed then shows now as stale, existing or duplicate: the
 * journal and the rows tell it from the real ones.
 */
async function knownVerdict(store: RunStore, batch: Waiting["batch"], verdict: CommitVerdict): Promise<CommitVerdict> {
  const creates = verdict.creates.map((each, index): CreateVerdict => {
    const run = batch.creates[index];
    if (each.status !== "exists" || run === undefined || each.row.runId !== run.row.runId || each.row.createdAtMs !== run.row.createdAtMs)
      return each;
    return { status: "created", claimed: run.claimFor !== undefined && each.row.owner === run.claimFor && each.row.epoch === 1 };
  });
  const parts = await Promise.all(
    verdict.parts.map(async (each, index): Promise<PartVerdict> => {
      const part = batch.parts[index];
      if (each.status !== "stale" || part === undefined || part.expectedSeq === null) return each;
      const row = await store.get(part.runId);
      if (row === null || row.epoch !== part.epoch) return each;
      if (part.events.length === 0) return row.status === part.release?.status ? { status: "ok", seq: part.expectedSeq } : each;
      const kept = await store.readJournal(part.runId, part.expectedSeq, part.events.length);
      const same = kept.length === part.events.length && kept.every(({ body }, at) => body === part.events[at]);
      if (!same) return each;
      const children =
        part.children === undefined ? null : { children: await Promise.all(part.children.map((child) => knownChild(store, child))) };
      return { status: "ok", seq: part.expectedSeq + kept.length, ...children };
    }),
  );
  return {
    creates,
    parts,
    messages: verdict.messages.map((each): MessageVerdict => (each.status === "duplicate" ? { status: "kept" } : each)),
  };
}

/** Of a child that a committed part made, or found there. One that is gone was made, and has ended since. */
async function knownChild(store: RunStore, { row: made }: NewRun): Promise<CreateVerdict> {
  const row = await store.get(made.runId);
  const ours = row === null || (row.parentId === made.parentId && row.createdAtMs === made.createdAtMs && row.inputHash === made.inputHash);
  return ours ? { status: "created", claimed: false } : { status: "exists", row };
}

function emptyBatch(): Waiting {
  return {
    batch: { creates: [], parts: [], messages: [] },
    creates: [],
    parts: [],
    messages: [],
    rejects: [],
    pauseMs: firstPauseMs,
    unsure: false,
  };
}
