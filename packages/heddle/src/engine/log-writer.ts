import {
  hasCode, type Clock, type CommitBatch, type CommitVerdict, type CreateVerdict, type MessageVerdict, type NewMessage, type NewRun,
  type PartVerdict, type RunPart, type RunStore,
} from "@heddle/kernel";

/** Batches under way at once. One: a batch that a full disk refused must not be overtaken by the next, whose appends stand on it. */
const batchesInFlight = 1;
/** Pause before a batch that a full disk refused is sent again. */
const fullDiskPauseMs = 500;

interface Waiting {
  readonly batch: { creates: NewRun[]; parts: RunPart[]; messages: NewMessage[] };
  readonly creates: ((verdict: CreateVerdict) => void)[];
  readonly parts: ((verdict: PartVerdict) => void)[];
  readonly messages: ((verdict: MessageVerdict) => void)[];
  readonly rejects: ((error: unknown) => void)[];
}

/**
 * The one road from a node to its store: everything that all runs commit in one turn goes out as one batch (group commit), and the next
 * batch fills while the last one is flushed.
 *
 * Invariants: 1. Batches reach the store in the order in which they were filled. 2. A verdict is given to its owner in batch order.
 * 3. A batch that failed as a whole is sent again as it was, or fails all its owners; never a part of it.
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

  /** Resolves when nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    this.flush();
    if (this.#count === 0 && this.#inFlight === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #send(waiting: Waiting): void {
    this.#inFlight++;
    let answer: CommitVerdict | Promise<CommitVerdict>;
    try {
      answer = this.#store.commit(waiting.batch as CommitBatch);
    } catch (error) {
      this.#refused(waiting, error);
      return;
    }
    if (answer instanceof Promise) {
      answer.then(
        (verdict) => {
          this.#answered(waiting, verdict);
          this.flush();
        },
        (error: unknown) => this.#refused(waiting, error),
      );
    } else this.#answered(waiting, answer);
  }

  #answered(waiting: Waiting, verdict: CommitVerdict): void {
    this.#inFlight--;
    const { creates, parts, messages } = waiting;
    for (let index = 0; index < creates.length; index++) creates[index]?.(verdict.creates[index] as CreateVerdict);
    for (let index = 0; index < parts.length; index++) parts[index]?.(verdict.parts[index] as PartVerdict);
    for (let index = 0; index < messages.length; index++) messages[index]?.(verdict.messages[index] as MessageVerdict);
    this.#sayIdle();
  }

  #refused(waiting: Waiting, error: unknown): void {
    if (hasCode(error, "STORE_FULL") && this.#stopped === undefined) {
      // Nothing was committed and order must hold: this batch keeps its place (and its count in flight) until there is room.
      this.#clock.after(fullDiskPauseMs, () => {
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

function emptyBatch(): Waiting {
  return { batch: { creates: [], parts: [], messages: [] }, creates: [], parts: [], messages: [], rejects: [] };
}
