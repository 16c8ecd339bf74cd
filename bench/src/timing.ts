// Used inside the children.

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
  /** Warm-up calls at least. Default 1. */
  readonly warmCalls?: number;
}

/** Call again and again; what one call takes, warm. */
export async function timePerCall(call: () => unknown, options: TimeOptions = {}): Promise<Timed> {
  const { warmMs = 400, warmCalls = 1 } = options;
  // A profile must show the work, not the start of the process.
  const measureMs = process.env["HEDDLE_BENCH_PROFILED"] === "1" ? 5_000 : (options.measureMs ?? 400);
  let calls = 0;
  let startedAt = performance.now();
  while (calls < warmCalls || performance.now() - startedAt < warmMs) {
    await call();
    calls++;
  }
  globalThis.gc?.();
  calls = 0;
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

/** What is alive after collection, in bytes: the heap, and the buffers beside it. */
export function liveBytes(): number {
  if (globalThis.gc === undefined) throw new Error("Memory is measured with --expose-gc.");
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
