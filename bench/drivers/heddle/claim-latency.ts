// W10: from the commit that makes a run to the first line of its first step on another node.
import { open, workflow } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { quantile } from "../../src/statistics.ts";

/** Two engines with connections of their own: one starts and takes up nothing, the other serves. @param runs one after the other */
export async function measure({ url, runs }: Parameters): Promise<Sample> {
  let begun = Promise.withResolvers<number>();
  const one = workflow("one", (ctx) => ctx.step("step", async () => begun.resolve(performance.now())));
  await using serving = await open(String(url), { workflows: [one] });
  await using starting = await open(String(url), { workflows: [one], passive: true });
  const fromStart: number[] = [];
  const fromAnswer: number[] = [];
  const warm = 20;
  for (let index = 0; index < Number(runs) + warm; index++) {
    begun = Promise.withResolvers<number>();
    const startedAt = performance.now();
    const { id } = await starting.start(one, null);
    const answeredAt = performance.now();
    const begunAt = await begun.promise;
    await (await serving.get(id)).result();
    if (index < warm) continue;
    fromStart.push(begunAt - startedAt);
    fromAnswer.push(begunAt - answeredAt);
  }
  return {
    startP50Ms: quantile(fromStart, 0.5),
    startP95Ms: quantile(fromStart, 0.95),
    answerP50Ms: quantile(fromAnswer, 0.5),
    answerP95Ms: quantile(fromAnswer, 0.95),
  };
}
