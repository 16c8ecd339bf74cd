import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CommitBatch, RunStore } from "@heddle/kernel";
import { append, graph, hasCode, open, START, sum } from "heddle";
import { openMemoryStore } from "heddle/internal";
import { places } from "../engine/engines.ts";
import { kept } from "../kept-store.ts";

for (const { name, make } of places) {
  describe(`stops of a graph on ${name}`, () => {
    test("a retried run stops before a node again", async () => {
      let shipped = 0;
      let broken = true;
      const ship = graph("ship", { log: append<string>() }, { interruptBefore: ["ship"] })
        .node("check", () => (broken ? Promise.reject(new Error("no")) : { log: ["checked"] }))
        .node("ship", () => (shipped++, { log: ["shipped"] }))
        .edge(START, "check")
        .edge(START, "ship");
      using place = make();
      await using engine = await place.open({ workflows: [ship] });
      const run = await engine.start(ship, {});
      await assert.rejects(run.result());
      broken = false;

      const again = await engine.retry(run.id, { from: ["check", "ship"] });
      const settled = await again.settled();
      assert.deepEqual(
        settled.questions.map(({ id }) => id),
        ["ship#2/before"],
      );
      assert.equal(shipped, 0);
      await engine.answer(again.id, "ship#2/before", {});
      assert.deepEqual(await again.result(), { log: ["checked", "shipped"] });
      assert.equal(shipped, 1);
    });

    test("a fork from a round of history stops where its origin did", async () => {
      const ran: string[] = [];
      const both = graph("both", { n: sum() }, { interruptBefore: ["b"], interruptAfter: ["a"] })
        .node("a", () => (ran.push("a"), { n: 1 }))
        .node("b", () => (ran.push("b"), { n: 1 }))
        .edge(START, "a")
        .edge("a", "b");
      using place = make();
      await using engine = await place.open({ workflows: [both] });
      const { runId } = await both.invoke({}, { engine });
      const [now] = await both.history(engine, runId);

      const fork = await engine.fork(runId, { at: now?.seq ?? 0 });

      assert.deepEqual((await fork.settled()).questions.map(({ id }) => id).toSorted(), ["a/after", "b/before"]);
      assert.deepEqual(ran, ["a"]);
      await engine.answer(fork.id, "b/before", {});
      await engine.answer(fork.id, "a/after", {});
      assert.deepEqual(await fork.result(), { n: 2 });
    });

    test("each round of a loop is stopped and let go on by itself", async () => {
      const loop = graph("loop", { n: sum() }, { interruptBefore: ["step"] })
        .node("step", () => ({ n: 1 }))
        .edge(START, "step")
        .route("step", ({ n }) => (n < 3 ? "again" : undefined), { again: "step" });
      using place = make();
      await using engine = await place.open({ workflows: [loop] });
      const run = await engine.start(loop, {});
      for (const [round, id] of ["step/before", "step#2/before", "step#3/before"].entries()) {
        assert.deepEqual(
          (await run.settled()).questions.map((each) => each.id),
          [id],
        );
        assert.deepEqual((await run.state()).channels, { n: round });
        await engine.answer(run.id, id, {});
      }
      assert.deepEqual(await run.result(), { n: 3 });
    });

    test("an answer that comes before its stop is refused, not lost", async () => {
      const gate = Promise.withResolvers<void>();
      const early = graph("early", { n: sum() }, { interruptBefore: ["b"] })
        .node("a", async () => (await gate.promise, { n: 1 }))
        .node("b", () => ({ n: 1 }))
        .edge(START, "a")
        .edge("a", "b");
      using place = make();
      await using engine = await place.open({ workflows: [early] });
      const run = await engine.start(early, {});

      await assert.rejects(engine.answer(run.id, "b/before", {}), (error) => hasCode(error, "QUESTION_UNKNOWN"));
      gate.resolve();
      await run.settled();
      await engine.answer(run.id, "b/before", {});
      assert.deepEqual(await run.result(), { n: 2 });
    });

    test("a subgraph's question can be answered through its parent, as long as one run asks it", async () => {
      const inner = graph("inner", { log: append<string>() })
        .node("ask", async (_, ctx) => ({ log: [(await ctx.ask("who", { kind: "text", prompt: "Who?" })).text ?? ""] }))
        .edge(START, "ask");
      const outer = graph("outer", { log: append<string>() }).node("child", inner).edge(START, "child");
      using place = make();
      await using engine = await place.open({ workflows: [outer] });
      const { runId } = await outer.invoke({}, { engine });

      await engine.answer(runId, "ask/who", { text: "Ada" });

      assert.deepEqual(await (await engine.get(runId)).result(), { log: ["Ada"] });
    });
  });
}

test("an answer that comes twice does not let the next round of a loop go on", async () => {
  const loop = graph("twice", { n: sum() }, { interruptBefore: ["step"] })
    .node("step", () => ({ n: 1 }))
    .edge(START, "step")
    .route("step", ({ n }) => (n < 2 ? "again" : undefined), { again: "step" });
  await using store = openMemoryStore();
  await using engine = await open(kept(store), { workflows: [loop] });
  // The second of two clicks, by way of another process, is on its way to the store until the run has stopped again.
  const sent = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const slow: RunStore = new Proxy(kept(store), {
    get(target, name) {
      if (name !== "commit") return Reflect.get(target, name, target) as unknown;
      return async (batch: CommitBatch) => {
        if ((batch.messages?.length ?? 0) > 0) {
          sent.resolve();
          await stopped.promise;
        }
        return store.commit(batch);
      };
    },
  });
  await using other = await open(slow, { workflows: [loop], passive: true });
  const run = await engine.start(loop, {});
  await run.settled();
  const second = other.answer(run.id, "step/before", {});
  await sent.promise;
  await engine.answer(run.id, "step/before", {});
  await run.settled();
  stopped.resolve();
  await second;

  assert.deepEqual(
    (await run.settled()).questions.map(({ id }) => id),
    ["step#2/before"],
  );
  await engine.answer(run.id, "step#2/before", {});
  assert.deepEqual(await run.result(), { n: 2 });
});
