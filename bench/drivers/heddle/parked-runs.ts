// W6: runs that wait for a signal, then all get it.
import { join } from "node:path";
import { open, workflow } from "heddle";
import { pool } from "../../src/pool.ts";
import type { Parameters, Sample } from "../../src/sample.ts";
import { liveBytes } from "../../src/timing.ts";
import { databaseBytes } from "../database-bytes.ts";

const inFlight = 256;

/** @param runs parked in all; at half of them the heap is measured for the first time, when every cache has long been full */
export async function measure({ folder, runs }: Parameters): Promise<Sample> {
  const total = Number(runs);
  const file = join(String(folder), "heddle.db");
  const parked = workflow("parked", async (ctx, input: { n: number }) => {
    const add = await ctx.receive<number>("go", "go");
    return ctx.step("end", async () => input.n + add);
  });
  await using engine = await open(`sqlite:${file}`, { workflows: [parked], hotFrames: 1_000 });

  const bytesBefore = databaseBytes(file);
  const startedAt = performance.now();
  const park = async (index: number): Promise<void> => {
    await engine.start(parked, { n: 1 }, { id: `r${index}` });
  };
  const half = Math.floor(total / 2);
  await pool(half, inFlight, park);
  await allWaiting(engine, half);
  const bytesAtHalf = liveBytes();
  await pool(total - half, inFlight, (index) => park(half + index));
  await allWaiting(engine, total);
  const parkSeconds = (performance.now() - startedAt) / 1000;
  const bytesAtAll = liveBytes();
  const storeAtAll = databaseBytes(file);

  const cpu = process.cpuUsage();
  const signalledAt = performance.now();
  await pool(total, inFlight, (index) => engine.signal(`r${index}`, "go", 1));
  const sentSeconds = (performance.now() - signalledAt) / 1000;
  await pool(total, inFlight, async (index) => {
    const run = await engine.get<number>(`r${index}`);
    if ((await run.result()) !== 2) throw new Error("A run lost its signal.");
  });
  const seconds = (performance.now() - signalledAt) / 1000;
  const used = process.cpuUsage(cpu);
  return {
    cpuUsPerRun: (used.user + used.system) / total,
    parkedPerSecond: total / parkSeconds,
    heapBytesPerRun: (bytesAtAll - bytesAtHalf) / (total - half),
    storeBytesPerRun: (storeAtAll - bytesBefore) / total,
    sentPerSecond: total / sentSeconds,
    completedPerSecond: total / seconds,
  };
}

/** Wait until so many runs are parked: none of them holds a place in memory then but the bounded cache. */
async function allWaiting(engine: Awaited<ReturnType<typeof open>>, count: number): Promise<void> {
  for (;;) {
    const running = await engine.list({ status: ["running", "queued"], limit: 1 });
    if (running.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const last = await engine.get(`r${count - 1}`);
  const { status } = await last.summary();
  if (status !== "waiting") throw new Error(`The last run is ${status}, not waiting.`);
}
