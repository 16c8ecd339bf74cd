import assert from "node:assert/strict";
import { test } from "node:test";
import { hasCode, workflow, type Context, type Workflow } from "heddle";
import { Demand } from "./demand.ts";
import { FakePlace } from "./fake-place.ts";
import { HeldCommit } from "./held-commit.ts";

const minuteMs = 60_000;
const seven = workflow("seven", async () => 7);
const waiting = workflow("waiting", async (ctx) => ctx.receive<number>("go", "go"));

/** A parent that fails at its first attempt, beside its child. */
function failsOnce(): Workflow<unknown, number> {
  let attempts = 0;
  const flaky = (): void => {
    if (++attempts === 1) throw new Error("once");
  };
  return workflow("parent", async (ctx) => (await Promise.all([ctx.call("child", waiting, undefined), ctx.step("flaky", flaky)]))[0], {
    retry: 2,
  });
}

test("case 42: a child that ends before its parent is told that it began gives its result", async () => {
  await using place = new FakePlace();
  const parent = workflow("parent", (ctx) => ctx.call("child", seven, undefined));
  using held = new HeldCommit("after");
  // It has no place for another run: the child is run elsewhere.
  const engine = await place.open({ workflows: [parent], concurrency: 1 }, held.wrap);
  await place.open({ workflows: [seven] });
  const calls = held.hold(({ parts = [] }) => parts.some(({ children = [] }) => children.length > 0));
  const run = await engine.start(parent, undefined, { id: "p" });
  await place.clock.runUntil(calls);
  await place.clock.advance(1_000);
  await place.untilStatus("p.child", "completed");
  held.letGo();

  assert.equal(await place.clock.runUntil(run.result(), minuteMs), 7);
});

test("case 42: a child that ends while its parent's process is dead gives its result to the next", async () => {
  await using place = new FakePlace();
  const parent = workflow("parent", async (ctx) => {
    for (const key of ["one", "two", "three"]) await ctx.step(key, () => {});
    return ctx.call("child", waiting, undefined);
  });
  const { engine, process } = await place.start({ workflows: [parent] });
  const other = await place.open({ workflows: [waiting] });
  await engine.start(parent, undefined, { id: "p" });
  await place.untilStatus("p.child", "waiting");
  process.kill();
  await other.signal("p.child", "go", 7);
  await place.untilStatus("p.child", "completed");
  const again = await place.open({ workflows: [parent] });

  assert.equal(await place.clock.runUntil((await again.get("p")).result(), minuteMs), 7);
});

test("case 42: a child that ends while its parent waits to be tried again gives its result to the next attempt", async () => {
  await using place = new FakePlace();
  const parent = failsOnce();
  const engine = await place.open({ workflows: [parent, waiting] });
  const run = await engine.start(parent, undefined, { id: "p" });
  await place.until(async () => (await place.journal("p")).some(({ event }) => event.type === "task-retried"), "the parent failed once");
  await engine.signal("p.child", "go", 7);
  await place.untilStatus("p.child", "completed");

  assert.equal(await place.clock.runUntil(run.result(), minuteMs), 7);
  assert.equal((await place.journal("p.child")).filter(({ event }) => event.type === "run-started").length, 1);
});

test("case 42: what ends between two attempts is given to the next, however late its record is durable", async () => {
  await using place = new FakePlace();
  const parent = failsOnce();
  using held = new HeldCommit("before");
  const engine = await place.open({ workflows: [parent, waiting] }, held.wrap);
  const run = await engine.start(parent, undefined, { id: "p" });
  await place.until(async () => (await place.journal("p")).some(({ event }) => event.type === "task-retried"), "the parent failed once");
  await place.untilStatus("p.child", "waiting");
  assert.equal((await place.row("p")).status, "running", "its next attempt is near");
  const records = held.hold(({ parts = [] }) => parts.some(({ events }) => events.some((event) => /"op-ended".*"child"/.test(event))));
  await engine.signal("p.child", "go", 7);
  await place.clock.runUntil(records, 0);
  await place.clock.advance(10_000);
  held.letGo();

  assert.equal(await place.clock.runUntil(run.result(), minuteMs), 7);
});

test("case 42: a child that failed is run anew by the next attempt of its parent, and each segment has children of its own", async () => {
  await using place = new FakePlace();
  let attempts = 0;
  const flaky = workflow("flaky", (ctx) =>
    ctx.step("work", () => {
      if (++attempts === 1) throw new Error("once");
      return "well";
    }),
  );
  const retried = workflow("retried", (ctx) => ctx.call("child", flaky, undefined), { retry: 2 });
  const echo = workflow("echo", async (_: Context, input: number) => input);
  const counting = workflow("counting", async (ctx, input: number) => {
    const value = await ctx.call("child", echo, input);
    return input === 3 ? value : ctx.continueAs(input + 1);
  });
  const engine = await place.open({ workflows: [flaky, retried, echo, counting] });

  assert.equal(await place.clock.runUntil((await engine.start(retried, undefined)).result(), minuteMs), "well");
  assert.equal(await place.clock.runUntil((await engine.start(counting, 1)).result(), minuteMs), 3);
});

