import { HeddleError } from "@heddle/kernel";
import type { Connection } from "./connect.ts";
import { faultOf, toHeddleError } from "./fault.ts";

interface Call {
  readonly run: (client: Connection) => Promise<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: HeddleError) => void;
}

/** Deadlocks and the like are tried again so often before somebody hears of them. */
const triesAtOnce = 10;

/**
 * The one connection that writes. Calls are done one after the other, in the order in which they were made.
 *
 * When the connection breaks, the call under way and all that were made behind it fail: what they stand on is not known. The next call after
 * that makes a new connection.
 */
export class WriteLine {
  readonly #connect: () => Promise<Connection>;
  readonly #place: string;
  /** Called when the connection is lost: what was known by it holds no longer. */
  readonly #lost: () => void;
  #client: Connection | null = null;
  #waiting: Call[] = [];
  #working = false;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(connect: () => Promise<Connection>, place: string, lost: () => void) {
    this.#connect = connect;
    this.#place = place;
    this.#lost = lost;
  }

  call<T>(run: (client: Connection) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  /** Ends the connection, after everything that was called is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#working) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#client?.end().catch(() => {});
    this.#client = null;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      try {
        call.resolve((await this.#try(call.run)) as never);
      } catch (error) {
        const told = toHeddleError(error, this.#place);
        call.reject(told);
        if (faultOf(error) === "ordinary") continue;
        this.#drop();
        for (const behind of this.#waiting.splice(0)) behind.reject(told);
      }
    }
    this.#working = false;
    // An idle store keeps no process alive.
    this.#client?.unref();
    for (const tell of this.#idle.splice(0)) tell();
  }

  async #try(run: (client: Connection) => Promise<unknown>): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      const client = await this.#connected();
      client.ref();
      try {
        return await run(client);
      } catch (error) {
        if (faultOf(error) !== "again" || tries === triesAtOnce) throw error;
        // Of several statements those before are undone.
        await client.query("ROLLBACK").catch(() => {});
      }
    }
  }

  async #connected(): Promise<Connection> {
    if (this.#client !== null) return this.#client;
    const client = await this.#connect();
    client.on("error", () => {
      if (this.#client === client) this.#drop();
    });
    this.#client = client;
    return client;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    this.#lost();
    if (client !== null && !this.#closed) void client.end().catch(() => {});
  }
}
