import { join } from "node:path";
import { PostgresServer } from "@heddle/testing";
import type { Bench } from "../bench.ts";
import { dataFolder } from "../data-folder.ts";
import type { PeersFolder } from "../peers-folder.ts";
import { type Contestant, runDriver, type Sample } from "../sample.ts";
import { column } from "../sitting.ts";
import { pairedRatios } from "../statistics.ts";
import { comparisons, type Workload } from "../workload.ts";

/** As the peers' own folder sets its server up. */
export const flushedSettings = { fsync: "on", synchronous_commit: "on", max_connections: "300", shared_buffers: "512MB" };

export const postgresRuns: Workload = {
  id: "W9",
  title: "PostgreSQL, fsync: durable functions of ten steps, 256 in flight, one alone, and in several processes",
  async measure(bench, peers) {
    await using server = await PostgresServer.start({ settings: flushedSettings });
    const many = "256 in flight";
    const [ours, again] = sameRows(server, { inFlight: 256, runs: bench.quick ? 256 : 2_048, warmRuns: 512 });
    const pairs = await bench.against(many, ours, again, "ours");
    if (pairs !== undefined) {
      bench.figure(ours, pairs.ours, "runsPerSecond", { name: many, unit: "workflows/s" });
      bench.figure(ours, pairs.ours, "rowsPerSecond", { name: many, unit: "rows/s" });
      bench.figure(again, pairs.theirs, "rowsPerSecond", {
        name: many,
        unit: "rows/s",
        note: "one connection that inserts the rows that it finds in Heddle's schema into a fresh one, batch by batch, each batch one fenced statement",
      });
      bench.ratio(ours, again, pairs, "rowsPerSecond", { name: `${many}, rows a second`, bar: "w9-replay" });
      bench.figure(ours, pairs.ours, "roundTripsPerBatch", {
        name: `${many}, round trips`,
        unit: "a batch",
        bar: "w9-round-trips",
        note: "queries of all connections, claims, signs of life and reads included",
      });
      bench.figure(ours, pairs.ours, "stepsPerBatch", { name: `${many}, steps`, unit: "a batch" });
    }
    const alone = heddle(server, { inFlight: 1, runs: bench.quick ? 20 : 60, warmRuns: 20 });
    const singles = await bench.alone("one run alone", alone, bench.quick ? 1 : comparisons);
    if (singles !== undefined) bench.figure(alone, singles, "runsPerSecond", { name: "one run alone", unit: "workflows/s" });
    await inProcesses(bench, server);
    await besidePeers(bench, peers, server, ours, pairs?.ours);
  },
};

interface Runs {
  readonly inFlight: number;
  readonly runs: number;
  readonly warmRuns: number;
}

function heddle(server: PostgresServer, runs: Runs): Contestant {
  const sample = (profile?: string): Promise<Sample> =>
    runDriver({
      driver: "heddle/postgres-runs.ts",
      parameters: { url: server.newAddress(), batches: "", ...runs },
      ...(profile === undefined ? {} : { profile }),
    });
  return { name: "Heddle", sample: () => sample(), profile: sample };
}

/** Heddle, and the bare connection that writes what Heddle's last sample wrote. */
function sameRows(server: PostgresServer, runs: Runs): [Contestant, Contestant] {
  let written = "";
  let left = dataFolder();
  const ours = (profile?: string): Promise<Sample> => {
    written = server.newAddress();
    left[Symbol.dispose]();
    left = dataFolder();
    return runDriver({
      driver: "heddle/postgres-runs.ts",
      parameters: { url: written, batches: join(left.path, "batches.json"), ...runs },
      ...(profile === undefined ? {} : { profile }),
    });
  };
  const theirs = async (): Promise<Sample> => {
    try {
      return await runDriver({
        driver: "floor/postgres-rows.ts",
        parameters: { written, again: server.newAddress(), batches: join(left.path, "batches.json") },
      });
    } finally {
      left[Symbol.dispose]();
    }
  };
  return [
    { name: "Heddle", sample: () => ours(), profile: ours },
    { name: "bare fenced batches", sample: theirs },
  ];
}

/** The same store from one, two and four processes at once. */
async function inProcesses(bench: Bench, server: PostgresServer): Promise<void> {
  const rates = new Map<number, readonly number[]>();
  for (const processes of [1, 2, 4]) {
    const contestant: Contestant = {
      name: "Heddle",
      sample: async () => {
        const url = server.newAddress();
        const share = { inFlight: 256 / processes, runs: (bench.quick ? 256 : 2_048) / processes, warmRuns: 256 / processes };
        const samples = await Promise.all(
          Array.from({ length: processes }, () =>
            runDriver({ driver: "heddle/postgres-runs.ts", parameters: { url, batches: "", ...share } }),
          ),
        );
        return { runsPerSecond: samples.reduce((sum, { runsPerSecond = Number.NaN }) => sum + runsPerSecond, 0) };
      },
    };
    const name = processes === 1 ? "256 in flight in one process" : `256 in flight in ${processes} processes`;
    const samples = await bench.alone(name, contestant, bench.quick ? 1 : comparisons);
    if (samples === undefined) continue;
    rates.set(processes, column(samples, "runsPerSecond"));
    bench.figure(contestant, samples, "runsPerSecond", {
      name,
      unit: "workflows/s",
      note: "the sum over processes that began together; server and processes share the two hardware threads",
    });
  }
}

/** Peers measured by their own programs on the same server: at most 100 in flight. */
async function besidePeers(
  bench: Bench,
  peers: PeersFolder,
  server: PostgresServer,
  ours: Contestant,
  measured: readonly Sample[] | undefined,
): Promise<void> {
  let best: { readonly name: string; readonly rates: readonly number[] } | null = null;
  for (const [name, peer, args, flushesEachStep] of [
    ["DBOS", "dbos", ["W4"], true],
    ["OpenWorkflow on PostgreSQL", "openworkflow", ["W4", "postgres"], true],
    ["graphile-worker", "graphile-worker", ["W4"], true],
    ["LangGraph.js on PostgreSQL", "langgraph", ["W4", "postgres"], true],
    ["Restate", "restate", ["W4"], false],
  ] as const) {
    const other = peers.own(
      name,
      peer,
      args,
      (lines) => {
        const rates = lines.filter(
          ({ metric, unit }) => unit === "wf/s" && metric?.includes("c=100") === true && !metric.includes("async"),
        );
        const hundred = Math.max(...rates.map(({ value = Number.NaN }) => value));
        return Number.isFinite(hundred) ? { hundred } : undefined;
      },
      { env: { BENCH_PG: server.address }, timeoutMs: 300_000 },
    );
    const samples = await bench.alone("100 in flight", other, bench.quick ? 1 : comparisons);
    if (samples === undefined) continue;
    bench.figure(other, samples, "hundred", { name: "100 in flight", unit: "workflows/s" });
    const rates = column(samples, "hundred");
    if (flushesEachStep && (best === null || Math.max(...rates) > Math.max(...best.rates))) best = { name, rates };
  }
  if (best === null || measured === undefined) return;
  const rates = best.rates;
  bench.give(
    ours,
    pairedRatios(
      column(measured, "runsPerSecond").slice(0, rates.length),
      rates.map(() => Math.max(...rates)),
    ),
    { name: "256 in flight, workflows a second", unit: "times", against: `${best.name}, its best`, bar: "w9-peers" },
  );
}
