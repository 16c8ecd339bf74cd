import assert from "node:assert/strict";
import type { RunEvent } from "@heddle/kernel";
import type { Engine, EngineOptions } from "heddle";
import { journalFaults } from "../checks/check-journal.ts";
import { ProcessDied, type KillPoint, type SimulatedProcess, type StoreFaults } from "./simulated-process.ts";
import { Simulator } from "./simulator.ts";

/** Something to do, whose end must be the same wherever its process dies. */
export interface Workload {
  /** Engine options of each process; steps do their effects through `process.effect`. */
  options(process: SimulatedProcess): EngineOptions;
  /** What to start. May be done again by the process after a crash: use fixed run ids. */
  begin(engine: Engine): Promise<void>;
  /** Runs whose results are compared. */
  readonly runIds: readonly string[];
}

export interface CrashIndexOptions {
  readonly seed?: number;
  readonly faults?: StoreFaults;
  /** Try only every n-th place; for quick lanes. Default 1: all. */
  readonly every?: number;
}

/**
 * Number every store call and every effect of a workload, then kill its process before and after each of them, restart, and compare: every run
 * ends as it ends undisturbed, and its journal keeps the laws.
 *
 * @returns how many places were tried
 * @throws AssertionError naming the place
 */
export async function crashIndex(workload: Workload, options: CrashIndexOptions = {}): Promise<number> {
  const undisturbed = await play(workload, [], options);
  assert.ok(
    undisturbed.outcomes.every((outcome) => (outcome as { status: string }).status !== "not ended"),
    "undisturbed, every run of the workload ends",
  );
  assert.deepEqual(undisturbed.faults, [], "undisturbed, every journal keeps the laws");
  const places: KillPoint[] = [];
  for (const at of ["store", "effect"] as const) {
    for (let number = 1; number <= undisturbed.counts[at]; number++)
      for (const when of ["before", "after"] as const) places.push({ at, number, when });
  }
  const tried = places.filter((_, index) => index % (options.every ?? 1) === 0);
  for (const place of tried) {
    const killed = await play(workload, [place], options);
    const where = `killed ${place.when} ${place.at} ${place.number}`;
    assert.deepEqual(killed.outcomes, undisturbed.outcomes, where);
    assert.deepEqual(killed.faults, [], where);
  }
  return tried.length;
}

interface Played {
  readonly outcomes: readonly unknown[];
  readonly faults: readonly string[];
  readonly counts: { readonly store: number; readonly effect: number };
}

async function play(workload: Workload, killAt: readonly KillPoint[], { seed = 1, faults }: CrashIndexOptions): Promise<Played> {
  const simulator = new Simulator({ seed, killAt, ...(faults === undefined ? {} : { faults }) });
  let counts = { store: 0, effect: 0 };
  for (let life = 0; life < killAt.length + 3; life++) {
    const process = simulator.process();
    try {
      const engine = await simulator.run(simulator.boot(process, workload.options(process)));
      const begun = workload.begin(engine).then(
        () => true,
        (error: unknown) => {
          if (process.dead) return false;
          throw error;
        },
      );
      let began = false;
      void begun.then(
        (done) => (began = done),
        () => {},
      );
      await simulator.until(async () => process.dead || (began && (await allEnded(simulator, workload))));
      if (!process.dead) {
        await begun;
        if (life === 0) counts = process.counts;
        break;
      }
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
    }
  }
  const outcomes: unknown[] = [];
  const found: string[] = [];
  for (const runId of workload.runIds) {
    const journal = await simulator.journal(runId);
    const end = journal.findLast(({ event }) => event.type === "run-ended")?.event as (RunEvent & { type: "run-ended" }) | undefined;
    outcomes.push(end?.outcome.status === "completed" ? end.outcome : { status: end?.outcome.status ?? "not ended" });
    found.push(...journalFaults(journal).map((fault) => `${runId}: ${fault}`));
  }
  return { outcomes, faults: found, counts };
}

async function allEnded(simulator: Simulator, workload: Workload): Promise<boolean> {
  for (const runId of workload.runIds) {
    const row = await simulator.store.get(runId);
    if (row === null || row.endedAtMs === null) return false;
  }
  return true;
}
