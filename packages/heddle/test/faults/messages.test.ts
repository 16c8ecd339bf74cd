import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import { hasCode, workflow, type ErrorCode, type Workflow } from "heddle";
import { journalFaults } from "@heddle/testing";
import { places, untilStatus } from "../engine/engines.ts";
import { FakePlace } from "./fake-place.ts";
import { HeldCommit } from "./held-commit.ts";

const fails = (code: ErrorCode, text: RegExp) => (error: unknown) => hasCode(error, code) && text.test((error as Error).message);

for (const { name, make } of places) {
  describe(`messages on ${name}`, () => {
    test("case 40: a signal to nobody is an error that names the nearest run", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => ctx.receive("word", "word"));
      await using engine = await place.open({ workflows: [job] });
      await engine.start(job, undefined, { id: "greeting" });

      await assert.rejects(engine.signal("greting", "word"), fails("RUN_UNKNOWN", /greeting/));
      await assert.rejects(engine.cancel("greting"), fails("RUN_UNKNOWN", /greeting/));
      await assert.rejects(engine.update("greting", "word"), fails("RUN_UNKNOWN", /greeting/));
      await assert.rejects(engine.answer("greting", "word", {}), fails("RUN_UNKNOWN", /greeting/));
    });

    test("case 40: nothing can be sent to a run that has ended, however it ended; what it had taken may be sent again", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => {
        const word = await ctx.receive<string>("word", "word", { timeout: "1h" });
        if (word === "fail") throw new Error("as told");
        return word;
      });
      await using engine = await place.open({ workflows: [job] });
      const ends = { completed: "well", failed: "fail", cancelled: null, "timed-out": undefined };
      for (const [status, word] of Object.entries(ends)) {
        const run = await engine.start(job, undefined, { id: status, ...(word === undefined ? { timeout: 1 } : {}) });
        if (word === null) await engine.cancel(status);
        else if (word !== undefined) await engine.signal(status, "word", word, { id: "one" });
        await run.result().catch(() => {});
        await untilStatus(engine, status, status);

        if (typeof word === "string") await engine.signal(status, "word", word, { id: "one" });
        for (const send of [
          () => engine.signal(status, "word", "late"),
          () => engine.cancel(status),
          () => engine.pause(status),
          () => engine.update(status, "late"),
          () => engine.signalWithStart(job, undefined, { name: "word", value: "late" }, { id: status }),
        ])
          await assert.rejects(send, fails("RUN_ENDED", new RegExp(status)), status);
      }
    });

    test("case 40: signalWithStart makes the run, or reaches the one that is there; for another input it does neither", async () => {
      using place = make();
      const job = workflow("job", async (ctx, input: { greet: string }) => [
        input.greet,
        await ctx.receive<string>("one", "word"),
        await ctx.receive<string>("two", "word"),
      ]);
      await using engine = await place.open({ workflows: [job] });
      const input = { greet: "hello" };
      const send = (value: string, id: string, given = input) =>
        engine.signalWithStart(job, given, { name: "word", value, id }, { id: "greeting" });
      const run = await send("there", "s1");
      await send("there", "s1");
      await assert.rejects(send("nobody", "s2", { greet: "other" }), fails("RUN_EXISTS", /greeting/));
      await send("again", "s3");

      assert.deepEqual(await run.result(), ["hello", "there", "again"]);
      await assert.rejects(
        engine.signalWithStart(job, input, { name: "?ask" }, { id: "other" }),
        fails("OPTION_INVALID", /answers/),
        "as any signal",
      );
    });

    test("case 41: 100 callers who start one id at once get one run; those with another input are refused", async () => {
      using place = make();
      let begun = 0;
      const job = workflow("job", async (ctx, input: { n: number }) => {
        await ctx.step("begin", () => void begun++);
        return input.n;
      });
      await using one = await place.open({ workflows: [job] });
      await using other = await place.open({ workflows: [job] });
      const starts = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) => [one, other][index % 2]!.start(job, { n: index % 3 === 0 ? 2 : 1 }, { id: "same" })),
      );
      const handles = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
      const refusals = starts.flatMap((start) => (start.status === "rejected" ? [start.reason as unknown] : []));
      const results = new Set(await Promise.all(handles.map((handle) => handle.result())));

      assert.equal(results.size, 1);
      assert.deepEqual([handles.length, refusals.length], results.has(2) ? [34, 66] : [66, 34]);
      for (const refusal of refusals) assert.ok(fails("RUN_EXISTS", /same/)(refusal));
      assert.deepEqual([begun, (await one.list()).length], [1, 1]);
      assert.equal(
        await (await other.start(job, { n: [...results][0] ?? 0 }, { id: "same" })).result(),
        [...results][0],
        "also when it has ended",
      );
    });

    test("case 41: 100 callers who start with one idempotency key at once get one run", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => ctx.step("id", ({ idempotencyKey }) => idempotencyKey));
      await using one = await place.open({ workflows: [job] });
      await using other = await place.open({ workflows: [job] });
      const handles = await Promise.all(
        Array.from({ length: 100 }, (_, index) => [one, other][index % 2]!.start(job, undefined, { idempotencyKey: "order-7" })),
      );

      assert.equal(new Set(handles.map(({ id }) => id)).size, 1);
      assert.equal(new Set(await Promise.all(handles.map((handle) => handle.result()))).size, 1);
      assert.equal((await one.list()).length, 1);
    });
  });
}

