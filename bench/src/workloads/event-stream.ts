import { contestant } from "../sample.ts";
import { column } from "../sitting.ts";
import { comparisons, type Workload } from "../workload.ts";

export const eventStream: Workload = {
  id: "W8",
  title: "in memory: the events of a run to one subscriber in the process",
  async measure(bench, peers) {
    const name = "events of a loop";
    const ours = contestant("Heddle", { driver: "heddle/event-stream.ts", parameters: { nodes: 9_999 } });
    const floor = contestant("async generator", { driver: "floor/event-stream.ts" });
    const pairs = await bench.against(name, ours, floor);
    if (pairs !== undefined) {
      bench.figure(floor, pairs.theirs, "eventsPerSecond", { name, unit: "events/s" });
      bench.figure(ours, pairs.ours, "eventsPerSecond", {
        name,
        unit: "events/s",
        bar: "w8-events",
        note: "one event a node run; the nodes run too in that time, journal and codec on",
      });
    }
    for (const [who, peer] of [
      ["LangGraph.js", "langgraph"],
      ["Mastra", "mastra"],
      ["Effect", "effect"],
    ] as const) {
      const other = peers.own(who, peer, ["W8"], (lines) => {
        const line = lines.find(({ unit }) => unit === "ev/s");
        return line?.value === undefined ? undefined : { eventsPerSecond: line.value };
      });
      const samples = await bench.alone(name, other, bench.quick ? 1 : comparisons);
      if (samples !== undefined) bench.give(other, column(samples, "eventsPerSecond"), { name, unit: "events/s" });
    }
  },
};
