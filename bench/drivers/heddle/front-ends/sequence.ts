// W11: nodes in a row, each of which adds one, through a front-end.
import { open, type Engine } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { timePerCall } from "../../../src/timing.ts";
import { ready, sequenceConfig } from "./dags.ts";
import { sequenceGraph } from "./graphs.ts";

/** @param front `graph` or `dag` */
export async function measure({ nodes, front }: Parameters): Promise<Sample> {
  const count = Number(nodes);
  const { workflow, run } = front === "graph" ? graphRuns(count) : dagRuns(count);
  await using engine = await open("memory:", { workflows: [workflow] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const given = await run(engine);
    if (given !== count) throw new Error(`The sequence gave ${JSON.stringify(given)}.`);
  });
  return { wallUsPerNode: wallUs / count, cpuUsPerNode: cpuUs / count, nodesPerSecond: (count * 1e6) / wallUs };
}

function graphRuns(nodes: number) {
  const workflow = sequenceGraph(nodes);
  return { workflow, run: async (engine: Engine): Promise<unknown> => (await (await engine.start(workflow, {})).result()).n };
}

function dagRuns(nodes: number) {
  const workflow = ready(sequenceConfig(nodes));
  return { workflow, run: async (engine: Engine): Promise<unknown> => (await (await engine.start(workflow, 0)).result()).payload };
}
