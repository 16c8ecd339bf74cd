import { HeddleError } from "@heddle/kernel";
import { endBackend } from "./backends.ts";
import { CallWatch, type Sign } from "./call-watch.ts";
import type { Connected } from "./connect.ts";
import { type Backend, type Connection, hangUp } from "./connection.ts";
import { faultOf, toHeddleError } from "./fault.ts";

interface Call {
  readonly run: (client: Connection) => Promise<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: HeddleError) => void;
}

export interface WriteLineOptions {
  /** Used first. */
  readonly first: Connected;
  /** When that is lost. */
  readonly connect: () => Promise<Connected>;
  readonly place: string;
  /** Called when the connection is lost: what was known by it holds no longer. */
  readonly lost: () => void;
  readonly look: (backend: Backend) => Promise<Sign>;
  /** An answer that takes longer is looked after. */
  readonly silenceMs: number;
}

/** Deadlocks and the like are tried again so often before somebody hears of them. */
const triesAtOnce = 10;

/**
 * The one connection that writes. Calls are done one after the other, in the order in which they were made.
 *
 * When the connection breaks, the call under way and all that were made behind it fail: what they stand on is not known. The next call after
 * that makes a new connection, and sees to it that the server has let go of the old one.
 */
export class WriteLine {
  readonly #options: WriteLineOptions;
  #connected: Connected | null = null;
  /** The server's process of a connection that was lost. */
  #left: Backend | null = null;
  #waiting: Call[] = [];
  #working = false;
  #idle: (() => void)[] = [];

  constructor(options: WriteLineOptions) {
    this.#options = options;
    this.#use(options.first);
  }

  call<T>(run: (client: Connection) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  /** Ends the connection, after everything that was called is answered. */
  async close(): Promise<void> {
    if (this.#working) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#connected !== null) await hangUp(this.#connected.client);
    this.#connected = null;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      try {
        call.resolve((await this.#try(call.run)) as never);
      } catch (error) {
        const told = toHeddleError(error, this.#options.place);
        call.reject(told);
        if (faultOf(error) === "ordinary") continue;
        this.#drop();
        for (const behind of this.#waiting.splice(0)) behind.reject(told);
      }
    }
    this.#working = false;
    // An idle store keeps no process alive.
    this.#connected?.client.unref();
    for (const tell of this.#idle.splice(0)) tell();
  }

  async #try(run: (client: Connection) => Promise<unknown>): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      const connected = await this.#connect();
      const { client } = connected;
      client.ref();
      const watch = new CallWatch(connected, this.#options.look, this.#options.silenceMs);
      try {
        return await run(client);
      } catch (error) {
        if (faultOf(error) !== "again" || tries === triesAtOnce) throw error;
        // Of several statements those before are undone.
        await client.query("ROLLBACK").catch(() => {});
      } finally {
        watch[Symbol.dispose]();
      }
    }
  }

  async #connect(): Promise<Connected> {
    if (this.#connected !== null) return this.#connected;
    const connected = await this.#options.connect();
    this.#use(connected);
    if (this.#left !== null) await endBackend(connected.client, this.#left);
    this.#left = null;
    return connected;
  }

  #use(connected: Connected): void {
    this.#connected = connected;
    connected.client.on("error", () => {
      if (this.#connected === connected) this.#drop();
    });
  }

  #drop(): void {
    const connected = this.#connected;
    this.#connected = null;
    this.#options.lost();
    if (connected === null) return;
    this.#left = connected.backend;
    void hangUp(connected.client);
  }
}
