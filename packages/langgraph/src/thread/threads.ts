import { hasCode, type RunStore } from "@heddle/kernel";
import { Thread, type ThreadHost } from "./thread.ts";
import { threadWorkflow } from "./thread-event.ts";
import { threadRunId } from "./thread-name.ts";

/** Rows of a list that are read at once. */
const pageRows = 200;
/** Threads that nobody uses are remembered, so that the next call needs to read only what is new: at most so many. */
const mostIdle = 1_000;

/** The threads of a saver: those in use, and those used lately. */
export class Threads {
  readonly #host: ThreadHost;
  readonly #most: number;
  /** Longest unused first. */
  readonly #threads = new Map<string, Thread>();

  /** @param most characters that remembered threads may take together */
  constructor(host: ThreadHost, most: number) {
    this.#host = host;
    this.#most = most;
  }

  get(threadId: string): Thread {
    return this.#find(threadRunId(threadId), threadId);
  }

  /** All threads of the store, newest first. */
  async *all(): AsyncGenerator<Thread> {
    const seen = new Set<string>();
    for await (const { runId, tags } of threadRows(this.#host.store)) {
      if (seen.has(runId)) continue;
      seen.add(runId);
      yield this.#find(runId, tags["thread"] ?? runId);
    }
  }

  /** Let go of everything that is held. */
  async release(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.release()));
  }

  #find(runId: string, threadId: string): Thread {
    let thread = this.#threads.get(runId);
    if (thread === undefined) {
      this.#makeRoom();
      thread = new Thread(this.#host, runId, threadId);
    }
    this.#threads.delete(runId);
    this.#threads.set(runId, thread);
    return thread;
  }

  #makeRoom(): void {
    let size = 0;
    let count = 0;
    // From the newest: what does not fit any more is the longest unused.
    for (const [runId, thread] of [...this.#threads].toReversed()) {
      size += thread.size;
      count++;
      if (thread.idle && (size > this.#most || count > mostIdle)) this.#threads.delete(runId);
    }
  }
}

async function* threadRows(store: RunStore): AsyncGenerator<{ readonly runId: string; readonly tags: Readonly<Record<string, string>> }> {
  let after: string | undefined;
  for (;;) {
    try {
      const rows = await store.list({ workflow: threadWorkflow, limit: pageRows, ...(after === undefined ? null : { after }) });
      yield* rows;
      if (rows.length < pageRows) return;
      after = rows.at(-1)?.runId;
    } catch (error) {
      if (!hasCode(error, "RUN_UNKNOWN")) throw error;
      // The last thread of the page before was deleted: from the beginning, and who asks knows those that came already.
      after = undefined;
    }
  }
}
