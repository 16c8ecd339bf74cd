import type { Connection } from "./connect.ts";
import { readHint, type RunHints } from "./run-hints.ts";

/** Between two tries to listen again, milliseconds; doubled each time, up to the longest. */
const firstPauseMs = 100;
const longestPauseMs = 10_000;

/**
 * Hears from other processes. Only hints come this way: while it is deaf, what they would have said is found by looking, and when it hears
 * again it says that there may be work.
 */
export class Listener {
  readonly #connect: () => Promise<Connection>;
  readonly #channel: string;
  readonly #hints: RunHints;
  #client: Connection | null = null;
  #begun = false;
  #closed = false;
  #pauseMs = firstPauseMs;
  #timer: NodeJS.Timeout | null = null;
  #connecting: Promise<void> | null = null;

  constructor(connect: () => Promise<Connection>, schema: string, hints: RunHints) {
    this.#connect = connect;
    this.#channel = `heddle_${schema}`;
    this.#hints = hints;
  }

  /** Listen from now on. Calls after the first do nothing. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#connecting = this.#listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#connecting;
    await this.#client?.end().catch(() => {});
  }

  async #listen(): Promise<void> {
    if (this.#closed) return;
    try {
      const client = await this.#connect();
      this.#client = client;
      client.on("notification", ({ payload = "" }) => this.#hear(payload));
      client.once("end", () => this.#again(client));
      client.once("error", () => this.#again(client));
      await client.query(`LISTEN "${this.#channel}"`);
      this.#pauseMs = firstPauseMs;
      // Whatever was said before is not known.
      this.#hints.give(null, "work");
    } catch {
      this.#again(this.#client);
    }
  }

  #again(client: Connection | null): void {
    if (this.#closed || client !== this.#client || this.#timer !== null) return;
    this.#client = null;
    void client?.end().catch(() => {});
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#connecting = this.#listen();
    }, this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #hear(payload: string): void {
    const ids = readHint(payload);
    if (ids === null) this.#hints.give(null, "work");
    else for (const id of ids) this.#hints.give(id, "work");
  }
}
