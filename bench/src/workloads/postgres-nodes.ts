import { PostgresServer } from "@heddle/testing";
import { contestant, runDriver, type Contestant } from "../sample.ts";
import { column } from "../sitting.ts";
import { comparisons, type Workload } from "../workload.ts";
import { flushedSettings } from "./postgres-runs.ts";

export const postgresNodes: Workload = {
  id: "W10",
  title: "PostgreSQL, fsync: nodes that wait for work, idle beside parked runs, and take over from a killed one",
  async measure(bench) {
    await using server = await PostgresServer.start({ settings: flushedSettings });

    const rounds = bench.quick ? 50 : 300;
    const claims: Contestant = {
      name: "Heddle",
      sample: () => runDriver({ driver: "heddle/claim-latency.ts", parameters: { url: server.newAddress(), runs: rounds } }),
    };
    const bare = contestant("bare NOTIFY", { driver: "floor/notify.ts", parameters: { url: server.address, rounds } });
    const latency = await bench.against("to the first task on another node", claims, bare);
    if (latency !== undefined) {
      const name = "to the first task on another node";
      bench.figure(claims, latency.ours, "answerP50Ms", { name: `${name}, from the answer to its start, half of them`, unit: "ms" });
      bench.figure(claims, latency.ours, "answerP95Ms", { name: `${name}, from the answer to its start, p95`, unit: "ms" });
      bench.figure(claims, latency.ours, "startP95Ms", {
        name: `${name}, from the call of start, p95`,
        unit: "ms",
        note: "two commits lie in it: the one that makes the run, and the claim",
      });
      bench.figure(bare, latency.theirs, "p95Ms", { name: "a NOTIFY round trip, p95", unit: "ms" });
      bench.ratio(
        { ...claims },
        bare,
        { ours: latency.ours.map(({ answerP95Ms = Number.NaN }) => ({ p95Ms: answerP95Ms })), theirs: latency.theirs },
        "p95Ms",
        { name: `${name}, from the answer to its start, p95` },
      );
    }

    const parked = bench.quick ? 10_000 : 1_000_000;
    const idle = (count: number): Contestant => ({
      name: "Heddle",
      sample: () =>
        runDriver({ driver: "heddle/idle-node.ts", parameters: { url: server.newAddress(), parked: count }, timeoutMs: 900_000 }),
    });
    const [beside, without] = [idle(parked), idle(0)];
    const name = `a node beside ${parked.toLocaleString("en-US")} parked runs`;
    const memory = await bench.against(name, beside, without);
    if (memory !== undefined) {
      bench.figure(beside, memory.ours, "liveMb", { name: `${name}, heap and buffers`, unit: "MB" });
      bench.figure(without, memory.theirs, "liveMb", { name: "a node beside none, heap and buffers", unit: "MB" });
      const theirs = column(memory.theirs, "liveMb");
      bench.give(
        beside,
        column(memory.ours, "liveMb").map((live, pair) => ((live - (theirs[pair] as number)) * 1e6) / parked),
        { name: `${name}, beyond none`, unit: "bytes a parked run", bar: "w10-idle" },
      );
    }

    const runs = bench.quick ? 100 : 1_000;
    const leaseMs = 3_000;
    const failover: Contestant = {
      name: "Heddle",
      sample: () => runDriver({ driver: "heddle/failover.ts", parameters: { url: server.newAddress(), runs, leaseMs } }),
    };
    const samples = await bench.alone("a node is killed", failover, bench.quick ? 1 : comparisons);
    if (samples !== undefined)
      bench.figure(failover, samples, "overMs", {
        name: `the ${runs.toLocaleString("en-US")} runs of a killed node are all under way elsewhere, after its lease`,
        unit: "ms",
        bar: "w10-failover",
      });
  },
};
