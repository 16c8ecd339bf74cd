// W2: a durable function that maps over items.
import { open, workflow } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timeFewCalls } from "../../src/timing.ts";

export async function measure({ items }: Parameters): Promise<Sample> {
  const count = Number(items);
  const list = Array.from({ length: count }, (_, index) => index);
  const map = workflow("map", async (ctx) => {
    const results = await ctx.map("item", list, async (item) => item + 1, { concurrency: 1_000 });
    return results.length;
  });
  await using engine = await open("memory:", { workflows: [map] });
  const { wallUs, cpuUs } = await timeFewCalls(async () => {
    const run = await engine.start(map, null);
    if ((await run.result()) !== count) throw new Error("Items were lost.");
  });
  return { itemsPerSecond: (count * 1e6) / wallUs, wallUsPerItem: wallUs / count, cpuUsPerItem: cpuUs / count };
}
