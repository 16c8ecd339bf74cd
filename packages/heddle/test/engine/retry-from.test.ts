import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasCode, workflow } from "heddle";
import { places } from "./engines.ts";

for (const { name, make } of places) {
  describe(`a retry from a step, on ${name}`, () => {
    test("does that step and what follows it again, with the same idempotency keys, and keeps what came before", async () => {
      using place = make();
      const done: string[] = [];
      const keys = new Map<string, string>();
      let broken = true;
      const job = workflow("job", async (ctx) => {
        const note = (step: string) =>
          ctx.step(step, ({ idempotencyKey }) => {
            done.push(step);
            assert.equal(keys.get(step) ?? idempotencyKey, idempotencyKey);
            keys.set(step, idempotencyKey);
          });
        await note("one");
        await note("two");
        await ctx.sleep("pause", 1);
        await ctx.map("each", ["a", "b"], (item) => void done.push(`each/${item}`), { id: (item) => item });
        await ctx.step("three", () => {
          if (broken) throw new Error("not yet");
          done.push("three");
        });
        return "done";
      });
      await using engine = await place.open({ workflows: [job] });
      await assert.rejects((await engine.start(job, undefined, { id: "r" })).result(), (error) => hasCode(error, "RUN_FAILED"));
      assert.deepEqual(done.splice(0), ["one", "two", "each/a", "each/b"]);
      broken = false;

      assert.equal(await (await engine.retry("r", { from: ["two"] })).result(), "done");
      assert.deepEqual(done.splice(0), ["two", "each/a", "each/b", "three"]);
      assert.equal(await (await engine.retry("r")).result(), "done");
      assert.deepEqual(done.splice(0), ["three"]);
    });

    test("begins a completed run again there; without a step there is nothing to retry in it", async () => {
      using place = make();
      const done: string[] = [];
      const job = workflow("job", async (ctx) => {
        await ctx.step("one", () => void done.push("one"));
        const answer = await ctx.ask("sure", { kind: "approval", prompt: "?", timeout: 1 });
        await ctx.step("two", () => void done.push("two"));
        return answer.timedOut;
      });
      await using engine = await place.open({ workflows: [job] });
      assert.equal(await (await engine.start(job, undefined, { id: "r" })).result(), true);
      done.length = 0;

      assert.equal(await (await engine.retry<boolean>("r", { from: ["sure"] })).result(), true);
      assert.deepEqual(done, ["two"]);
      await assert.rejects(
        engine.retry("r"),
        (error: Error) => hasCode(error, "OPTION_INVALID") && /nothing failed in it/.test(error.message),
      );
    });

    test("from what the run has not is refused, naming what it has", async () => {
      using place = make();
      const job = workflow("job", async (ctx, fails: boolean) => {
        await ctx.step("charge", () => 1);
        if (fails) throw new Error("no");
      });
      await using engine = await place.open({ workflows: [job] });
      await (await engine.start(job, true, { id: "r" })).result().catch(() => undefined);

      await assert.rejects(
        engine.retry("r", { from: ["charg"] }),
        (error: Error) => hasCode(error, "OPTION_INVALID") && /"charg".*charge/s.test(error.message),
      );
      assert.equal((await engine.list()).length, 1);
      assert.equal((await engine.list({ dead: true })).length, 1);
    });

    test("in a later segment counts that segment's steps alone", async () => {
      using place = make();
      const done: string[] = [];
      const job = workflow("job", async (ctx, round: number): Promise<number> => {
        for (const step of round === 1 ? ["rest", "work"] : ["work", "rest"])
          await ctx.step(step, () => void done.push(`${step} ${round}`));
        return round === 2 ? round : ctx.continueAs(round + 1);
      });
      await using engine = await place.open({ workflows: [job] });
      await (await engine.start(job, 1, { id: "r" })).result();
      done.length = 0;

      assert.equal(await (await engine.retry("r", { from: ["rest"] })).result(), 2);
      assert.deepEqual(done, ["rest 2"]);
    });
  });
}
