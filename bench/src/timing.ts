// Used inside the children.
import { median } from "./statistics.ts";

/** A profile must show the work, not the start of the process. */
const profiledMs = 5_000;

export interface Timed {
  /** Microseconds of wall time a call. */
  readonly wallUs: number;
  /** Microseconds of processor time a call, of all threads: the collector's and the compiler's too. */
  readonly cpuUs: number;
}

export interface TimeOptions {
  /** Calls go on for so long before the clock starts. Default 400 ms. */
  readonly warmMs?: number;
  /** And for so long, at least, while it runs. Default 400 ms. */
  readonly measureMs?: number;
}

/** Call again and again; what one call takes, warm. */
export async function timePerCall(call: () => unknown, options: TimeOptions = {}): Promise<Timed> {
  const { warmMs = 400 } = options;
  const measureMs = process.env["HEDDLE_BENCH_PROFILED"] === "1" ? profiledMs : (options.measureMs ?? 400);
  let startedAt = performance.now();
  while (performance.now() - startedAt < warmMs) await call();
  globalThis.gc?.();
  let calls = 0;
  const cpu = process.cpuUsage();
  startedAt = performance.now();
  let ms = 0;
  do {
    await call();
    calls++;
    ms = performance.now() - startedAt;
  } while (ms < measureMs);
  const used = process.cpuUsage(cpu);
  return { wallUs: (ms * 1000) / calls, cpuUs: (used.user + used.system) / calls };
}

/**
 * A few calls, each timed by itself, after one that is not: how the peers' folder measures large runs, which nobody does a hundred times in
 * one process. The median is taken, of processor time the mean.
 */
export async function timeFewCalls(call: () => unknown, calls = 5): Promise<Timed> {
  const profiled = process.env["HEDDLE_BENCH_PROFILED"] === "1";
  await call();
  globalThis.gc?.();
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const beganAt = performance.now();
  while (times.length < calls || (profiled && performance.now() - beganAt < profiledMs)) {
    const startedAt = performance.now();
    await call();
    times.push((performance.now() - startedAt) * 1000);
  }
  const used = process.cpuUsage(cpu);
  return { wallUs: median(times), cpuUs: (used.user + used.system) / times.length };
}

/** What is alive after collection, in bytes: the heap, and the buffers beside it. */
export function liveBytes(): number {
  if (globalThis.gc === undefined) throw new Error("Memory is measured with --expose-gc.");
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
