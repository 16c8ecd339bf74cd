// W11: three nodes of a state graph in a ring, round and round.
import { open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { timePerCall } from "../../../src/timing.ts";
import { loopGraph } from "./graphs.ts";

/** @param nodes node runs in all, a multiple of three */
export async function measure({ nodes }: Parameters): Promise<Sample> {
  const count = Number(nodes);
  const loop = loopGraph(count);
  await using engine = await open("memory:", { workflows: [loop] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const { n } = await (await engine.start(loop, {})).result();
    if (n !== count) throw new Error(`The loop counted ${n}.`);
  });
  return { wallUsPerNode: wallUs / count, cpuUsPerNode: cpuUs / count };
}
