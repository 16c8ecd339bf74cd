// The SQLite store by itself, beside a bare worker thread that writes the very rows of the same batches into the same schema.
//
//     node bench/store-floor.ts [--pairs 9] [--rows 20000] [--json]
//
// `alone`: one run appends one event after the other, each waiting for the one before. `crowd`: 256 runs do, each waiting only for its own.
// The two of a pair follow each other at once and the ratio is taken within the pair, because a disk may swing by thirty times.
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { NewRun, RunPart } from "@heddle/kernel";
import { newRunRow } from "@heddle/testing";
import { openSqliteStore, type StoreCounters } from "heddle/internal";
import type { BareBatches } from "./drivers/floor/bare-batches.ts";
import { dataFolder } from "./src/data-folder.ts";
import { pairedRatios, spread } from "./src/statistics.ts";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "9" },
    rows: { type: "string", default: "20000" },
    json: { type: "boolean", default: false },
  },
});

const eventsPerRun = 12;
const body = (seq: number): string =>
  `{"type":"op-ended","atMs":1700000000000,"of":1,"key":"step-${seq}","op":"step","outcome":{"status":"completed","value":{"ok":true}}}`;

const newRun = (runId: string): NewRun => ({
  row: newRunRow(runId, { workflow: "bench", createdAtMs: 1_700_000_000_000, inputHash: "0123456789abcdef0123456789abcdef" }),
  events: [body(1)],
  claimFor: "bench",
});

interface Measured {
  readonly rowsPerSecond: number;
  readonly counters: StoreCounters;
  readonly batches: number[];
}

async function measureStore(path: string, rows: number, inFlight: number): Promise<Measured> {
  const store = await openSqliteStore({ path });
  // The first commits are made on the main thread: have the writer's thread up, and everything compiled, before the clock starts.
  for (let index = 0; index < 3_000; index++)
    await store.commit({ creates: index === 0 ? [newRun("warm")] : [], parts: [append("warm", index + 1)] });

  const batches: number[] = [];
  let filling: RunPart[] = [];
  let waiting: (() => void)[] = [];
  let scheduled = false;
  // As an engine does: what all runs append in one turn is one batch.
  const flush = async (): Promise<void> => {
    scheduled = false;
    const [parts, done] = [filling, waiting];
    [filling, waiting] = [[], []];
    batches.push(parts.length);
    const verdict = await store.commit({ parts });
    if (verdict.parts.some(({ status }) => status !== "ok")) throw new Error("An append was refused.");
    for (const call of done) call();
  };
  const add = (part: RunPart): Promise<void> =>
    new Promise((resolve) => {
      filling.push(part);
      waiting.push(resolve);
      if (!scheduled) {
        scheduled = true;
        process.nextTick(() => void flush());
      }
    });
  const runs = Math.ceil(rows / eventsPerRun);
  const runIds = Array.from({ length: runs }, (_, index) => `run-${String(index).padStart(18, "0")}`);
  await store.commit({ creates: runIds.map(newRun) });

  const before = store.counters();
  const startedAt = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let run = next++; run < runs; run = next++) {
      for (let seq = 1; seq <= eventsPerRun; seq++) await add(append(runIds[run]!, seq));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = store.counters();
  await store[Symbol.asyncDispose]();
  const counters = Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - before[name as keyof StoreCounters]]),
  ) as unknown as StoreCounters;
  return { rowsPerSecond: (runs * eventsPerRun) / seconds, counters, batches };
}

function append(runId: string, seq: number): RunPart {
  return { runId, epoch: 1, expectedSeq: seq, events: [body(seq + 1)], atMs: 1_700_000_000_000 };
}

/** The same rows again, in the order in which they are kept in time: batch by batch. */
async function measureBare(storePath: string, path: string, batches: readonly number[], inFlight: number): Promise<number> {
  const workerData: BareBatches = { storePath, path, batches, inFlight, eventsPerRun };
  const worker = new Worker(new URL("./drivers/floor/bare-batches.ts", import.meta.url), { workerData });
  const [rowsPerSecond] = (await once(worker, "message")) as [number];
  await worker.terminate();
  return rowsPerSecond;
}

for (const [name, inFlight, bar] of [
  ["alone", 1, 0.8],
  ["crowd", 256, 0.5],
] as const) {
  const ours: number[] = [];
  const bare: number[] = [];
  let last: Measured | undefined;
  for (let pair = 0; pair < Number(values.pairs); pair++) {
    using folder = dataFolder();
    const rows = inFlight === 1 ? Number(values.rows) / 10 : Number(values.rows);
    last = await measureStore(join(folder.path, "store.db"), rows, inFlight);
    ours.push(last.rowsPerSecond);
    bare.push(await measureBare(join(folder.path, "store.db"), join(folder.path, "bare.db"), last.batches, inFlight));
  }
  const { counters } = last!;
  const ratio = spread(pairedRatios(ours, bare));
  if (values.json) console.log(JSON.stringify({ name, ours: spread(ours), bare: spread(bare), ratio, bar, counters }));
  else {
    console.log(
      `${name}: store ${Math.round(spread(ours).median)} rows/s, bare ${Math.round(spread(bare).median)} rows/s, ratio ${ratio.median.toFixed(2)} (${ratio.q1.toFixed(2)} to ${ratio.q3.toFixed(2)}), bar ${bar}`,
    );
    console.log(
      `  ${counters.rows} rows, ${counters.commits} commits, ${counters.transactions} transactions, ${counters.reads} reads, ${(counters.statements / counters.rows).toFixed(2)} statements a row, ${counters.checkpoints} checkpoints`,
    );
  }
}
