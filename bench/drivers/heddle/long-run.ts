// W5: one run of very many durable steps. The function goes on as a new segment every so many.
import { join } from "node:path";
import { open, workflow } from "heddle";
import type { Parameters, Sample } from "../../src/sample.ts";
import { databaseBytes } from "../database-bytes.ts";

interface Place {
  readonly done: number;
}

/**
 * @param what `run`: to the end; `crash`: the process kills itself in step `at`; `resume`: goes on with that run, measured from the start of
 *   the process to the first step that had not been recorded; `recover`: ends there, for a profile of what came before; `fresh`: the same of a
 *   run that begins
 */
export async function measure({ folder, steps, segment, what, at }: Parameters): Promise<Sample> {
  const total = Number(steps);
  const segmentSteps = Number(segment);
  const marks: number[] = [];
  let ran = 0;
  let firstStepAtMs = Number.NaN;
  const recovered = Promise.withResolvers<void>();
  const long = workflow("long", async (ctx, { done }: Place) => {
    const end = Math.min(total, done + segmentSteps);
    for (let step = done; step < end; step++) {
      await ctx.step(`s${step}`, async () => {
        if (ran++ === 0) firstStepAtMs = performance.now();
        if (what === "recover") {
          recovered.resolve();
          return new Promise<number>(() => {});
        }
        if (step % (total / 10) === 0) marks.push(performance.now());
        if (what === "crash" && step + 1 === at) process.kill(process.pid, "SIGKILL");
        return 1;
      });
    }
    if (end < total) return ctx.continueAs({ done: end });
    return end;
  });
  const file = join(String(folder), "heddle.db");
  await using engine = await open(`sqlite:${file}`, { workflows: [long], drainMs: what === "recover" ? 0 : 5_000 });
  const openedAtMs = performance.now();

  if (what === "recover") {
    await recovered.promise;
    return { processToFirstStepMs: firstStepAtMs };
  }
  if (what === "resume") {
    const run = await engine.get<number>("long");
    if ((await run.result()) !== total) throw new Error("The run lost steps.");
    return { processToFirstStepMs: firstStepAtMs, openMs: openedAtMs, openToFirstStepMs: firstStepAtMs - openedAtMs, stepsRun: ran };
  }
  if (what === "fresh") {
    await (await engine.start(long, { done: total - 1 })).result();
    return { processToFirstStepMs: firstStepAtMs };
  }
  const bytesBefore = databaseBytes(file);
  const startedAt = performance.now();
  const run = await engine.start(long, { done: 0 }, { id: "long" });
  if ((await run.result()) !== total) throw new Error("The run lost steps.");
  const endedAt = performance.now();
  marks.push(endedAt);
  const tenth = (index: number): number => (((marks[index + 1] ?? Number.NaN) - (marks[index] ?? Number.NaN)) * 1000) / (total / 10);
  return {
    wallUsPerStep: ((endedAt - startedAt) * 1000) / total,
    firstTenthUsPerStep: tenth(0),
    lastTenthUsPerStep: tenth(9),
    growth: tenth(9) / tenth(0),
    bytesPerStep: (databaseBytes(file) - bytesBefore) / total,
  };
}
