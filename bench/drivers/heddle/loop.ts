// W1: three tasks in a ring, round and round.
import { open } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";
import { loopPlan } from "./plans.ts";

/** @param nodes node runs in all, a multiple of three */
export async function measure({ nodes }: Parameters): Promise<Sample> {
  const count = Number(nodes);
  const loop = loopPlan(count);
  await using engine = await open("memory:", { workflows: [loop] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const run = await engine.start(loop, { n: 0 });
    const state = await run.result();
    if (state.n !== count) throw new Error(`The loop gave ${JSON.stringify(state)}.`);
  });
  return { wallUsPerNode: wallUs / count, cpuUsPerNode: cpuUs / count };
}
