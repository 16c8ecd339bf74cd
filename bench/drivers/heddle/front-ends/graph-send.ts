// W11: a route that sends to a node once per item, and a node that joins when all have ended.
import { open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { timeFewCalls } from "../../../src/timing.ts";
import { sendGraph } from "./graphs.ts";

export async function measure({ items }: Parameters): Promise<Sample> {
  const count = Number(items);
  const map = sendGraph();
  await using engine = await open("memory:", { workflows: [map] });
  const { wallUs, cpuUs } = await timeFewCalls(async () => {
    const { joined } = await (await engine.start(map, { count })).result();
    if (joined !== count) throw new Error(`Of ${count} items ${joined} came.`);
  });
  return { itemsPerSecond: (count * 1e6) / wallUs, wallUsPerItem: wallUs / count, cpuUsPerItem: cpuUs / count };
}
