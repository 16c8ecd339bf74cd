import { contestant } from "../sample.ts";
import { column } from "../sitting.ts";
import { comparisons, type Workload } from "../workload.ts";

const handlers = "the tasks' handlers do nothing; journal and value codec are on";

export const sequenceAndLoop: Workload = {
  id: "W1",
  title: "in memory: a sequence of 10, a loop of 3,000 node runs",
  async measure(bench, peers) {
    const sequence = "sequence of 10";
    const plan = contestant("Heddle", { driver: "heddle/sequence.ts", parameters: { nodes: 10 } });
    const chain = contestant("bare call chain", { driver: "floor/call-chain.ts", parameters: { nodes: 10 } });
    const chained = await bench.against(sequence, plan, chain);
    if (chained !== undefined) {
      bench.figure(chain, chained.theirs, "wallUsPerNode", { name: sequence, unit: "µs a node" });
      bench.figure(plan, chained.ours, "wallUsPerNode", { name: sequence, unit: "µs a node", note: handlers });
      bench.ratio(plan, chain, chained, "cpuUsPerNode", { name: `${sequence}, CPU`, bar: "w1-chain" });
    }

    const asFunction = contestant("Heddle, durable function", { driver: "heddle/function-sequence.ts", parameters: { steps: 10 } });
    const stepped = await bench.against(sequence, asFunction, chain);
    if (stepped !== undefined) {
      bench.figure(asFunction, stepped.ours, "wallUsPerNode", { name: sequence, unit: "µs a step" });
      bench.ratio(asFunction, chain, stepped, "cpuUsPerNode", { name: `${sequence}, CPU` });
    }

    const langgraph = peers.own("LangGraph.js", "langgraph", ["W1"], (lines) => {
      const line = lines.find(({ metric }) => metric?.startsWith("seq10") && metric.includes("no checkpointer"));
      return line?.value === undefined ? undefined : { nodesPerSecond: line.value * 10, wallUsPerNode: 1e5 / line.value };
    });
    const graphs = await bench.against(sequence, plan, langgraph);
    if (graphs !== undefined) {
      bench.figure(langgraph, graphs.theirs, "wallUsPerNode", {
        name: sequence,
        unit: "µs a node",
        note: "LangGraph.js without a checkpointer: it keeps nothing",
      });
      bench.ratio(plan, langgraph, graphs, "nodesPerSecond", { name: `${sequence}, nodes a second`, bar: "w1-langgraph" });
    }

    const loop = "loop of 3,000";
    const looping = contestant("Heddle", { driver: "heddle/loop.ts", parameters: { nodes: 3_000 } });
    const effect = peers.driven("Effect", "effect", "effect", { what: "sequence", size: 3_000 });
    const loops = await bench.against(loop, looping, effect);
    if (loops !== undefined) {
      bench.figure(effect, loops.theirs, "wallUsPerNode", { name: loop, unit: "µs a node" });
      bench.figure(looping, loops.ours, "wallUsPerNode", { name: loop, unit: "µs a node" });
      bench.ratio(looping, effect, loops, "wallUsPerNode", { name: loop, bar: "w1-loop" });
      bench.ratio(looping, effect, loops, "cpuUsPerNode", { name: `${loop}, CPU` });
    }

    for (const [name, peer] of [
      ["XState", "xstate"],
      ["Mastra", "mastra"],
    ] as const) {
      const other = peers.own(name, peer, ["W1"], (lines) => {
        const line = lines.find(({ metric }) => metric?.startsWith("seq10"));
        return line?.value === undefined ? undefined : { wallUsPerNode: 1e5 / line.value };
      });
      const samples = await bench.alone(sequence, other, bench.quick ? 1 : comparisons);
      if (samples !== undefined) bench.give(other, column(samples, "wallUsPerNode"), { name: sequence, unit: "µs a node" });
    }
  },
};
