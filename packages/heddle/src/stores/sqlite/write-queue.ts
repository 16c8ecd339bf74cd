import { type CommitBatch, type CommitVerdict, HeddleError } from "@heddle/kernel";
import type { RunHints } from "../run-hints.ts";
import type { Connection } from "./connection.ts";
import { giveHints } from "./give-hints.ts";
import type { ThreadAnswer } from "./thread-message.ts";
import { faultOf } from "./fault.ts";
import { toHeddleError } from "./to-heddle-error.ts";
import { AnswerReader, readCalls, type Wire, writeAnswers, writeCall, writeCommit } from "./wire.ts";
import type { GroupAnswer, WriteAnswer, WriteCall } from "./writer/write-call.ts";
import { Writer } from "./writer/writer.ts";
import { WriterThread, type WriterThreadOptions } from "./writer-thread-handle.ts";

export interface WriteQueueOptions {
  readonly thread: WriterThreadOptions;
  /** Of the main thread: writes while there is no writer's thread. */
  readonly connection: Connection;
  readonly clock: { nowMs(): number };
  readonly hints: RunHints;
  /** Groups that the main thread commits itself before it starts a thread for them. */
  readonly inlineGroups: number;
}

/** A call that is not answered yet. */
interface Pending {
  /** Null: it is no commit. */
  readonly batch: CommitBatch | null;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: HeddleError) => void;
}

// Taken when this file is loaded: strict mode later replaces the globals for workflow code, and the store must not notice.
const afterPolling = setImmediate;

/** How long the main thread may wait for another process, before it leaves the waiting to the writer's thread. Milliseconds. */
const inlineBusyMs = 20;

