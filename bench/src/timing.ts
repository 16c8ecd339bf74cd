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

/**
 * How long small runs go on before the clock starts, and on it, at least. Processor time, so that a loaded machine warms up as much as an
 * idle one; long enough that what a process does all day is compiled.
 */
const warmMs = 1_500;
const measureMs = 500;

/** Call again and again; what one call takes, warm. */
export async function timePerCall(call: () => unknown): Promise<Timed> {
  const chunk = await warmUp(call);
  globalThis.gc?.();
  const measureUs = (process.env["HEDDLE_BENCH_PROFILED"] === "1" ? profiledMs : measureMs) * 1000;
  let calls = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  let cpuUs = 0;
  do {
    for (let index = 0; index < chunk; index++) await call();
    calls += chunk;
    const used = process.cpuUsage(cpu);
    cpuUs = used.user + used.system;
  } while (cpuUs < measureUs);
  return { wallUs: ((performance.now() - startedAt) * 1000) / calls, cpuUs: cpuUs / calls };
}

/** Returns how many calls take some milliseconds: between two looks at the clock, which costs as much as a small call. */
async function warmUp(call: () => unknown): Promise<number> {
  const cpu = process.cpuUsage();
  let chunk = 1;
  for (;;) {
    const startedAt = performance.now();
    for (let index = 0; index < chunk; index++) await call();
    const used = process.cpuUsage(cpu);
    if (performance.now() - startedAt < warmMs / 300) chunk *= 2;
    if (used.user + used.system >= warmMs * 1000) return chunk;
  }
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
