import type { BarId } from "../bars.ts";
import type { Bench } from "../bench.ts";
import { dataFolder } from "../data-folder.ts";
import type { PeersFolder } from "../peers-folder.ts";
import { type Contestant, contestant, type Parameters, runDriver, type Sample } from "../sample.ts";
import { pairedRatios } from "../statistics.ts";
import { comparisons, type Workload } from "../workload.ts";
import { growthOfItems, itemSizes } from "./item-sizes.ts";
import { sameRows } from "./same-rows.ts";

export const frontEnds: Workload = {
  id: "W11",
  title: "graphs and DAGs: what the front-ends add to the work of W1 to W4 and W8, and large definitions",
  async measure(bench, peers) {
    await sequences(bench, peers);
    await loop(bench, peers);
    await sends(bench, peers);
    await fan(bench, peers);
    await layers(bench);
    await durableGraphs(bench);
    await events(bench);
    await definitions(bench);
    await growingState(bench);
  },
};

function ours(name: string, driver: string, parameters: Parameters): Contestant {
  return contestant(name, { driver: `heddle/front-ends/${driver}.ts`, parameters });
}

async function sequences(bench: Bench, peers: PeersFolder): Promise<void> {
  const name = "sequence of 10";
  const chain = contestant("bare call chain", { driver: "floor/call-chain.ts", parameters: { nodes: 10 } });
  for (const front of ["graph", "dag"] as const) {
    const row = ours(`Heddle, ${front}`, "sequence", { nodes: 10, front });
    const chained = await bench.against(name, row, chain);
    if (chained === undefined) continue;
    bench.figure(row, chained.ours, "wallUsPerNode", { name, unit: "µs a node" });
    bench.ratio(row, chain, chained, "cpuUsPerNode", { name: `${name}, CPU`, bar: "w11-chain" });
  }
  const row = ours("Heddle, graph", "sequence", { nodes: 10, front: "graph" });
  const langgraph = peers.own("LangGraph.js", "langgraph", ["W1"], (lines) => {
    const line = lines.find(({ metric }) => metric?.startsWith("seq10") && metric.includes("no checkpointer"));
    return line?.value === undefined ? undefined : { nodesPerSecond: line.value * 10 };
  });
  const graphs = await bench.against(name, row, langgraph);
  if (graphs !== undefined)
    bench.ratio(row, langgraph, graphs, "nodesPerSecond", { name: `${name}, nodes a second`, bar: "w11-langgraph" });
}

async function loop(bench: Bench, peers: PeersFolder): Promise<void> {
  const name = "loop of 3,000";
  const ring = ours("Heddle, graph", "graph-loop", { nodes: 3_000 });
  const effect = peers.driven("Effect", "effect", "effect", { what: "sequence", size: 3_000 });
  const pairs = await bench.against(name, ring, effect);
  if (pairs === undefined) return;
  bench.figure(ring, pairs.ours, "wallUsPerNode", { name, unit: "µs a node" });
  bench.ratio(ring, effect, pairs, "wallUsPerNode", { name, bar: "w11-loop" });
  bench.ratio(ring, effect, pairs, "cpuUsPerNode", { name: `${name}, CPU` });
}

async function sends(bench: Bench, peers: PeersFolder): Promise<void> {
  const large = bench.quick ? 10_000 : 100_000;
  const send = itemSizes("Heddle, graph", large, (items) => ours("Heddle, graph", "graph-send", { items }));
  const effect = itemSizes("Effect", large, (size) => peers.driven("Effect", "effect", "effect", { what: "map", size }));
  const pairs = await bench.against("send", send, effect);
  if (pairs === undefined) return;
  bench.figure(send, pairs.ours, "itemsPerSecond10000", {
    name: "send to 10,000",
    unit: "items/s",
    bar: "w11-send",
    note: "each item adds its result to a list in the state",
  });
  const [own, theirs] = [growthOfItems(pairs.ours, large), growthOfItems(pairs.theirs, large)];
  const grown = `time an item, ${large.toLocaleString("en-US")} to 1,000`;
  bench.give(effect, theirs, { name: grown, unit: "times" });
  bench.give(send, own, { name: grown, unit: "times" });
  bench.give(send, pairedRatios(own, theirs), { name: "growth of the time an item", unit: "times", against: "Effect", bar: "w11-growth" });
}

