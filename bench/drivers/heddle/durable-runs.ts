// W4 and W11: durable functions of a few steps, or state graphs of as many nodes, on SQLite, so many in flight.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, open, workflow } from "heddle";
import { openSqliteStore, type StoreCounters } from "heddle/internal";
import { pool } from "../../src/pool.ts";
import type { Parameters, Sample } from "../../src/sample.ts";
import { sequenceGraph } from "./front-ends/graphs.ts";
import { RecordingStore } from "./recording-store.ts";

/**
 * @param folder where the store is made, with `batches.json`: the rows of each of its commits, for who does the same again
 * @param warmRuns runs before the clock starts; their rows are in the store, not among the batches
 * @param front `graph`: a state graph whose nodes are the steps
 */
export async function measure({ folder, runs, inFlight, warmRuns, stepsPerRun = 10, front = "function" }: Parameters): Promise<Sample> {
  const ten = front === "graph" ? graphRuns(Number(stepsPerRun)) : functionRuns(Number(stepsPerRun));
  const total = Number(runs);
  const steps = total * Number(stepsPerRun);
  const sqlite = await openSqliteStore({ path: join(String(folder), "heddle.db") });
  const recording = new RecordingStore(sqlite);
  let seconds: number;
  let before: StoreCounters;
  let after: StoreCounters;
  {
    await using engine = await open(recording.store, { workflows: [ten.workflow] });
    const one = async (): Promise<void> => {
      if ((await ten.run(engine)) !== stepsPerRun) throw new Error("A run lost a step.");
    };
    await pool(Number(warmRuns), Number(inFlight), one);
    recording.reset();
    before = sqlite.counters();
    const startedAt = performance.now();
    await pool(total, Number(inFlight), one);
    seconds = (performance.now() - startedAt) / 1000;
    after = sqlite.counters();
  }
  const batches = recording.rows();
  writeFileSync(join(String(folder), "batches.json"), JSON.stringify(batches));
  return {
    seconds,
    runsPerSecond: total / seconds,
    stepsPerSecond: steps / seconds,
    rowsPerSecond:
      batches.reduce((sum, { runs: born, events }) => sum + born.length + events.reduce((rows, [, , count]) => rows + count, 0), 0) /
      seconds,
    // Each run has one append more: its end.
    appendsPerStep: (recording.appends - total) / steps,
    steps,
    reads: recording.reads + after.reads - before.reads,
    statements: after.statements - before.statements,
    transactionsPerBatch: (after.transactions - before.transactions) / batches.length,
    batches: batches.length,
    stepsPerBatch: steps / batches.length,
  };
}

function functionRuns(steps: number) {
  const ten = workflow("ten", async (ctx) => {
    let sum = 0;
    for (let step = 0; step < steps; step++) sum += await ctx.step(`s${step}`, async () => 1);
    return sum;
  });
  return { workflow: ten, run: async (engine: Engine): Promise<number> => (await engine.start(ten, null)).result() };
}

function graphRuns(steps: number) {
  const ten = sequenceGraph(steps);
  return { workflow: ten, run: async (engine: Engine): Promise<number> => (await (await engine.start(ten, {})).result()).n };
}
