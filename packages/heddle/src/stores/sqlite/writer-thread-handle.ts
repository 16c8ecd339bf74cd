import type { MessagePort, Worker } from "node:worker_threads";
import type { ThreadAnswer, ThreadData, ThreadMessage } from "./thread-message.ts";

export interface WriterThreadOptions extends Omit<ThreadData, "signal"> {
  /** The thread's program. */
  readonly url: URL;
}

export interface WriterThreadEvents {
  answer(message: ThreadAnswer): void;
  /** It ended without being asked to. */
  died(error: unknown): void;
}

/** The program beside this file. Written just so: packing turns it into the name of the built file. */
export const writerThreadUrl = new URL("./writer-thread.ts", import.meta.url);

/** The main thread's end of the writer's thread. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #ended: Promise<void>;
  #held = false;
  #up = false;
  #closing = false;

  constructor({ url, path, durability, busyMs, schema, counters }: WriterThreadOptions, events: WriterThreadEvents) {
    // Not imported: most processes that end soon never start a thread.
    const { MessageChannel, Worker } = process.getBuiltinModule("node:worker_threads");
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const data: ThreadData & { port: MessagePort } = {
      path,
      durability,
      busyMs,
      schema,
      counters,
      signal: this.#signal.buffer,
      port: port2,
    };
    // None of the process's own flags: a preloaded module would be loaded again here.
    this.#worker = new Worker(url, { workerData: data, transferList: [port2], execArgv: [], name: "heddle-sqlite-writer" });
    let cause: unknown;
    this.#worker.on("error", (error) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        this.#port.close();
        resolve();
        if (!this.#closing) events.died(cause ?? new Error(`exit code ${code}`));
      });
    });
    this.#port.on("message", (message: ThreadAnswer) => {
      if (message.type === "up") this.#up = true;
      events.answer(message);
    });
    // An idle store does not keep its process alive.
    this.#worker.unref();
    this.#port.unref();
  }

  send(message: ThreadMessage): void {
    this.#port.postMessage(message, []);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  /** Keep the process alive for an answer? */
  hold(alive: boolean): void {
    if (alive === this.#held) return;
    this.#held = alive;
    // The thread too: of one that dies only its end is heard.
    if (alive) {
      this.#port.ref();
      this.#worker.ref();
    } else {
      this.#port.unref();
      this.#worker.unref();
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#worker.ref();
    if (this.#up) this.send({ type: "close" });
    else await this.#worker.terminate();
    await this.#ended;
  }
}
