// W2: a task that spawns another once per item, and one that joins when all have ended.
import { open } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timeFewCalls } from "../../src/timing.ts";
import { spawnPlan } from "./plans.ts";

export async function measure({ items }: Parameters): Promise<Sample> {
  const count = Number(items);
  const map = spawnPlan(count);
  await using engine = await open("memory:", { workflows: [map] });
  const { wallUs, cpuUs } = await timeFewCalls(async () => {
    const run = await engine.start(map, null);
    if ((await run.result()) !== count) throw new Error("Items were lost.");
  });
  return { itemsPerSecond: (count * 1e6) / wallUs, wallUsPerItem: wallUs / count, cpuUsPerItem: cpuUs / count };
}
