// W1: a durable function of steps in a row.
import { open, workflow } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";

export async function measure({ steps }: Parameters): Promise<Sample> {
  const count = Number(steps);
  const sequence = workflow("sequence", async (ctx, input: { n: number }) => {
    let state = input;
    for (let step = 0; step < count; step++) {
      const { n } = state;
      state = await ctx.step(`s${step}`, async () => ({ n: n + 1 }));
    }
    return state;
  });
  await using engine = await open("memory:", { workflows: [sequence] });
  const { wallUs, cpuUs } = await timePerCall(async () => {
    const run = await engine.start(sequence, { n: 0 });
    const state = await run.result();
    if (state.n !== count) throw new Error(`The function gave ${JSON.stringify(state)}.`);
  });
  return { wallUsPerNode: wallUs / count, cpuUsPerNode: cpuUs / count };
}
