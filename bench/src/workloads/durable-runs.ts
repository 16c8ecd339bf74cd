import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { dataFolder } from "../data-folder.ts";
import type { Bench } from "../bench.ts";
import { commitFlushes, readFlushes, straceArguments } from "../flushes.ts";
import { type Contestant, runDriver, type Sample } from "../sample.ts";
import { comparisons, type Workload } from "../workload.ts";

export const durableRuns: Workload = {
  id: "W4",
  title: "SQLite, fsync: durable functions of ten steps, 256 in flight and one alone",
  async measure(bench, peers) {
    const many = "256 in flight";
    const [ours, again] = sameRows({ inFlight: 256, runs: bench.quick ? 512 : 2_048, warmRuns: 512 });
    const batched = await bench.against(many, ours, again, "ours");
    if (batched !== undefined) {
      bench.figure(ours, batched.ours, "runsPerSecond", { name: many, unit: "workflows/s" });
      bench.figure(ours, batched.ours, "rowsPerSecond", { name: many, unit: "rows/s" });
      bench.figure(again, batched.theirs, "rowsPerSecond", { name: many, unit: "rows/s", note: "a worker thread that inserts the rows that it finds in Heddle's file, batch by batch, into a fresh one" });
      bench.ratio(ours, again, batched, "rowsPerSecond", { name: `${many}, rows a second`, bar: "w4-replay" });
      bench.figure(ours, batched.ours, "appendsPerStep", { name: `${many}, appends`, unit: "a step", bar: "w4-appends", note: "counted in the store; the append that ends each run is not a step's" });
      bench.figure(ours, batched.ours, "readsPerStep", { name: `${many}, reads`, unit: "a step", bar: "w4-reads", note: "calls that read something about a run, and statements of the writer that only read" });
      bench.figure(ours, batched.ours, "stepsPerBatch", { name: `${many}, steps`, unit: "a batch" });
    }
    await countFlushes(bench);

    const alone = "one run alone";
    const few = { inFlight: 1, runs: bench.quick ? 20 : 60, warmRuns: 20 };
    const [single, singleAgain] = sameRows(few);
    const singles = await bench.against(alone, single, singleAgain, "ours");
    if (singles !== undefined) {
      bench.figure(single, singles.ours, "runsPerSecond", { name: alone, unit: "workflows/s" });
      bench.figure(singleAgain, singles.theirs, "rowsPerSecond", { name: alone, unit: "rows/s" });
      bench.ratio(single, singleAgain, singles, "rowsPerSecond", { name: `${alone}, rows a second`, note: "as many commits as Heddle made: a run's two last events share one" });
    }
    const [one, oneAgain] = sameRows({ ...few, oneByOne: true });
    const ones = await bench.against(alone, one, oneAgain, "ours");
    if (ones !== undefined) bench.ratio(one, oneAgain, ones, "rowsPerSecond", { name: `${alone}, rows a second`, bar: "w4-alone", note: "a worker thread that commits each row of the run by itself" });

    for (const [name, peer, args] of [["OpenWorkflow on SQLite", "openworkflow", ["W4", "sqlite"]], ["LangGraph.js on SQLite", "langgraph", ["W4", "sqlite"]], ["Mastra on libSQL", "mastra", ["W4"]], ["Restate", "restate", ["W4"]]] as const) {
      const other = peers.own(name, peer, args, (lines) => {
        const rate = (inFlight: number) => lines.find(({ metric, unit }) => unit === "wf/s" && metric?.startsWith(`seq10 c=${inFlight}`) && !metric.includes("async"))?.value;
        const [hundred, alone1] = [rate(100), rate(1)];
        return hundred === undefined || alone1 === undefined ? undefined : { hundred, alone: alone1 };
      });
      const samples = await bench.alone("100 in flight, and one alone", other, bench.quick ? 1 : comparisons);
      if (samples === undefined) continue;
      bench.figure(other, samples, "hundred", { name: "100 in flight", unit: "workflows/s" });
      bench.figure(other, samples, "alone", { name: alone, unit: "workflows/s" });
    }
  },
};

interface Runs {
  readonly inFlight: number;
  readonly runs: number;
  readonly warmRuns: number;
  readonly oneByOne?: boolean;
}

/** Heddle, and the worker thread that writes what Heddle's last sample wrote. */
function sameRows({ oneByOne = false, ...runs }: Runs): [Contestant, Contestant] {
  let left: ReturnType<typeof dataFolder> | undefined;
  const ours = async (profile?: string): Promise<Sample> => {
    left?.[Symbol.dispose]();
    left = dataFolder();
    return runDriver({ driver: "heddle/durable-runs.ts", parameters: { folder: left.path, ...runs }, ...(profile === undefined ? {} : { profile }) });
  };
  const theirs = async (): Promise<Sample> => {
    try {
      return await runDriver({ driver: "floor/same-rows.ts", parameters: { folder: left?.path ?? "", oneByOne } });
    } finally {
      left?.[Symbol.dispose]();
      left = undefined;
    }
  };
  return [
    { name: "Heddle", sample: () => ours(), profile: (folder) => ours(folder) },
    { name: oneByOne ? "worker thread, row by row" : "worker thread, same rows", sample: theirs },
  ];
}

/** Flushes as the system sees them, once. */
async function countFlushes(bench: Bench): Promise<void> {
  const name = "256 in flight, fsyncs";
  if (spawnSync("strace", ["-V"], { stdio: "ignore" }).status !== 0) {
    bench.give("Heddle", [Number.NaN], { name, unit: "a batch", note: "strace is not installed: not counted" });
    return;
  }
  bench.progress(name);
  using folder = dataFolder();
  const trace = join(folder.path, "trace.txt");
  const { batches = Number.NaN } = await runDriver({
    driver: "heddle/durable-runs.ts",
    parameters: { folder: folder.path, inFlight: 256, runs: 512, warmRuns: 0 },
    wrapper: ["strace", ...straceArguments(trace)],
  });
  const flushes = readFlushes(trace);
  bench.give("Heddle", [commitFlushes(flushes) / batches], {
    name, unit: "a batch", bar: "w4-fsyncs",
    note: `counted by strace: ${flushes.log} of the log and ${flushes.database} of the file in ${batches} batches; a checkpoint's own (two of the log for each of the file) are taken off`,
  });
}