/**
 * The road from the main thread to the writer. All calls of one turn of the event loop go out together; answers come in the order of the
 * calls. A thread takes 45 ms to start, which is longer than many a process has work for: so the first groups are committed here, and a
 * thread is started only for those who stay.
 *
 * Modes: `inline`: groups are committed here, also while a thread starts. `held`: another process has the file; what comes waits for the
 * thread. `thread`: groups are sent to it. `failed`: everything is refused.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #inlineWriter: Writer;
  #mode: "inline" | "held" | "thread" | "failed" = "inline";
  #thread: WriterThread | null = null;
  #threadUnusable = false;
  #inlineLeft: number;
  #failure: HeddleError | null = null;
  #filling: Wire = [];
  #scheduled = false;
  #pending: Pending[] = [];
  #answered = 0;
  #generation = 0;
  #whenIdle: (() => void)[] = [];
  #closed = false;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
    this.#inlineLeft = options.inlineGroups;
    options.connection.setBusyMs(inlineBusyMs);
    this.#inlineWriter = new Writer(options.connection, inlineBusyMs, options.thread.schema);
    if (this.#inlineLeft <= 0) {
      this.#startThread();
      this.#mode = "held";
    }
  }

  /** Why nothing is done any more; null: all is well. */
  get failure(): HeddleError | null {
    return this.#failure;
  }

  /** The store's time. */
  get nowMs(): number {
    return this.#options.clock.nowMs();
  }

  commit(batch: CommitBatch): Promise<CommitVerdict> {
    return new Promise((resolve, reject) => {
      writeCommit(this.#filling, batch);
      this.#pending.push({ batch, resolve, reject });
      // What one turn commits was gathered before. The thread begins with it while the code that the last answers set going still runs here.
      if (this.#mode === "thread") this.#flush();
      else this.#schedule();
    });
  }

  call<A extends WriteAnswer>(call: Exclude<WriteCall, { type: "commit" }>): Promise<A> {
    return new Promise((resolve, reject) => {
      writeCall(this.#filling, call);
      this.#pending.push({ batch: null, resolve, reject });
      this.#schedule();
    });
  }

  /** Ends the thread, after everything that was called is answered. `closeConnection` is called when only it is still open. */
  async close(closeConnection: () => void): Promise<void> {
    this.#flush();
    if (this.#unanswered > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    this.#closed = true;
    closeConnection();
    await this.#thread?.close();
  }

  get #unanswered(): number {
    return this.#pending.length - this.#answered;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After all promise jobs of this turn, so that everything that one answer set going goes out together. Of groups that are committed here
    // each may set the next going: the thread that comes up has to be heard in between, and where none can, timers must have their turn.
    if (this.#mode === "inline" && (this.#thread !== null || this.#threadUnusable)) afterPolling(this.#flushScheduled);
    else process.nextTick(this.#flushScheduled);
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  #flush(): void {
    if (this.#unanswered === 0) return;
    if (this.#failure !== null) return this.#refuseAll(this.#failure);
    if (this.#mode === "held") return this.#thread?.hold(true);
    if (this.#filling.length === 0) return;
    if (this.#mode === "inline") return this.#commitHere();
    this.#thread?.hold(true);
    const wire = this.#filling;
    this.#filling = [];
    try {
      this.#thread?.send({ type: "calls", generation: this.#generation, nowMs: this.#options.clock.nowMs(), wire });
    } catch (error) {
      // Something that no thread can be sent, as a function, where a text should be. Nothing of it was sent.
      this.#fail(new HeddleError("OPTION_INVALID", `A commit holds something that cannot be kept: ${String(error)}`, { cause: error }));
    }
  }

  #commitHere(): void {
    const wire = this.#filling;
    const calls = readCalls(wire);
    let answer: GroupAnswer;
    try {
      answer = this.#inlineWriter.group(calls, this.#options.clock.nowMs());
    } catch (error) {
      // Waiting is for the thread; the calls stay where they are.
      const fault = faultOf(error, this.#options.connection.path);
      if (fault.kind === "busy" && this.#startThread()) {
        this.#mode = "held";
        this.#thread?.hold(true);
      } else this.#fail(toHeddleError(fault));
      return;
    }
    this.#filling = [];
    this.#answer(calls.length, writeAnswers(calls, answer));
    if (--this.#inlineLeft <= 0) this.#startThread();
    try {
      this.#inlineWriter.checkpointIfDue();
    } catch (error) {
      this.#fail(toHeddleError(faultOf(error, this.#options.connection.path)));
    }
  }

  /** Returns whether there is one, or will be. */
  #startThread(): boolean {
    if (this.#threadUnusable) return false;
    this.#thread ??= new WriterThread(this.#options.thread, {
      answer: (message) => this.#hear(message),
      died: (error) => this.#threadDied(error),
    });
    return true;
  }

  #hear(message: ThreadAnswer): void {
    // A thread may come up while the store is closed.
    if (this.#closed) return;
    switch (message.type) {
      case "up":
        this.#mode = "thread";
        // Only reads are left here, and they wait for nobody but one who mends or removes the log.
        this.#options.connection.setBusyMs(this.#options.thread.busyMs);
        this.#flush();
        break;
      case "done":
        this.#answer(message.calls, message.wire);
        break;
      case "failed":
        this.#fail(toHeddleError(message.error));
        break;
      case "closed":
        break;
      default:
        return message satisfies never;
    }
    this.#thread?.hold(this.#unanswered > 0);
  }

  #threadDied(error: unknown): void {
    if (this.#mode === "thread") {
      const message = `The writer's thread of ${this.#options.thread.path} ended. What it committed last is not known: open the store again.`;
      this.#fail(new HeddleError("STORE_FAILED", message, { data: { path: this.#options.thread.path }, cause: error }));
      return;
    }
    this.#thread = null;
    this.#threadUnusable = true;
    this.#mode = "inline";
    process.emitWarning(
      `The writer's thread could not start, so commits are flushed on the main thread: ${String(error)}`,
      "HeddleWarning",
    );
    this.#flush();
  }

  #answer(count: number, wire: Wire): void {
    const reader = new AnswerReader(wire);
    if (reader.foreign || reader.placeFree) this.#options.hints.give(null, "work");
    if (reader.foreign) this.#options.hints.give(null, "grown");
    const { watched } = this.#options.hints;
    for (let index = 0; index < count; index++) {
      const { batch, resolve, reject } = this.#take();
      const refusal = reader.refusal();
      if (refusal !== null) reject(toHeddleError(refusal));
      else if (batch === null) resolve(reader.other() as never);
      else {
        const verdict = reader.verdict(batch.creates?.length ?? 0, batch.parts?.length ?? 0, batch.messages?.length ?? 0);
        if (watched) giveHints(this.#options.hints, batch, verdict);
        resolve(verdict as never);
      }
    }
    this.#sayIdle();
  }

  /** Calls behind one that failed stand on it: they fail with it, and are never done. */
  #fail(error: HeddleError): void {
    if (error.code === "STORE_FAILED" || error.code === "STORE_READ_ONLY") {
      this.#failure ??= error;
      this.#mode = "failed";
    }
    this.#refuseAll(error);
  }

  #refuseAll(error: HeddleError): void {
    this.#generation++;
    this.#filling = [];
    while (this.#unanswered > 0) this.#take().reject(error);
    this.#sayIdle();
  }

  #take(): Pending {
    const pending = this.#pending[this.#answered++]!;
    if (this.#answered === this.#pending.length) {
      this.#pending = [];
      this.#answered = 0;
    }
    return pending;
  }

  #sayIdle(): void {
    if (this.#unanswered > 0) return;
    for (const call of this.#whenIdle.splice(0)) call();
  }
}
