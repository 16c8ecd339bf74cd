import assert from "node:assert/strict";
import { test } from "node:test";
import { type EngineOptions, open, workflow } from "heddle";
import { openMemoryStore } from "heddle/internal";
import { parkedRun } from "../../src/cli/watch/parked-run.ts";
import { kept } from "../kept-store.ts";

const asks = workflow("asks", async (ctx) => {
  const answer = await ctx.ask("approve", { kind: "approval", prompt: "Go?", timeout: "2d" });
  return answer.approved;
});
const sleeps = workflow("sleeps", async (ctx) => {
  await Promise.all([ctx.receive("paid", "money"), ctx.sleep("nap", "1h")]);
});
const soon = workflow("soon", async (ctx) => {
  await ctx.receive("paid", "money", { timeout: "30s" });
});
const caller = workflow("caller", (ctx) => ctx.call("ask", asks, undefined));
const workflows = [asks, sleeps, soon, caller];

/** A run that is parked and owned by nobody, and a look at it. */
async function parked(name: string, act: (engine: Awaited<ReturnType<typeof open>>) => Promise<void> = () => Promise.resolve()) {
  await using store = openMemoryStore();
  const engineFor = (options: EngineOptions) => open(kept(store), options);
  {
    await using engine = await engineFor({ workflows });
    const run = await engine.start(name, undefined, { id: "r1" });
    for await (const event of run.events()) if (event.type === "op-opened") break;
    while ((await run.summary()).status !== "waiting") await new Promise((resolve) => setImmediate(resolve));
    if (name === "caller") {
      const child = await engine.get("r1.ask");
      while ((await child.summary()).status !== "waiting") await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await using engine = await engineFor({ passive: true });
  await act(engine);
  return await parkedRun(await engine.get("r1"), { engine, nowMs: Date.now() });
}

test("a run that asks is parked, also when its question times out some day", async () => {
  const found = await parked("asks");

  assert.deepEqual(
    found?.questions.map(({ runId, key, prompt }) => [runId, key, prompt]),
    [["r1", "approve", "Go?"]],
  );
});

test("a run that waits for one that asks is parked by that question", async () => {
  const found = await parked("caller");

  assert.deepEqual(
    found?.questions.map(({ runId, key }) => [runId, key]),
    [["r1.ask", "approve"]],
  );
});

test("a run whose answer has come, and that nobody has taken up yet, is not parked", async () => {
  assert.equal(await parked("asks", (engine) => engine.answer("r1", "approve", { approved: true })), null);
});

test("a run that also waits for a time goes on by itself", async () => {
  assert.equal(await parked("sleeps"), null);
});

test("a time-out that is near is worth waiting for", async () => {
  assert.equal(await parked("soon"), null);
});
