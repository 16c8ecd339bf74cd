import { contestant, type Sample } from "../sample.ts";
import { pairedRatios } from "../statistics.ts";
import { comparisons, type Workload } from "../workload.ts";
import { growthOfItems, itemSizes } from "./item-sizes.ts";

export const fanAndMap: Workload = {
  id: "W2",
  title: "in memory: fan 1-100-1, map over 1,000 to 100,000 items",
  async measure(bench, peers) {
    const fan = "fan 1-100-1";
    const ours = contestant("Heddle", { driver: "heddle/fan.ts", parameters: { width: 100 } });
    for (const theirs of [
      peers.driven("p-graph", "dag-runners", "p-graph", { what: "fan", size: 100 }),
      peers.driven("Effect", "effect", "effect", { what: "fan", size: 100 }),
    ]) {
      const pairs = await bench.against(fan, ours, theirs);
      if (pairs === undefined) continue;
      bench.figure(theirs, pairs.theirs, "runsPerSecond", { name: fan, unit: "runs/s" });
      bench.figure(ours, pairs.ours, "runsPerSecond", { name: fan, unit: "runs/s" });
      bench.ratio(ours, theirs, pairs, "runsPerSecond", { name: fan, ...(theirs.name === "p-graph" ? { bar: "w2-fan" } : {}) });
    }

    const floor = contestant("Promise.all", { driver: "floor/promise-all.ts", parameters: { items: 0 } });
    const floors = await bench.alone(fan, floor, bench.quick ? 1 : comparisons);
    if (floors !== undefined) bench.figure(floor, floors, "runsPerSecond", { name: fan, unit: "runs/s" });

    const large = bench.quick ? 10_000 : 100_000;
    const effect = itemSizes("Effect", large, (size) => peers.driven("Effect", "effect", "effect", { what: "map", size }));
    for (const [name, driver] of [
      ["Heddle", "heddle/spawn.ts"],
      ["Heddle, ctx.map", "heddle/function-map.ts"],
    ] as const) {
      const map = itemSizes(name, large, (items) => contestant(name, { driver, parameters: { items } }));
      const pairs = await bench.against("map", map, effect);
      if (pairs === undefined) continue;
      const isPlan = name === "Heddle";
      bench.figure(effect, pairs.theirs, "itemsPerSecond10000", { name: "map over 10,000", unit: "items/s" });
      bench.figure(map, pairs.ours, "itemsPerSecond10000", { name: "map over 10,000", unit: "items/s", bar: "w2-map" });
      const growth = (samples: readonly Sample[]): number[] => growthOfItems(samples, large);
      const grown = `time an item, ${large.toLocaleString("en-US")} to 1,000`;
      bench.give(effect, growth(pairs.theirs), { name: grown, unit: "times" });
      bench.give(map, growth(pairs.ours), { name: grown, unit: "times" });
      bench.give(map, pairedRatios(growth(pairs.ours), growth(pairs.theirs)), {
        name: "growth of the time an item",
        unit: "times",
        against: "Effect",
        ...(isPlan ? { bar: "w2-growth" } : {}),
      });
    }
  },
};
