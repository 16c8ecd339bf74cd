import type { RunId } from "@heddle/kernel";
import type pg from "pg";
import { endHint } from "./run-hints.ts";

/** Tells other processes of runs that ended and that somebody waits for. */
export class EndWord {
  readonly #pool: pg.Pool;
  readonly #channel: string;
  readonly #under = new Set<Promise<unknown>>();

  constructor(pool: pg.Pool, schema: string) {
    this.#pool = pool;
    this.#channel = `heddle_${schema}`;
  }

  /** After the commit, not within: a transaction that notifies holds up all others that do, until it is on the disk. */
  give(runIds: readonly RunId[]): void {
    if (runIds.length === 0) return;
    const under: Promise<unknown> = this.#pool
      .query("SELECT pg_notify($1, $2)", [this.#channel, endHint(runIds)])
      // A word that is lost costs time: whoever waits also looks.
      .catch(() => null)
      .finally(() => this.#under.delete(under));
    this.#under.add(under);
  }

  /** Resolves when every word is out. */
  async settled(): Promise<void> {
    await Promise.all(this.#under);
  }
}
