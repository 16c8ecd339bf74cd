import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasCode, workflow } from "heddle";
import { deferred, places, untilEvent, untilStatus } from "./engines.ts";

for (const { name, make } of places) {
  describe(`runs on ${name}`, () => {
    test("a run whose engine was closed goes on in the next one, without repeating what it had done", async () => {
      using place = make();
      const done: string[] = [];
      const two = deferred();
      const job = workflow("job", async (ctx) => {
        await ctx.step("one", () => void done.push("one"));
        await ctx.step("two", async () => {
          done.push("two");
          await two.promise;
        });
        await ctx.step("three", () => void done.push("three"));
        return done.length;
      });
      {
        await using engine = await place.open({ workflows: [job] });
        await engine.start(job, undefined, { id: "r" });
        await untilEvent(engine, "r", (event) => event.key === "one");
        while (done.length < 2) await new Promise((resolve) => setImmediate(resolve));
        two.resolve();
      }
      await using engine = await place.open({ workflows: [job] });

      assert.equal(await (await engine.get("r")).result(), 3);
      assert.deepEqual(done, ["one", "two", "three"]);
    });

    test("a child is started once, its result and its failure reach the parent", async () => {
      using place = make();
      const child = workflow("child", async (ctx, input: { n: number }) => {
        if (input.n < 0) throw new RangeError("negative");
        await ctx.sleep("pause", 1);
        return input.n * 2;
      });
      const parent = workflow("parent", async (ctx) => {
        const good = await ctx.call("good", child, { n: 4 });
        const bad = await ctx.call("bad", child, { n: -1 }).catch((error: Error) => error.message);
        return { good, bad };
      });
      await using engine = await place.open({ workflows: [parent, child], hotFrames: 0 });

      const run = await engine.start(parent, undefined, { id: "p" });
      assert.deepEqual(await run.result(), { good: 8, bad: "negative" });
      assert.deepEqual((await engine.list({ workflow: "child" })).map(({ runId, parentId }) => `${runId} of ${parentId}`).toSorted(), [
        "p.bad of p",
        "p.good of p",
      ]);
    });

    test("children follow their parent's end as their close policy says", async () => {
      using place = make();
      const child = workflow("child", async (ctx) => ctx.receive("go", "go"));
      const parent = workflow("parent", async (ctx) => {
        await ctx.start("cancelled", child, undefined);
        await ctx.start("detached", child, undefined, { close: "detach" });
        await ctx.start("waited", child, undefined, { close: "wait" });
        return "done";
      });
      await using engine = await place.open({ workflows: [parent, child] });

      const run = await engine.start(parent, undefined, { id: "p" });
      await untilStatus(engine, "p.waited", "waiting");
      await untilStatus(engine, "p", "waiting");
      await engine.signal("p.waited", "go");
      assert.equal(await run.result(), "done");
      await untilStatus(engine, "p.cancelled", "cancelled");
      await untilStatus(engine, "p.detached", "waiting");
    });

    test("a signal that came while the run was paused for its code is taken once the code is accepted", async () => {
      using place = make();
      const code = (key: string) =>
        workflow("job", async (ctx) => {
          await ctx.step(key, () => key);
          return ctx.receive<string>("go", "go");
        });
      {
        await using engine = await place.open({ workflows: [code("reserve")] });
        await engine.start("job", undefined, { id: "r" });
        await untilStatus(engine, "r", "waiting");
      }
      await using engine = await place.open({ workflows: [code("hold")] });
      await engine.signal("r", "go", "gone");
      await untilStatus(engine, "r", "paused");
      await engine.resume("r", { accept: true });

      assert.equal(await (await engine.get("r")).result(), "gone");
    });

    test("a paused run begins nothing new until it is resumed", async () => {
      using place = make();
      const gate = deferred();
      const done: number[] = [];
      // The request is on its way to the run while this goes on: how many steps are done before it is heard is the store's matter.
      const steps = Array.from({ length: 200 }, (_, index) => index);
      const job = workflow("job", async (ctx) => {
        await ctx.step("gate", () => gate.promise);
        for (const step of steps) await ctx.step(`step ${step}`, () => void done.push(step));
      });
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined, { id: "r" });
      await engine.pause("r", "maintenance");
      gate.resolve();
      await untilStatus(engine, "r", "paused");

      const before = done.length;
      assert.ok(before < steps.length, `${before} steps were done`);
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(done.length, before);
      await engine.resume("r");
      await run.result();
      assert.deepEqual(done, steps);
    });

    test("a fork keeps the history up to its point, may edit a result, and leaves the original as it was", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => {
        const a = await ctx.step("a", () => 1);
        const b = await ctx.step("b", () => a + 1);
        return { a, b };
      });
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined, { id: "r" });
      await run.result();
      const before = await Array.fromAsync(run.events({ live: false }));

      const fork = await engine.fork<{ a: number; b: number }>("r", { at: 2, edit: { results: { a: 10 } } });
      assert.deepEqual(await fork.result(), { a: 10, b: 11 });
      assert.deepEqual(await Array.fromAsync(run.events({ live: false })), before);
    });

    test("a retry does only what failed again, under the same idempotency key", async () => {
      using place = make();
      const keys: string[] = [];
      let broken = true;
      let first = 0;
      const job = workflow("job", async (ctx) => {
        await ctx.step("first", () => void first++);
        return ctx.step("second", ({ idempotencyKey }) => {
          keys.push(idempotencyKey);
          if (broken) throw new Error("down");
          return "up";
        });
      });
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined, { id: "r" });
      await assert.rejects(run.result(), (error) => hasCode(error, "RUN_FAILED"));
      assert.deepEqual(
        (await engine.list({ dead: true })).map(({ runId }) => runId),
        ["r"],
      );

      broken = false;
      const again = await engine.retry("r");
      assert.equal(await again.result(), "up");
      assert.equal(first, 1);
      assert.equal(keys[0], keys[1]);
      assert.deepEqual(await engine.list({ dead: true }), []);
    });

    test("the events of a run are its history and then what comes, each once and in order", async () => {
      using place = make();
      const gate = deferred();
      const job = workflow("job", async (ctx) => {
        for (let index = 0; index < 20; index++) await ctx.step(`s${index}`, () => index);
        await ctx.step("gate", () => gate.promise);
        for (let index = 20; index < 40; index++) await ctx.step(`s${index}`, () => index);
      });
      await using engine = await place.open({ workflows: [job] });
      const run = await engine.start(job, undefined);
      const seen: number[] = [];
      for await (const event of run.events({ from: 3 })) {
        if (event.type === "started") continue;
        seen.push(event.seq);
        if (event.seq === 21) gate.resolve();
      }

      assert.deepEqual(
        seen,
        Array.from({ length: seen.length }, (_, index) => index + 4),
      );
      assert.equal(seen.at(-1), (await run.state()).seq);
    });

    test("a run beyond its limit waits for the one before it", async () => {
      using place = make();
      let active = 0;
      let most = 0;
      const job = workflow(
        "job",
        async (ctx, input: { tenant: string }) => {
          await ctx.step("work", async () => {
            active++;
            most = Math.max(most, active);
            await new Promise((resolve) => setImmediate(resolve));
            active--;
          });
          return input.tenant;
        },
        { concurrency: { limit: 1, key: (input) => input.tenant } },
      );
      await using engine = await place.open({ workflows: [job] });

      const runs = await Promise.all(["a", "a", "a", "a"].map((tenant) => engine.start(job, { tenant })));
      await Promise.all(runs.map((run) => run.result()));
      assert.equal(most, 1);
    });

    test("a run's deadline ends it timed-out", async () => {
      using place = make();
      const job = workflow("job", async (ctx) => ctx.receive("never", "never"), { timeout: 5 });
      await using engine = await place.open({ workflows: [job] });

      await assert.rejects((await engine.start(job, undefined)).result(), (error) => hasCode(error, "RUN_TIMED_OUT"));
    });

    test("a running function answers queries and handles updates, also after it was parked", async () => {
      using place = make();
      const job = workflow("counter", async (ctx) => {
        let count = 0;
        ctx.onQuery("count", () => count);
        ctx.onUpdate("add", (by: number) => (count += by));
        await ctx.receive("stop", "stop");
        return count;
      });
      await using engine = await place.open({ workflows: [job], hotFrames: 0 });
      const run = await engine.start(job, undefined, { id: "c" });
      await untilStatus(engine, "c", "waiting");

      assert.equal(await engine.query("c", "count"), 0);
      assert.equal(await engine.update("c", "add", 5), 5);
      assert.equal(await engine.update("c", "add", 2), 7);
      await untilStatus(engine, "c", "waiting");
      assert.equal(await engine.query("c", "count"), 7);
      await engine.signal("c", "stop");
      assert.equal(await run.result(), 7);
    });
  });
}
