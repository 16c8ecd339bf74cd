import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock, SeededRandom, SimulatedProcess } from "@heddle/testing";
import type { RunEvent, RunRow, RunStore } from "@heddle/kernel";
import { open, type Engine, type EngineOptions } from "heddle";
import { openSqliteStore, type SqliteStore } from "heddle/internal";

/** One SQLite file, the time that all its engines live in, and a connection of its own to look into it; for one fault case. */
export class FakePlace implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly random: SeededRandom = new SeededRandom(1);
  readonly #path: string;
  readonly #folder: string;
  readonly #engines = new Set<Engine>();
  readonly #stores: RunStore[] = [];
  #eye: SqliteStore | null = null;
  #engineNumber = 0;

  /** @param startMs wall time at the beginning */
  constructor(startMs?: number) {
    this.clock = new FakeClock(startMs);
    this.#folder = mkdtempSync(join(tmpdir(), "heddle-fault-"));
    this.#path = join(this.#folder, "heddle.db");
  }

  /** Another connection to the file. It writes on the main thread: fake time never runs ahead of the disk. */
  async store(): Promise<SqliteStore> {
    const store = await openSqliteStore(
      { path: this.#path, durability: "process", clock: this.clock },
      // Nor does it hear from the others in real time: they are found by looking, as where no hint comes.
      { inlineGroups: Number.POSITIVE_INFINITY, watchMs: 2 ** 30 },
    );
    this.#stores.push(store);
    return store;
  }

  /** An engine with a connection of its own, as another process has it. `wrap` puts something between the two. */
  async open(options: EngineOptions, wrap: (store: RunStore) => RunStore = (store) => store): Promise<Engine> {
    const engine = await open(wrap(await this.store()), {
      node: `node-${++this.#engineNumber}`,
      ...options,
      clock: this.clock,
      random: this.random,
    });
    this.#engines.add(engine);
    return engine;
  }

  /** An engine in a process that can be killed: everything in it stops where it is. */
  async start(options: EngineOptions): Promise<{ readonly engine: Engine; readonly process: SimulatedProcess }> {
    const store = await this.store();
    const process = new SimulatedProcess({ clock: this.clock, store, chance: () => 1, reached: () => false, faults: {} });
    const engine = await open(process.store, {
      node: `node-${++this.#engineNumber}`,
      ...options,
      clock: process.clock,
      random: this.random,
    });
    return { engine, process };
  }

  /** End an engine before the place ends. */
  async close(engine: Engine): Promise<void> {
    this.#engines.delete(engine);
    await this.clock.runUntil(engine.close());
  }

  async row(runId: string): Promise<RunRow> {
    const row = await (await this.#look()).get(runId);
    assert.ok(row !== null, `run ${runId} is there`);
    return row;
  }

  async rows(): Promise<readonly RunRow[]> {
    return (await this.#look()).list({ limit: Number.MAX_SAFE_INTEGER });
  }

  async journal(runId: string): Promise<readonly { readonly seq: number; readonly event: RunEvent }[]> {
    const stored = await (await this.#look()).readJournal(runId, 0);
    return stored.map(({ seq, body }) => ({ seq, event: JSON.parse(body) as RunEvent }));
  }

  /** Let everything that is ready happen until the condition holds. No time passes. */
  async until(condition: () => Promise<boolean> | boolean, what: string): Promise<void> {
    for (let turn = 0; turn < 10_000; turn++) {
      if (await condition()) return;
      await this.clock.advance(0);
    }
    throw new Error(`It did not come to pass: ${what}`);
  }

  async untilStatus(runId: string, status: string): Promise<void> {
    await this.until(async () => (await (await this.#look()).get(runId))?.status === status, `run ${runId} is ${status}`);
  }

  async #look(): Promise<SqliteStore> {
    return (this.#eye ??= await this.store());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines) await this.clock.runUntil(engine.close({ drainMs: 0 }));
    for (const store of this.#stores) await store[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
