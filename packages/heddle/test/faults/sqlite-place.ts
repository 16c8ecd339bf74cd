import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "@heddle/testing";
import type { RunStore } from "@heddle/kernel";
import { open, type Engine, type EngineOptions } from "heddle";
import { openSqliteStore } from "heddle/internal";
import { checksum } from "../../src/stores/sqlite/checksum.ts";

/** A SQLite file for one test, whose engines live in a time of their own. */
export class SqlitePlace implements Disposable {
  readonly clock: FakeClock = new FakeClock();
  readonly path: string;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "heddle-fault-"));
  #alone = false;
  /** Journal rows that engines have read. */
  rowsRead = 0;
  /** Most of them in one call. */
  mostRows = 0;
  /** How often engines have put a blob. */
  blobsPut = 0;
  /** Called before an engine reads a journal; may throw. */
  beforeRead: (runId: string) => void = () => {};

  constructor() {
    this.path = join(this.#folder, "heddle.db");
  }

  /** A store on the file. Nothing is flushed: what a crash of the machine takes is tested elsewhere. Writes on this thread, so that time can stand still. */
  store(): Promise<RunStore> {
    return openSqliteStore({ path: this.path, durability: "process", clock: this.clock }, { inlineGroups: Number.POSITIVE_INFINITY });
  }

  /** An engine on the file, in the time of `clock`. */
  async open(options: EngineOptions = {}): Promise<Engine> {
    return open(this.#seenThrough(await this.store()), { ...options, clock: this.clock });
  }

  /** A copy of the file as it stands, with a clock of its own. */
  copy(): SqlitePlace {
    const other = new SqlitePlace();
    copyFileSync(this.path, other.path);
    return other;
  }

  /** From here on no other process is expected: engines neither poll nor give signs of life, and a year of fake time is not full of them. */
  alone(): void {
    this.#alone = true;
  }

  /** The store, with what the test wants to know counted. */
  #seenThrough(store: RunStore): RunStore {
    return new Proxy(store, {
      get: (target, name) => {
        if (name === "features" && this.#alone) return { ...target.features, shared: false };
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name === "putBlob") this.blobsPut++;
        if (name !== "readJournal") return value.bind(target) as unknown;
        return async (...range: Parameters<RunStore["readJournal"]>) => {
          this.beforeRead(range[0]);
          const rows = await target.readJournal(...range);
          this.rowsRead += rows.length;
          this.mostRows = Math.max(this.mostRows, rows.length);
          return rows;
        };
      },
    });
  }

  /** Look into the file, or spoil it. Returns the rows, or how many were changed. */
  sql(statement: string, ...values: SQLInputValue[]): { readonly rows: readonly Record<string, unknown>[]; readonly changes: number } {
    using database = new DatabaseSync(this.path);
    const prepared = database.prepare(statement);
    if (/^\s*(SELECT|PRAGMA)/i.test(statement)) return { rows: prepared.all(...values), changes: 0 };
    return { rows: [], changes: Number(prepared.run(...values).changes) };
  }

  /** Write another text into an event, as a sound row would hold it. */
  respell(runId: string, seq: number, change: (body: string) => string): void {
    const { rows } = this.sql("SELECT run, at, body FROM heddle_journal JOIN heddle_run USING (run) WHERE id = ? AND seq = ?", runId, seq);
    const [{ run, at, body }] = rows as unknown as [{ run: number; at: number; body: string }];
    const text = change(body);
    assert.notEqual(text, body);
    this.sql("UPDATE heddle_journal SET body = ?, crc = ? WHERE run = ? AND seq = ?", text, checksum(run, seq, at, text), run, seq);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