test("case 42: a call whose id is another run's fails and says so, instead of waiting for ever", async () => {
  await using place = new FakePlace();
  const parent = workflow("parent", (ctx) => ctx.call("child", seven, undefined, { id: "taken" }));
  const engine = await place.open({ workflows: [parent, seven] });
  await (await engine.start(seven, undefined, { id: "taken" })).result();
  const result = (await engine.start(parent, undefined, { id: "p" })).result();

  await assert.rejects(place.clock.runUntil(result, minuteMs), (error) => {
    const { cause } = error as Error;
    return hasCode(cause, "RUN_EXISTS") && /"child".*taken/.test((cause as Error).message);
  });
});

test("case 42: a fork calls anew the child that its original still waits for, and leaves the original's children alone", async () => {
  await using place = new FakePlace();
  const parent = workflow("parent", async (ctx) => {
    await ctx.start("beside", waiting, undefined);
    return ctx.call("child", waiting, undefined);
  });
  const engine = await place.open({ workflows: [parent, waiting] });
  const original = await engine.start(parent, undefined, { id: "p" });
  await place.untilStatus("p", "waiting");
  const fork = await engine.fork("p", { id: "f" });
  await place.untilStatus("f.child", "waiting");
  await engine.signal("f.child", "go", 8);
  assert.equal(await place.clock.runUntil(fork.result(), minuteMs), 8);
  await place.clock.advance(5_000);

  for (const id of ["p.beside", "p.child"]) assert.equal((await place.row(id)).status, "waiting", id);
  await engine.signal("p.child", "go", 7);
  assert.equal(await place.clock.runUntil(original.result(), minuteMs), 7);
  await place.clock.advance(5_000);
  assert.equal((await place.row("p.beside")).status, "cancelled", "it went with its own parent");
});

test("case 42: a retry calls anew the child that the failed run did not hear of", async () => {
  await using place = new FakePlace();
  let broken = true;
  const parent = workflow("parent", async (ctx) => {
    const fails = (): void => {
      if (broken) throw new Error("broken");
    };
    return (await Promise.all([ctx.call("child", waiting, undefined), ctx.step("fails", fails)]))[0];
  });
  const engine = await place.open({ workflows: [parent, waiting] });
  const original = await engine.start(parent, undefined, { id: "p" });
  await assert.rejects(place.clock.runUntil(original.result()), (error) => hasCode(error, "RUN_FAILED"));
  broken = false;
  const retry = await engine.retry("p", { id: "again" });
  await place.untilStatus("again.child", "waiting");
  await engine.signal("again.child", "go", 9);

  assert.equal(await place.clock.runUntil(retry.result(), minuteMs), 9);
});

const many = process.env["HEDDLE_SLOW"] === "1" ? 10_000 : 1_000;

test(`case 43: ${many} children that end in the same second all reach their parent, with few runs in memory at once`, async () => {
  await using place = new FakePlace();
  const dueAtMs = place.clock.nowMs() + 3_600_000;
  const child = workflow("child", async (ctx, input: number) => {
    await ctx.sleepUntil("nap", dueAtMs + (input % 1_000));
    return input;
  });
  const parent = workflow("parent", async (ctx) => {
    const values = await Promise.all(Array.from({ length: many }, (_, index) => ctx.call(`c${index}`, child, index)));
    return values.reduce((sum, value) => sum + value, 0);
  });
  const sleeping = await place.open({ workflows: [parent, child] });
  await sleeping.start(parent, undefined, { id: "p" });
  await place.until(async () => (await sleeping.list({ status: ["running", "queued"], limit: 1 })).length === 0, "all of them sleep");
  await place.close(sleeping);
  const concurrency = 100;
  const demand = new Demand();
  const engine = await place.open({ workflows: [parent, child], concurrency, hotFrames: concurrency }, demand.wrap);

  assert.equal(await place.clock.runUntil((await engine.get("p")).result()), ((many - 1) * many) / 2);
  assert.ok(place.clock.nowMs() < dueAtMs + minuteMs, "none was found by its parent's patience");
  assert.ok(demand.mostOwned <= concurrency, `${demand.mostOwned} runs were under way at once`);
  const ends = (await place.journal("p")).flatMap(({ event }) => (event.type === "op-ended" ? [event.key] : []));
  assert.deepEqual([ends.length, new Set(ends).size], [many, many]);
});
