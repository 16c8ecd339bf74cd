// W2: one task, many beside each other, one that joins them.
import { open } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";
import { fanPlan } from "./plans.ts";

export async function measure({ width }: Parameters): Promise<Sample> {
  const fan = fanPlan(Number(width));
  await using engine = await open("memory:", { workflows: [fan] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const run = await engine.start(fan, 0);
    await run.result();
  });
  return { runsPerSecond: 1e6 / wallUs, cpuUsPerRun: cpuUs };
}
