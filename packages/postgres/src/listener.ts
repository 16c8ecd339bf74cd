import type { Connected } from "./connect.ts";
import { type Connection, hangUp } from "./connection.ts";
import { readHint, type RunHints } from "./run-hints.ts";

export interface ListenerOptions {
  /** A new connection; null: none hears anything there. */
  readonly connect: () => Promise<Connected | null>;
  readonly schema: string;
  readonly hints: RunHints;
  /** So often it is tried whether the connection still hears; one that does not within the same time is given up. */
  readonly silenceMs: number;
}

/** Between two tries to listen again, milliseconds; doubled each time, up to the longest. */
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** While nothing can be heard, what others may have said is looked for so often. */
const deafMs = 1_000;
/** Closing waits no longer for a connection that is being made. */
const patienceMs = 1_000;

/**
 * Hears from other processes. Only hints come this way. A connection is believed to hear when a word of its own comes back to it, and only for as long as
 * that goes on: behind a cut road, or a pooler that gives the session away, it does not. While it is deaf, it says once a second that there may be work.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #channel: string;
  #client: Connection | null = null;
  #begun = false;
  #closed = false;
  #pauseMs = firstPauseMs;
  #again: NodeJS.Timeout | null = null;
  #check: NodeJS.Timeout | null = null;
  #deaf: NodeJS.Timeout | null = null;
  #listening: Promise<void> | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#channel = `heddle_${options.schema}`;
  }

  /** Listen from now on. Calls after the first do nothing. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#goDeaf();
    this.#listening = this.#listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of [this.#again, this.#check, this.#deaf]) if (timer !== null) clearTimeout(timer);
    const client = this.#client;
    this.#client = null;
    if (client !== null) await hangUp(client);
    // One that is just being made is ended when it is there.
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, patienceMs);
    await Promise.race([this.#listening, late.promise]);
    clearTimeout(timer);
  }

  async #listen(): Promise<void> {
    if (this.#closed) return;
    let client: Connection | null = null;
    try {
      const connected = await this.#options.connect();
      // Nothing will ever be heard: looking must do.
      if (connected === null) return;
      client = connected.client;
      if (this.#closed) {
        await hangUp(client);
        return;
      }
      this.#client = client;
      const own = client;
      const lost = (): void => this.#lose(own);
      client.once("end", lost);
      client.once("error", lost);
      client.on("notification", ({ channel, payload = "" }) => {
        if (channel === this.#channel) this.#hear(payload);
      });
      await client.query(`LISTEN "${this.#channel}"`);
      await this.#hearsItself(client);
      if (this.#client !== client) return;
      this.#hearAgain(client);
    } catch {
      this.#lose(client);
    }
  }

  /** @throws when it does not */
  async #hearsItself(client: Connection): Promise<void> {
    const { silenceMs } = this.#options;
    const word = `${this.#channel}_${client.processID}`;
    const heard = Promise.withResolvers<void>();
    const listen = ({ channel }: { readonly channel: string }): void => {
      if (channel === word) heard.resolve();
    };
    const late = setTimeout(() => heard.reject(new Error("The connection does not hear.")), silenceMs).unref();
    client.on("notification", listen);
    try {
      // On one connection what is asked in turn is answered in turn.
      const asked = client.query(`LISTEN "${word}"`).then(() => client.query("SELECT pg_notify($1, '')", [word]));
      await Promise.race([asked.then(() => heard.promise), heard.promise]);
    } finally {
      clearTimeout(late);
      client.removeListener("notification", listen);
    }
  }

  #hearAgain(client: Connection): void {
    this.#pauseMs = firstPauseMs;
    if (this.#deaf !== null) {
      clearTimeout(this.#deaf);
      this.#deaf = null;
      // Whatever was said before is not known.
      this.#options.hints.give(null, "work");
    }
    this.#check = setTimeout(() => {
      this.#hearsItself(client).then(
        () => {
          if (this.#client === client) this.#hearAgain(client);
        },
        () => this.#lose(client),
      );
    }, this.#options.silenceMs).unref();
  }

  #goDeaf(): void {
    this.#deaf ??= setTimeout(() => {
      this.#deaf = null;
      this.#options.hints.give(null, "work");
      this.#goDeaf();
    }, deafMs).unref();
  }

  /** @param client null: there was none */
  #lose(client: Connection | null): void {
    if (client !== null) void hangUp(client);
    if (this.#closed || client !== this.#client || this.#again !== null) return;
    this.#client = null;
    if (this.#check !== null) clearTimeout(this.#check);
    this.#goDeaf();
    this.#again = setTimeout(() => {
      this.#again = null;
      this.#listening = this.#listen();
    }, this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #hear(payload: string): void {
    const { hints } = this.#options;
    const { runIds, what } = readHint(payload);
    if (runIds === null) hints.give(null, what);
    else for (const runId of runIds) hints.give(runId, what);
  }
}
