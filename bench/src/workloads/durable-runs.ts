import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { dataFolder } from "../data-folder.ts";
import type { Bench } from "../bench.ts";
import { commitFlushes, readFlushes, straceArguments } from "../flushes.ts";
import { type Contestant, NotMeasured, runDriver, type Sample } from "../sample.ts";
import { comparisons, type Workload } from "../workload.ts";
import { sameRows } from "./same-rows.ts";

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
      bench.figure(again, batched.theirs, "rowsPerSecond", {
        name: many,
        unit: "rows/s",
        note: "a worker thread that inserts the rows that it finds in Heddle's file, batch by batch, into a fresh one",
      });
      bench.ratio(ours, again, batched, "rowsPerSecond", { name: `${many}, rows a second`, bar: "w4-replay" });
      bench.figure(ours, batched.ours, "appendsPerStep", {
        name: `${many}, appends`,
        unit: "a step",
        bar: "w4-appends",
        note: "counted in the store; the append that ends each run is not a step's",
      });
      bench.figure(ours, batched.ours, "transactionsPerBatch", {
        name: `${many}, flushed transactions`,
        unit: "a batch",
        bar: "w4-fsyncs",
        note: "counted in the store, claims and signs of life included",
      });
      bench.figure(ours, batched.ours, "stepsPerBatch", { name: `${many}, steps`, unit: "a batch" });
    }
    await countStatements(bench);
    await countFlushes(bench);

    const alone = "one run alone";
    const few = { inFlight: 1, runs: bench.quick ? 20 : 60, warmRuns: 20 };
    const [single, singleAgain] = sameRows(few);
    const singles = await bench.against(alone, single, singleAgain, "ours");
    if (singles !== undefined) {
      bench.figure(single, singles.ours, "runsPerSecond", { name: alone, unit: "workflows/s" });
      bench.figure(singleAgain, singles.theirs, "rowsPerSecond", { name: alone, unit: "rows/s" });
      bench.ratio(single, singleAgain, singles, "rowsPerSecond", {
        name: `${alone}, rows a second`,
        note: "as many commits as Heddle made: a run's two last events share one",
      });
    }
    const [one, oneAgain] = sameRows({ ...few, oneByOne: true });
    const ones = await bench.against(alone, one, oneAgain, "ours");
    if (ones !== undefined)
      bench.ratio(one, oneAgain, ones, "rowsPerSecond", {
        name: `${alone}, rows a second`,
        bar: "w4-alone",
        note: "a worker thread that commits each row of the run by itself",
      });

    for (const [name, peer, args] of [
      ["OpenWorkflow on SQLite", "openworkflow", ["W4", "sqlite"]],
      ["LangGraph.js on SQLite", "langgraph", ["W4", "sqlite"]],
      ["Mastra on libSQL", "mastra", ["W4"]],
      ["Restate", "restate", ["W4"]],
    ] as const) {
      const other = peers.own(name, peer, args, (lines) => {
        const rate = (inFlight: number) =>
          lines.find(({ metric, unit }) => unit === "wf/s" && metric?.startsWith(`seq10 c=${inFlight}`) && !metric.includes("async"))
            ?.value;
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

/** What a further step costs the store: runs of forty steps against as many of ten. What a run costs once falls out. */
async function countStatements(bench: Bench): Promise<void> {
  const counted = async (stepsPerRun: number): Promise<Sample> => {
    using folder = dataFolder();
    return runDriver({
      driver: "heddle/durable-runs.ts",
      parameters: { folder: folder.path, inFlight: 256, runs: 512, warmRuns: 256, stepsPerRun },
    });
  };
  const further: Contestant = {
    name: "Heddle",
    sample: async () => {
      const few = await counted(10);
      const many = await counted(40);
      const perStep = (key: string): number =>
        ((many[key] ?? Number.NaN) - (few[key] ?? Number.NaN)) / ((many["steps"] ?? 0) - (few["steps"] ?? 0));
      return { readsPerStep: perStep("reads"), statementsPerStep: perStep("statements") };
    },
  };
  const name = "256 in flight";
  const note = "counted in the store: runs of forty steps less as many of ten, by the steps between";
  const samples = await bench.alone(`${name}, statements`, further, 1);
  if (samples === undefined) return;
  bench.figure(further, samples, "readsPerStep", { name: `${name}, reads`, unit: "a step", bar: "w4-reads", note });
  bench.figure(further, samples, "statementsPerStep", { name: `${name}, SQL statements`, unit: "a step", note });
}

/** Flushes as the system sees them. */
async function countFlushes(bench: Bench): Promise<void> {
  const name = "256 in flight, fsyncs";
  const traced: Contestant = {
    name: "Heddle",
    // Only Linux has strace, and not always.
    optional: true,
    sample: async () => {
      if (spawnSync("strace", ["-V"], { stdio: "ignore" }).status !== 0) throw new NotMeasured("strace is not installed");
      const few = await tracedRuns(256);
      const many = await tracedRuns(1_024);
      return { fsyncsPerBatch: (many.flushes - few.flushes) / (many.batches - few.batches) };
    },
  };
  const samples = await bench.alone(name, traced, 1);
  if (samples === undefined) return;
  bench.figure(traced, samples, "fsyncsPerBatch", {
    name,
    unit: "a batch",
    bar: "w4-fsyncs",
    note: "counted by strace: 1,024 runs less 256, by the batches between; a checkpoint's own, two of the log for each of the file, are taken off",
  });
}

async function tracedRuns(runs: number): Promise<{ readonly flushes: number; readonly batches: number }> {
  using folder = dataFolder();
  const trace = join(folder.path, "trace.txt");
  const parameters = { folder: folder.path, inFlight: 256, runs, warmRuns: 0 };
  const { batches = Number.NaN } = await runDriver({
    driver: "heddle/durable-runs.ts",
    parameters,
    wrapper: ["strace", ...straceArguments(trace)],
  });
  return { flushes: commitFlushes(readFlushes(trace)), batches };
}
