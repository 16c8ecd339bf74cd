// W1: a Plan of tasks in a row, each of which adds one.
import { open } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";
import { sequencePlan } from "./plans.ts";

export async function measure({ nodes }: Parameters): Promise<Sample> {
  const count = Number(nodes);
  const sequence = sequencePlan(count);
  await using engine = await open("memory:", { workflows: [sequence] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const run = await engine.start(sequence, { n: 0 });
    const state = await run.result();
    if (state.n !== count) throw new Error(`The sequence gave ${JSON.stringify(state)}.`);
  });
  return { wallUsPerNode: wallUs / count, cpuUsPerNode: cpuUs / count, nodesPerSecond: (count * 1e6) / wallUs };
}
