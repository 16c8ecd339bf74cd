// W9: durable functions of ten steps on PostgreSQL, so many in flight.
import { writeFileSync } from "node:fs";
import { open, workflow } from "heddle";
import { openPostgresStore } from "@heddle/postgres";
import pg from "pg";
import { pool } from "../../src/pool.ts";
import type { Parameters, Sample } from "../../src/sample.ts";
import { RecordingStore } from "./recording-store.ts";

const stepsPerRun = 10;

/**
 * @param url of a store that is there or not
 * @param batches file for the rows of each commit, for who does the same again; empty: none
 * @param warmRuns runs before the clock starts
 */
export async function measure({ url, batches, runs, inFlight, warmRuns }: Parameters): Promise<Sample> {
  const ten = workflow("ten", async (ctx) => {
    let sum = 0;
    for (let step = 0; step < stepsPerRun; step++) sum += await ctx.step(`s${step}`, async () => 1);
    return sum;
  });
  const total = Number(runs);
  const roundTrips = countQueries();
  const recording = new RecordingStore(await openPostgresStore({ url: String(url) }));
  let seconds: number;
  let counted: number;
  {
    await using engine = await open(recording.store, { workflows: [ten] });
    const one = async (): Promise<void> => {
      const run = await engine.start(ten, null);
      if ((await run.result()) !== stepsPerRun) throw new Error("A run lost a step.");
    };
    await pool(Number(warmRuns), Number(inFlight), one);
    recording.reset();
    const before = roundTrips();
    const startedAt = performance.now();
    await pool(total, Number(inFlight), one);
    seconds = (performance.now() - startedAt) / 1000;
    counted = roundTrips() - before;
  }
  const rows = recording.rows();
  if (batches !== "") writeFileSync(String(batches), JSON.stringify(rows));
  const written = rows.reduce((sum, { runs: born, events }) => sum + born.length + events.reduce((all, [, , count]) => all + count, 0), 0);
  return {
    runsPerSecond: total / seconds,
    stepsPerSecond: (total * stepsPerRun) / seconds,
    rowsPerSecond: written / seconds,
    roundTripsPerBatch: counted / rows.length,
    stepsPerBatch: (total * stepsPerRun) / rows.length,
  };
}

/** Each query is sent when the one before it on its connection is answered: as many round trips. */
function countQueries(): () => number {
  let count = 0;
  const prototype = pg.Client.prototype as unknown as { query: (...parameters: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function counting(this: unknown, ...parameters: unknown[]): unknown {
    count++;
    return query.apply(this, parameters);
  };
  return () => count;
}