test("case 40: mail from another process reaches a run that is at work", async () => {
  await using place = new FakePlace();
  const job = workflow("job", (ctx) =>
    ctx.race("race", {
      work: (branch) => branch.step("work", () => new Promise<never>(() => {})),
      stop: (branch) => branch.receive<string>("stop", "stop"),
    }),
  );
  const engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  const other = await place.open({ passive: true });
  await place.clock.advance(10_000);
  await other.signal("r", "stop", "enough");

  assert.deepEqual(await place.clock.runUntil(run.result(), 2_000), { winner: "stop", value: "enough" });
});

test("case 12: what has ended is recorded once, whatever else comes for it before the store has answered", async () => {
  await using place = new FakePlace();
  const child = workflow("child", (ctx) => ctx.receive("never", "never"));
  const job = workflow("job", (ctx) => ctx.call("child", child, undefined));
  const commit = new HeldCommit("before");
  let hint: ((runId: string, what: "work") => void) | undefined;
  const wrap = (store: RunStore): RunStore =>
    commit.wrap(
      new Proxy(store, {
        get(target, name): unknown {
          const value: unknown = Reflect.get(target, name, target);
          if (name === "watch") return (call: typeof hint) => ((hint = call), target.watch(call as never));
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    );
  const engine = await place.open({ workflows: [job, child] as Workflow<never, unknown>[] }, wrap);
  const run = await engine.start(job, undefined, { id: "r" });
  await place.untilStatus("r.child", "waiting");
  const isEnd = (text: string): boolean => text.includes('"op-ended"') && text.includes('"child"');
  const reached = commit.hold(({ parts = [] }) => parts.some(({ events }) => events.some(isEnd)));
  await engine.cancel("r");
  await place.clock.runUntil(reached);
  // The child's end comes from another process while the end of the call, which was cancelled, is on its way into the store.
  const end = { type: "child-ended", child: "r.child", of: 1, key: "child", outcome: { status: "completed", value: "late" } };
  await (await place.store()).commit({
    messages: [{ runId: "r", id: "child:r.child", atMs: place.clock.nowMs(), body: JSON.stringify(end) }],
  });
  hint?.("r", "work");
  for (let turn = 0; turn < 20; turn++) await place.clock.advance(0);
  commit.letGo();
  await assert.rejects(place.clock.runUntil(run.result()), (error) => hasCode(error, "RUN_CANCELLED"));

  const ends = (await place.journal("r")).filter(({ event }) => event.type === "op-ended");
  assert.deepEqual(
    ends.map(({ event }) => event.type === "op-ended" && event.outcome.status),
    ["cancelled"],
  );
});

test("case 36: mail that comes while a run is being read back from its journal is taken where its code waits for it", async () => {
  await using place = new FakePlace();
  const job = workflow("job", async (ctx) => [await ctx.receive<string>("first", "word"), await ctx.receive<string>("second", "word")]);
  const reading = Promise.withResolvers<void>();
  const mayRead = Promise.withResolvers<void>();
  let slow = false;
  const slowToRead = (store: RunStore): RunStore =>
    new Proxy(store, {
      get(target, name): unknown {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name !== "readJournal") return value.bind(target) as unknown;
        return async (...parameters: Parameters<RunStore["readJournal"]>) => {
          if (slow) {
            reading.resolve();
            await mayRead.promise;
          }
          return target.readJournal(...parameters);
        };
      },
    });
  const engine = await place.open({ workflows: [job], hotFrames: 0 }, slowToRead);
  const run = await engine.start(job, undefined, { id: "r" });
  await place.untilStatus("r", "waiting");
  slow = true;
  await engine.signal("r", "word", "one");
  await place.clock.runUntil(reading.promise);
  await engine.signal("r", "word", "two");
  for (let turn = 0; turn < 20; turn++) await place.clock.advance(0);
  mayRead.resolve();

  assert.deepEqual(await place.clock.runUntil(run.result()), ["one", "two"]);
  assert.deepEqual(journalFaults(await place.journal("r")), []);
});
