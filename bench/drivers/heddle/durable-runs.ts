// W4: durable functions of ten steps on SQLite, so many in flight.
import { join } from "node:path";
import { open, workflow } from "heddle";
import { pool } from "../../src/pool.ts";
import type { Parameters, Sample } from "../../src/sample.ts";

const stepsPerRun = 10;

/** @param folder where the store is made, and left for who does the same rows again */
export async function measure({ folder, runs, inFlight, warmRuns }: Parameters): Promise<Sample> {
  const ten = workflow("ten", async (ctx) => {
    let sum = 0;
    for (let step = 0; step < stepsPerRun; step++) sum += await ctx.step(`s${step}`, async () => 1);
    return sum;
  });
  const one = async (): Promise<void> => {
    const run = await engine.start(ten, null);
    if ((await run.result()) !== stepsPerRun) throw new Error("A run lost a step.");
  };
  await using engine = await open(`sqlite:${join(String(folder), "heddle.db")}`, { workflows: [ten] });
  const total = Number(runs);
  await pool(Number(warmRuns), Number(inFlight), one);
  const startedAt = performance.now();
  await pool(total, Number(inFlight), one);
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, runsPerSecond: total / seconds, stepsPerSecond: (total * stepsPerRun) / seconds };
}
