// W11: a DAG in layers.
import { open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { timeFewCalls } from "../../../src/timing.ts";
import { layeredConfig, ready } from "./dags.ts";

export async function measure({ nodes }: Parameters): Promise<Sample> {
  const size = Number(nodes);
  const layers = ready(layeredConfig(size));
  await using engine = await open("memory:", { workflows: [layers], retention: 0 });
  const { wallUs, cpuUs } = await timeFewCalls(async () => {
    const { status, outcomes } = await (await engine.start(layers, 0)).result();
    if (status !== "completed" || outcomes[`n${size - 1}`]?.status !== "completed") throw new Error("The DAG did not complete.");
  });
  return { wallUsPerTask: wallUs / size, cpuUsPerTask: cpuUs / size };
}
