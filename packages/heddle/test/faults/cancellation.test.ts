import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { hasCode, open, planned, workflow, type Engine, type Workflow } from "heddle";
import { deferred, untilEvent, untilStatus } from "../engine/engines.ts";
import { FakePlace } from "./fake-place.ts";
import { HeldCommit } from "./held-commit.ts";
import { FaultCase } from "./processes.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const cancelled = (error: unknown): boolean => hasCode(error, "RUN_CANCELLED");

async function statuses(engine: Engine): Promise<Record<string, string>> {
  return Object.fromEntries((await engine.list()).map(({ runId, status }) => [runId, status]));
}

test("case 47: children that wait follow their cancelled parent as their policy says", async () => {
  using place = new SqlitePlace();
  const child = workflow("child", async (ctx) => ctx.receive("never", "never"));
  const parent = workflow("parent", async (ctx) => {
    await ctx.start("started", child, undefined);
    await ctx.start("started-wait", child, undefined, { close: "wait" });
    await ctx.start("started-detach", child, undefined, { close: "detach" });
    await Promise.all([
      ctx.call("called", child, undefined),
      ctx.call("called-wait", child, undefined, { close: "wait" }),
      ctx.call("called-detach", child, undefined, { close: "detach" }),
    ]);
  });
  await using engine = await place.open({ workflows: [parent, child] });
  const run = await engine.start(parent, undefined, { id: "p" });
  await untilStatus(engine, "p.called-detach", "waiting");
  await untilStatus(engine, "p", "waiting");
  await engine.cancel("p", "enough");

  await assert.rejects(run.result(), cancelled);
  for (const key of ["started", "started-wait", "called", "called-wait"]) await untilStatus(engine, `p.${key}`, "cancelled");
  await untilStatus(engine, "p.started-detach", "waiting");
  await untilStatus(engine, "p.called-detach", "waiting");
});

test("case 47: a child that is recorded and not yet started when its parent is cancelled does nothing any more; a detached one does", async () => {
  using place = new SqlitePlace();
  const did: string[] = [];
  const child = workflow("child", async (ctx, input: string) => {
    await ctx.step("effect", () => void did.push(input));
    return input;
  });
  const parent = workflow("parent", async (ctx) => {
    await ctx.start("detached", child, "detached", { close: "detach" });
    await ctx.start("started", child, "started");
    const hold = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await Promise.all([ctx.call("called", child, "called"), ctx.step("hold", ({ signal }) => hold(signal))]);
  });
  // The parent takes the one place that there is: its children are there, and stay queued.
  await using engine = await place.open({ workflows: [parent, child], concurrency: 1 });
  const run = await engine.start(parent, undefined, { id: "p" });
  await untilEvent(engine, "p", ({ type, key }) => type === "op-opened" && key === "called");
  assert.deepEqual(await statuses(engine), { p: "running", "p.started": "queued", "p.called": "queued", "p.detached": "queued" });
  await engine.cancel("p");

  await assert.rejects(run.result(), cancelled);
  for (const key of ["started", "called"]) await untilStatus(engine, `p.${key}`, "cancelled");
  await untilStatus(engine, "p.detached", "completed");
  assert.deepEqual(did, ["detached"]);
});

test("case 45: cancelled before it has begun, a run does nothing any more", async () => {
  using place = new SqlitePlace();
  const did: string[] = [];
  const job = workflow("job", async (ctx) => {
    await ctx.receive("word", "word");
    await ctx.step("effect", () => void did.push("step"));
  });
  const eager = workflow("eager", async (ctx) => {
    await ctx.step("effect", () => void did.push("eager"));
  });
  await using engine = await place.open({ workflows: [job, eager] });
  for (const definition of [job, eager]) {
    const run = await engine.start(definition, undefined, { id: definition.name, delay: "1h" });
    await engine.signal(definition.name, "word", "first");
    await engine.cancel(definition.name);
    await assert.rejects(run.result(), cancelled);
    const events = await Array.fromAsync(run.events({ live: false }));
    assert.equal(events.filter(({ type }) => type === "cancel-requested").length, 1);
  }

  assert.deepEqual(did, []);
});

test("case 47: cancelled between two attempts of its function, a parent leaves no child behind", async () => {
  using place = new SqlitePlace();
  const child = workflow("child", async (ctx) => ctx.receive("never", "never"));
  const parent = workflow(
    "parent",
    async (ctx) => {
      await ctx.start("kept", child, undefined, { close: "detach" });
      await ctx.start("child", child, undefined);
      throw new Error("not yet");
    },
    { retry: 5 },
  );
  await using engine = await place.open({ workflows: [parent, child] });
  const run = await engine.start(parent, undefined, { id: "p" });
  await untilEvent(engine, "p", ({ type }) => type === "task-retried");
  await engine.cancel("p");

  await assert.rejects(run.result(), cancelled);
  await untilStatus(engine, "p.child", "cancelled");
  await untilStatus(engine, "p.kept", "waiting");
});

