// W11: one node of a DAG, many beside each other, one that depends on them all.
import { open } from "heddle";
import type { Parameters, Sample } from "../../../src/sample.ts";
import { timePerCall } from "../../../src/timing.ts";
import { fanConfig, ready } from "./dags.ts";

export async function measure({ width }: Parameters): Promise<Sample> {
  const fan = ready(fanConfig(Number(width)));
  await using engine = await open("memory:", { workflows: [fan] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const { status } = await (await engine.start(fan, 0)).result();
    if (status !== "completed") throw new Error(`The fan is ${status}.`);
  });
  return { runsPerSecond: 1e6 / wallUs, cpuUsPerRun: cpuUs };
}