async function fan(bench: Bench, peers: PeersFolder): Promise<void> {
  const name = "fan 1-100-1";
  const wide = ours("Heddle, DAG", "dag-fan", { width: 100 });
  const pgraph = peers.driven("p-graph", "dag-runners", "p-graph", { what: "fan", size: 100 });
  const pairs = await bench.against(name, wide, pgraph);
  if (pairs === undefined) return;
  bench.figure(wide, pairs.ours, "runsPerSecond", { name, unit: "runs/s" });
  bench.ratio(wide, pgraph, pairs, "runsPerSecond", { name, bar: "w11-fan" });
}

async function layers(bench: Bench): Promise<void> {
  for (const nodes of bench.quick ? [10_000] : [10_000, 100_000]) {
    const name = `layers of ${nodes.toLocaleString("en-US")}`;
    const layered = ours("Heddle, DAG", "dag-layers", { nodes });
    const kahn = contestant("Kahn by hand", { driver: "floor/kahn.ts", parameters: { tasks: nodes } });
    const pairs = await bench.against(name, layered, kahn);
    if (pairs === undefined) continue;
    bench.figure(layered, pairs.ours, "wallUsPerTask", { name, unit: "µs a node" });
    bench.ratio(layered, kahn, pairs, "wallUsPerTask", { name, bar: "w11-kahn" });
    bench.ratio(layered, kahn, pairs, "cpuUsPerTask", { name: `${name}, CPU` });
  }
}

async function durableGraphs(bench: Bench): Promise<void> {
  const name = "SQLite, ten nodes, 256 in flight";
  const [durable, again] = sameRows({
    name: "Heddle, graph",
    front: "graph",
    inFlight: 256,
    runs: bench.quick ? 512 : 2_048,
    warmRuns: 512,
  });
  const pairs = await bench.against(name, durable, again, "ours");
  if (pairs === undefined) return;
  bench.figure(durable, pairs.ours, "runsPerSecond", { name, unit: "workflows/s" });
  bench.figure(durable, pairs.ours, "rowsPerSecond", { name, unit: "rows/s" });
  bench.figure(again, pairs.theirs, "rowsPerSecond", { name, unit: "rows/s" });
  bench.ratio(durable, again, pairs, "rowsPerSecond", { name: `${name}, rows a second`, bar: "w11-replay" });
}

async function events(bench: Bench): Promise<void> {
  const name = "events of a loop";
  const streamed = ours("Heddle, graph", "graph-events", { nodes: 9_999 });
  const samples = await bench.alone(name, streamed, bench.pairs);
  if (samples === undefined) return;
  bench.figure(streamed, samples, "eventsPerSecond", {
    name,
    unit: "events/s",
    bar: "w11-events",
    note: "one event a node run, through graph.stream; the nodes run too in that time",
  });
}

async function definitions(bench: Bench): Promise<void> {
  const nodes = bench.quick ? 10_000 : 100_000;
  for (const front of ["graph", "dag"] as const) {
    const name = `definition of ${nodes.toLocaleString("en-US")} nodes`;
    const definition = ours(`Heddle, ${front}`, "definition", { nodes, front });
    const samples = await bench.alone(name, definition, bench.pairs);
    if (samples === undefined) continue;
    const bar: BarId = "w11-definition";
    bench.figure(definition, samples, "readyMs", { name, unit: "ms" });
    bench.figure(definition, samples, "times", { name: `${name}, ready to run`, unit: "times", against: "JSON.parse", bar });
  }
}

async function growingState(bench: Bench): Promise<void> {
  const steps = 1_000;
  const growing: Contestant = {
    name: "Heddle, graph",
    sample: async (): Promise<Sample> => {
      using folder = dataFolder();
      return runDriver({ driver: "heddle/front-ends/graph-growth.ts", parameters: { folder: folder.path, steps, bytes: 1_000 } });
    },
  };
  const name = "state that grows by 1 kB a step";
  const samples = await bench.alone(name, growing, bench.quick ? 1 : comparisons);
  if (samples === undefined) return;
  bench.figure(growing, samples, "bytesPerStep", {
    name,
    unit: "bytes a step",
    bar: "w11-bytes",
    note: "1,000 steps on SQLite; the file's pages, its log's included, each once",
  });
  bench.figure(growing, samples, "stepsPerSecond", { name, unit: "steps/s" });
}