test("case 47: killed right after its child was recorded and cancelled before it is back, a parent takes the child along", async () => {
  using fault = new FaultCase();
  const first = fault.start("spawning", "r", "die");
  await first.ended();
  {
    await using engine = await open(fault.address, { passive: true });
    await engine.cancel("r", "enough");
  }
  const { line } = await fault.untilEnded("spawning", "r", "", 2);

  assert.deepEqual(line, { error: "RUN_CANCELLED" });
  assert.deepEqual((await fault.untilEnded("spawned", "r.child", "", 2)).line, { error: "RUN_CANCELLED" });
  assert.deepEqual(
    fault.effects().filter(({ key }) => key === "child"),
    [],
  );
});

test("case 47: a cancellation goes down through children of children", async () => {
  using place = new SqlitePlace();
  const nested: Workflow<number, unknown> = workflow("nested", async (ctx, depth: number) =>
    depth === 0 ? ctx.receive("never", "never") : ctx.call("child", nested, depth - 1),
  );
  await using engine = await place.open({ workflows: [nested] });
  const run = await engine.start(nested, 4, { id: "r" });
  await untilStatus(engine, "r.child.child.child.child", "waiting");
  await engine.cancel("r");

  await assert.rejects(run.result(), cancelled);
  for (let depth = 1; depth <= 4; depth++) await untilStatus(engine, `r${".child".repeat(depth)}`, "cancelled");
});

test("case 47: children of tasks that are cut off when a plan ends at once follow their policy too", async () => {
  using place = new SqlitePlace();
  const child = workflow("child", async (ctx) => ctx.receive("never", "never"));
  const plan: Plan = {
    heddle: 1,
    name: "cut",
    discipline: "eager",
    tasks: {
      long: { does: { use: "call" }, when: [{ id: "one", after: [], join: "all", untaken: "wait" }] },
      short: { does: { use: "end" }, when: [{ id: "two", after: [], join: "all", untaken: "wait" }] },
    },
  };
  const cut = planned(plan, {
    tasks: {
      call: async (_, ctx) => {
        await Promise.all([ctx.call("kept", child, undefined, { close: "detach" }), ctx.call("child", child, undefined)]);
      },
      end: async (_, ctx) => {
        await ctx.receive("end", "end");
        ctx.verbs.end("ok", "done");
      },
    },
  });
  await using engine = await place.open({ workflows: [cut, child] });
  const run = await engine.start("cut", null, { id: "r" });
  await untilStatus(engine, "r.long.child", "waiting");
  await engine.signal("r", "end");

  assert.equal(await run.result(), "done");
  await untilStatus(engine, "r.long.child", "cancelled");
  await untilStatus(engine, "r.long.kept", "waiting");
});

test("case 46: a cancelled step that does not stop is given up after its grace, and what was completed before is undone", async () => {
  using place = new SqlitePlace();
  const undone: string[] = [];
  const began = deferred();
  const job = workflow("job", async (ctx) => {
    for (const key of ["a", "b"]) await ctx.step(key, () => key, { compensate: (result) => void undone.push(result) });
    await ctx.step("deaf", () => {
      began.resolve();
      return new Promise<never>(() => {});
    });
  });
  await using engine = await place.open({ workflows: [job], graceMs: 1_000 });
  const run = await engine.start(job, undefined, { id: "r" });
  await began.promise;
  await engine.cancel("r");

  await assert.rejects(place.clock.runUntil(run.result(), 5_000), cancelled);
  assert.deepEqual(undone, ["b", "a"]);
  const events = await Array.fromAsync(run.events({ live: false }));
  assert.deepEqual(
    events.flatMap((event) => (event.type === "op-ended" ? [`${event.key} ${event.outcome.status}`] : [])),
    ["a completed", "b completed", "b/undo completed", "a/undo completed"],
  );
});

test("case 46: code that goes on for ever after it was cancelled is given up after its grace, by the next process too", async () => {
  using place = new SqlitePlace();
  const undone: string[] = [];
  const job = workflow("job", async (ctx) => {
    await ctx.step("first", () => "first", { compensate: (result) => void undone.push(result) });
    await ctx.receive("never", "never").catch(() => new Promise<never>(() => {}));
  });
  {
    await using engine = await place.open({ workflows: [job], drainMs: 0 });
    await engine.start(job, undefined, { id: "r" });
    await untilStatus(engine, "r", "waiting");
    await engine.cancel("r");
    await untilEvent(engine, "r", ({ type }) => type === "cancel-requested");
  }
  await using engine = await place.open({ workflows: [job], graceMs: 1_000 });

  await assert.rejects(place.clock.runUntil((await engine.get("r")).result(), 10_000), cancelled);
  assert.deepEqual(undone, ["first"]);
});

