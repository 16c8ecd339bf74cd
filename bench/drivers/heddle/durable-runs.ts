// W4: durable functions of ten steps on SQLite, so many in flight.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, workflow } from "heddle";
import { openSqliteStore } from "heddle/internal";
import { pool } from "../../src/pool.ts";
import type { Parameters, Sample } from "../../src/sample.ts";
import { RecordingStore } from "./recording-store.ts";

const stepsPerRun = 10;

/**
 * @param folder where the store is made, with `batches.json`: the rows of each of its commits, for who does the same again
 * @param warmRuns runs before the clock starts; their rows are in the store, not among the batches
 */
export async function measure({ folder, runs, inFlight, warmRuns }: Parameters): Promise<Sample> {
  const ten = workflow("ten", async (ctx) => {
    let sum = 0;
    for (let step = 0; step < stepsPerRun; step++) sum += await ctx.step(`s${step}`, async () => 1);
    return sum;
  });
  const total = Number(runs);
  const steps = total * stepsPerRun;
  const recording = new RecordingStore(await openSqliteStore({ path: join(String(folder), "heddle.db") }));
  let seconds: number;
  {
    await using engine = await open(recording.store, { workflows: [ten] });
    const one = async (): Promise<void> => {
      const run = await engine.start(ten, null);
      if ((await run.result()) !== stepsPerRun) throw new Error("A run lost a step.");
    };
    await pool(Number(warmRuns), Number(inFlight), one);
    recording.reset();
    const startedAt = performance.now();
    await pool(total, Number(inFlight), one);
    seconds = (performance.now() - startedAt) / 1000;
  }
  const batches = recording.rows();
  writeFileSync(join(String(folder), "batches.json"), JSON.stringify(batches));
  return {
    seconds,
    runsPerSecond: total / seconds,
    stepsPerSecond: steps / seconds,
    rowsPerSecond: batches.reduce((sum, { runs: born, events }) => sum + born.length + events.reduce((rows, [, , count]) => rows + count, 0), 0) / seconds,
    // Each run has one append more: its end.
    appendsPerStep: (recording.appends - total) / steps,
    readsPerStep: recording.reads / steps,
    batches: batches.length,
    stepsPerBatch: steps / batches.length,
  };
}
