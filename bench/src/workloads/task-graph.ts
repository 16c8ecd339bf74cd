import { contestant } from "../sample.ts";
import { column } from "../sitting.ts";
import { pairedRatios } from "../statistics.ts";
import { comparisons, type Workload } from "../workload.ts";

export const taskGraph: Workload = {
  id: "W3",
  title: "in memory: a layered graph of 10,000 to 1,000,000 tasks, two or three dependencies each",
  async measure(bench, peers) {
    const sizes = bench.quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000];
    const title = (tasks: number): string => `graph of ${tasks.toLocaleString("en-US")}`;
    const heddle = (tasks: number, what = "run") => contestant("Heddle", { driver: "heddle/graph.ts", parameters: { tasks, what } });
    const times = new Map<number, number[]>();
    for (const tasks of sizes) {
      const ours = heddle(tasks);
      const kahn = contestant("Kahn by hand", { driver: "floor/kahn.ts", parameters: { tasks } });
      const pairs = await bench.against(title(tasks), ours, kahn);
      if (pairs === undefined) continue;
      bench.figure(kahn, pairs.theirs, "wallUsPerTask", { name: title(tasks), unit: "µs a task" });
      bench.figure(ours, pairs.ours, "wallUsPerTask", { name: title(tasks), unit: "µs a task" });
      bench.figure(ours, pairs.ours, "compileUsPerTask", {
        name: `${title(tasks)}, the plan made ready`,
        unit: "µs a task",
        note: "checked, hashed and compiled once for a plan, whatever the number of its runs; not part of a run's time",
      });
      bench.ratio(ours, kahn, pairs, "wallUsPerTask", { name: title(tasks), bar: "w3-kahn" });
      bench.ratio(ours, kahn, pairs, "cpuUsPerTask", { name: `${title(tasks)}, CPU` });
      times.set(tasks, column(pairs.ours, "wallUsPerTask"));
    }

    const [small = 0] = sizes;
    const large = sizes.at(-1) ?? 0;
    const [atLarge, atSmall] = [times.get(large), times.get(small)];
    if (atLarge !== undefined && atSmall !== undefined) {
      bench.give(heddle(large), pairedRatios(atLarge, atSmall), {
        name: `µs a task, ${large.toLocaleString("en-US")} to ${small.toLocaleString("en-US")}`,
        unit: "times",
        bar: "w3-growth",
      });
    }

    const held = heddle(bench.quick ? 10_000 : 100_000, "heap");
    const heaps = await bench.alone("retained heap", held, bench.quick ? 1 : comparisons);
    if (heaps !== undefined) {
      bench.figure(held, heaps, "bytesPerTask", {
        name: "retained heap after collection",
        unit: "bytes a task",
        bar: "w3-heap",
        note: "heap and buffers, state and journal in memory; plan and outputs excluded; measured while the last task is still under way",
      });
    }

    const others = [
      peers.driven("p-graph", "dag-runners", "p-graph", { what: "dag", size: 100_000 }),
      peers.driven("Effect", "effect", "effect", { what: "dag", size: 10_000 }),
    ];
    for (const other of others) {
      const tasks = other.name === "p-graph" ? 100_000 : 10_000;
      const samples = await bench.alone(title(tasks), other, bench.quick ? 1 : comparisons);
      if (samples !== undefined)
        bench.figure(other, samples, other.name === "p-graph" ? "wallUsPerTask" : "wallUsPerNode", {
          name: title(tasks),
          unit: "µs a task",
        });
    }
  },
};