test("case 46: a run that is cancelled while its past is given back to it is cancelled where it was, however long that takes", async () => {
  using place = new SqlitePlace();
  place.alone();
  const undone: string[] = [];
  const job = workflow("job", async (ctx) => {
    await ctx.step("first", () => "first", { compensate: (result) => void undone.push(result) });
    for (let index = 0; index < 3_000; index++) {
      if (ctx.signal.aborted) throw new Error("told too early");
      await ctx.step(`s${index}`, () => null);
    }
    await ctx.receive("never", "never");
  });
  {
    await using engine = await place.open({ workflows: [job] });
    await engine.start(job, undefined, { id: "r" });
    await untilStatus(engine, "r", "waiting");
  }
  await using engine = await place.open({ workflows: [job], graceMs: 10 });
  await engine.cancel("r", "enough");
  // Its grace passes many times over before the code has come to where it waited.
  const ended = (await engine.get("r")).result();
  await assert.rejects(place.clock.runUntil(ended), cancelled);

  assert.deepEqual(undone, ["first"]);
});

test("case 45: cancelled while its step is under way, the step is told, and the run has one end", async () => {
  using place = new SqlitePlace();
  const began = deferred();
  const job = workflow("job", async (ctx) => {
    await ctx.step("long", ({ signal }) => {
      began.resolve();
      return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
  });
  await using engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  await began.promise;
  await engine.cancel("r");

  await assert.rejects(run.result(), cancelled);
  const ends = (await Array.fromAsync(run.events({ live: false }))).filter(({ type }) => type === "run-ended");
  assert.equal(ends.length, 1);
});

for (const when of ["before", "after"] as const) {
  test(`case 45: cancelled while its end is on the way, ${when} the store has it, a run has the end that is first in the journal, and who cancels is told`, async () => {
    await using place = new FakePlace();
    using held = new HeldCommit(when);
    const job = workflow("job", async (ctx) => ctx.step("one", () => 1));
    const engine = await place.open({ workflows: [job] }, held.wrap);
    const other = await place.open({ passive: true });
    const ends = held.hold(({ parts = [] }) => parts.some(({ release }) => release?.status === "completed"));
    const run = await engine.start(job, undefined, { id: "r" });
    await place.clock.runUntil(ends, 10_000);
    const cancelling = other.cancel("r").then(
      () => "kept",
      (error: { code?: string }) => error.code,
    );
    await place.clock.advance(5_000);
    held.letGo();

    assert.equal(await place.clock.runUntil(run.result(), 60_000), 1);
    assert.equal(await place.clock.runUntil(cancelling, 60_000), when === "before" ? "kept" : "RUN_ENDED");
    await place.clock.advance(60_000);
    assert.equal((await place.journal("r")).filter(({ event }) => event.type === "run-ended").length, 1);
    assert.equal((await place.row("r")).status, "completed");
  });
}

for (const [what, fail] of [
  ["after a failure", true],
  ["after a first cancellation", false],
] as const) {
  test(`case 46: a cancellation that comes while a run undoes what it did, ${what}, stops none of it`, async () => {
    using place = new SqlitePlace();
    const undone: string[] = [];
    const undoing = deferred();
    const gate = deferred();
    const aborted: boolean[] = [];
    const job = workflow("job", async (ctx) => {
      for (const key of ["a", "b", "c"])
        await ctx.step(key, () => key, {
          compensate: async (result, { signal }) => {
            if (result === "b") {
              undoing.resolve();
              await gate.promise;
            }
            aborted.push(signal.aborted);
            undone.push(result);
          },
        });
      if (fail) throw new Error("as told");
      await ctx.receive("never", "never");
    });
    await using engine = await place.open({ workflows: [job], graceMs: 1_000 });
    const run = await engine.start(job, undefined, { id: "r" });
    if (!fail) {
      await untilStatus(engine, "r", "waiting");
      await engine.cancel("r", "first");
    }
    await undoing.promise;
    await engine.cancel("r", "now").catch(() => {});
    // Its grace passes while it undoes.
    await place.clock.advance(60_000);
    assert.deepEqual(undone, ["c"]);
    gate.resolve();

    await assert.rejects(run.result());
    assert.deepEqual(undone, ["c", "b", "a"]);
    assert.deepEqual(aborted, [false, false, false], "no undo is told to stop");
    const events = await Array.fromAsync(run.events({ live: false }));
    assert.deepEqual(
      events.flatMap((event) => (event.type === "op-ended" && event.op === "undo" ? [`${event.key} ${event.outcome.status}`] : [])),
      ["c/undo completed", "b/undo completed", "a/undo completed"],
    );
    assert.equal(events.filter(({ type }) => type === "run-ended").length, 1);
  });
}
