import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow, type Workflow } from "heddle";
import { crashIndex } from "../src/simulator/crash-index.ts";
import type { SimulatedProcess } from "../src/simulator/simulated-process.ts";

const any = (definition: unknown): Workflow<never, unknown> => definition as Workflow<never, unknown>;

/** 30 steps in two segments, with a map, a child, a timer, a signal, a retry and a compensation that is not needed: each kind of record that a function can make. */
function workload(process: SimulatedProcess): readonly Workflow<never, unknown>[] {
  const child = workflow("child", async (ctx, input: { n: number }) => {
    const doubled = await ctx.step("double", () => process.effect(() => input.n * 2));
    await ctx.sleep("pause", 2_000);
    return doubled;
  });
  const parent = workflow("parent", async (ctx, before: number | null): Promise<unknown> => {
    if (before === null) {
      let sum = 0;
      for (let index = 0; index < 10; index++) sum += await ctx.step(`early${index}`, () => process.effect(() => index));
      return ctx.continueAs(sum);
    }
    const first = await ctx.step("first", () => process.effect(() => 1), { compensate: () => {} });
    const items = await ctx.map("item", [1, 2, 3], (item) => process.effect(() => item * 10), { concurrency: 2 });
    const doubled = await ctx.call("child", child, { n: 4 }, { id: "p.child" });
    await ctx.sleep("pause", 5_000);
    const word = await ctx.receive<string>("word", "word");
    const flaky = await ctx.step(
      "flaky",
      ({ attempt }) =>
        process.effect(() => {
          if (attempt < 2) throw new Error("once");
          return "ok";
        }),
      { retry: { attempts: 3, initialMs: 500, jitter: "none" } },
    );
    await ctx.emit("said", "word", word);
    const both = await ctx.all("both", {
      left: (branch) => branch.step("left", () => process.effect(() => "l")),
      right: async (branch) => {
        await branch.sleep("wait", 10);
        return branch.step("right", () => process.effect(() => "r"));
      },
    });
    let sum = before;
    for (let index = 0; index < 10; index++) sum += await ctx.step(`late${index}`, () => process.effect(() => index));
    return { first, items, doubled, word, flaky, both, sum };
  });
  return [any(parent), any(child)];
}

test("case 3: killed before and after every store call and every effect, a run ends as it ends undisturbed", async (t) => {
  const tried = await crashIndex({
    options: (process) => ({ workflows: workload(process), hotFrames: 0 }),
    async begin(engine) {
      await engine.start("parent", null, { id: "p" });
      await engine.signal("p", "word", "hello", { id: "s1" }).catch((error: { code?: string }) => {
        if (error.code !== "RUN_ENDED") throw error;
      });
    },
    runIds: ["p", "p.child"],
  });

  t.diagnostic(`${tried} places`);
  assert.ok(tried > 200);
});

test("case 28: a store that loses answers, drops and repeats commits changes no result", async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    await crashIndex(
      {
        options: (process) => ({ workflows: workload(process), hotFrames: 0 }),
        async begin(engine) {
          await engine.start("parent", null, { id: "p" });
          await engine.signal("p", "word", "hello", { id: "s1" }).catch((error: { code?: string }) => {
            if (error.code !== "RUN_ENDED") throw error;
          });
        },
        runIds: ["p", "p.child"],
      },
      { seed, every: 41, faults: { loseAnswer: 0.1, drop: 0.1, duplicate: 0.1, delayMs: 300 } },
    );
  }
});
