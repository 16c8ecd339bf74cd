import { open, type Engine, type EngineOptions } from "heddle";
import { openMemoryStore } from "heddle/internal";
import type { RunEvent, RunStore } from "@heddle/kernel";
import { FakeClock, settle } from "../clock/fake-clock.ts";
import { SeededRandom } from "../clock/seeded-random.ts";
import { SimulatedProcess, type KillPoint, type StoreFaults } from "./simulated-process.ts";

export interface SimulatorOptions {
  /** The same seed gives the same journals, byte for byte. */
  readonly seed: number;
  readonly faults?: StoreFaults;
  /** Where to kill the process that reaches it. At most once each. */
  readonly killAt?: readonly KillPoint[];
}

/** Nothing is waited for longer, in simulated time: a week. */
const longestMs = 7 * 24 * 3_600_000;

/** An engine in a process of its own. */
export interface SimulatedNode {
  readonly engine: Engine;
  readonly process: SimulatedProcess;
}

/**
 * Engines, their store and time in one thread, driven by a seed: real engine code on a store that loses, repeats and delays answers, in processes that
 * die at any numbered call.
 */
export class Simulator {
  readonly clock: FakeClock = new FakeClock();
  readonly random: SeededRandom;
  readonly store: RunStore;
  readonly #faults: StoreFaults;
  readonly #killAt: KillPoint[];
  readonly #chance: SeededRandom;
  #opened = 0;

  constructor(options: SimulatorOptions) {
    this.random = new SeededRandom(options.seed);
    this.#chance = new SeededRandom(options.seed ^ 0x5eed);
    this.#faults = options.faults ?? {};
    this.#killAt = [...(options.killAt ?? [])];
    this.store = openMemoryStore({ clock: this.clock, keepEnded: Number.MAX_SAFE_INTEGER });
  }

  /** Start a process with an engine in it. Its lease is a minute of simulated time unless the options say otherwise. */
  async start(options: EngineOptions): Promise<SimulatedNode> {
    const process = this.process();
    const engine = await this.boot(process, options);
    return { engine, process };
  }

  /** A process without an engine yet: for workflows whose steps need its `effect`. */
  process(): SimulatedProcess {
    return new SimulatedProcess({
      clock: this.clock,
      store: this.store,
      chance: () => this.#chance.next(),
      faults: this.#faults,
      reached: (_, point) => {
        const index = this.#killAt.findIndex((each) => each.at === point.at && each.number === point.number && each.when === point.when);
        if (index >= 0) this.#killAt.splice(index, 1);
        return index >= 0;
      },
    });
  }

  async boot(process: SimulatedProcess, options: EngineOptions): Promise<Engine> {
    const opening = open(process.store, {
      leaseMs: 60_000,
      node: `node-${++this.#opened}`,
      ...options,
      clock: process.clock,
      random: this.random,
    });
    return await Promise.race([opening, process.death]);
  }

  /** Jump through time until the promise settles. @throws when nothing is left that could settle it */
  run<T>(promise: Promise<T>, limitMs: number = longestMs): Promise<T> {
    return this.clock.runUntil(promise, limitMs);
  }

  /** Jump through time until the condition holds or the process is dead. */
  async until(condition: () => Promise<boolean> | boolean, limitMs: number = longestMs): Promise<boolean> {
    const untilMs = this.clock.monotonicMs() + limitMs;
    for (;;) {
      await settle();
      if (await condition()) return true;
      if (this.clock.monotonicMs() >= untilMs) return false;
      const due = this.clock.nextDueMs;
      await this.clock.advance(
        Math.max(1, Math.min((due ?? this.clock.nowMs() + 1_000) - this.clock.nowMs(), untilMs - this.clock.monotonicMs())),
      );
    }
  }

  /** All events of a run, as committed. */
  async journal(runId: string): Promise<readonly { readonly seq: number; readonly event: RunEvent }[]> {
    return (await this.store.readJournal(runId, 0)).map(({ seq, body }) => ({ seq, event: JSON.parse(body) as RunEvent }));
  }
}
