// W11: everything that happens in a run of a state graph, by its own stream.
import { open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { timePerCall } from "../../../src/timing.ts";
import { loopGraph } from "./graphs.ts";

/** @param nodes node runs of the loop that is watched; each is one event that counts */
export async function measure({ nodes }: Parameters): Promise<Sample> {
  const count = Number(nodes);
  const loop = loopGraph(count);
  await using engine = await open("memory:", { workflows: [loop] });
  let items = 0;
  let runs = 0;
  const { wallUs, cpuUs } = await timePerCall(async () => {
    runs++;
    let seen = 0;
    for await (const item of loop.stream({}, { engine, mode: "events" })) {
      items++;
      if (item.mode === "events" && item.event.type === "task-ended") seen++;
    }
    // START is a task too.
    if (seen !== count + 1) throw new Error(`${seen} of ${count + 1} events came.`);
  });
  return { eventsPerSecond: (count * 1e6) / wallUs, itemsPerSecond: ((items / runs) * 1e6) / wallUs, cpuUsPerEvent: cpuUs / count };
}
