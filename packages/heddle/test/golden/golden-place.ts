import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { FakeClock, SeededRandom, SimulatedProcess } from "@heddle/testing";
import { open, type Engine, type EngineOptions } from "heddle";
import { openSqliteStore, type SqliteStore } from "heddle/internal";

/** A SQLite file that is kept packed between releases, in a time that is always the same. */
export class GoldenPlace implements Disposable {
  readonly clock: FakeClock;
  readonly random: SeededRandom = new SeededRandom(1);
  readonly path: string;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "heddle-golden-"));

  constructor(startMs: number) {
    this.clock = new FakeClock(startMs);
    this.path = join(this.#folder, "heddle.db");
  }

  unpack(packed: string): void {
    writeFileSync(this.path, gunzipSync(readFileSync(packed)));
  }

  pack(packed: string): void {
    writeFileSync(packed, gzipSync(readFileSync(this.path), { level: 9 }));
  }

  store(): Promise<SqliteStore> {
    return openSqliteStore(
      { path: this.path, durability: "process", clock: this.clock },
      { inlineGroups: Number.POSITIVE_INFINITY, watchMs: 2 ** 30 },
    );
  }

  async open(options: EngineOptions): Promise<Engine> {
    return open(await this.store(), { ...options, clock: this.clock, random: this.random });
  }

  /** An engine in a process that can be killed. */
  async start(
    options: EngineOptions,
  ): Promise<{ readonly engine: Engine; readonly process: SimulatedProcess; readonly store: SqliteStore }> {
    const store = await this.store();
    const process = new SimulatedProcess({ clock: this.clock, store, chance: () => 1, reached: () => false, faults: {} });
    return { engine: await open(process.store, { ...options, clock: process.clock, random: this.random }), process, store };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
