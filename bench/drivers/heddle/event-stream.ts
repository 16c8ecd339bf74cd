// W8: everything that happens in a run, to one subscriber in the process.
import { open } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";
import { loopPlan } from "./plans.ts";

/** @param nodes node runs of the loop that is watched; each is one event */
export async function measure({ nodes }: Parameters): Promise<Sample> {
  const count = Number(nodes);
  const loop = loopPlan(count);
  await using engine = await open("memory:", { workflows: [loop] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const run = await engine.start(loop, { n: 0 });
    let seen = 0;
    for await (const event of run.events()) if (event.type === "task-ended") seen++;
    if (seen !== count) throw new Error(`${seen} of ${count} events came.`);
  });
  return { eventsPerSecond: (count * 1e6) / wallUs, cpuUsPerEvent: cpuUs / count };
}
