// W8: an async generator, one event a step.
import type { Sample } from "../../src/sample.ts";
import { timePerCall } from "../../src/timing.ts";

const count = 10_000;

async function* steps(): AsyncGenerator<{ node: string; n: number }> {
  for (let n = 0; n < count; n++) yield { node: "a", n: await step(n) };
}

async function step(n: number): Promise<number> {
  return n + 1;
}

export async function measure(): Promise<Sample> {
  const { wallUs } = await timePerCall(async () => {
    let seen = 0;
    for await (const event of steps()) seen += event.n > 0 ? 1 : 0;
    if (seen !== count) throw new Error("Events were lost.");
  });
  return { eventsPerSecond: (count * 1e6) / wallUs };
}
