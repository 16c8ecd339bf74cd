import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { append, END, graph, hasCode, send, START, sum, value } from "heddle";
import { places } from "../engine/engines.ts";

for (const { name, make } of places) {
  describe(`an interrupted graph on ${name}`, () => {
    test("dashflow 18: before a node its effect is not there yet; after a restart and the answer it is there exactly once", async () => {
      const effects: string[] = [];
      const ship = graph("ship", { log: append<string>() }, { interruptBefore: ["ship"] })
        .node("pack", () => (effects.push("pack"), { log: ["packed"] }))
        .node("ship", () => (effects.push("ship"), { log: ["shipped"] }))
        .edge(START, "pack")
        .edge("pack", "ship");
      using place = make();
      {
        await using engine = await place.open({ workflows: [ship] });
        const stopped = await ship.invoke({}, { engine, id: "order" });
        assert.equal(stopped.status, "waiting");
        assert.deepEqual(stopped.status === "waiting" && stopped.questions.map(({ id }) => id), ["ship/before"]);
        assert.deepEqual(stopped.state, { log: ["packed"] });
        assert.deepEqual(effects, ["pack"]);
      }
      await using engine = await place.open({ workflows: [ship] });
      await engine.answer("order", "ship/before", {});

      assert.deepEqual(await (await engine.get("order")).result(), { log: ["packed", "shipped"] });
      assert.deepEqual(effects, ["pack", "ship"]);
    });

    test("dashflow 19, 20: a node that is in both lists stops the run twice; each answer moves it on by one", async () => {
      const both = graph("both", { log: append<string>() }, { interruptBefore: ["b"], interruptAfter: ["b"] })
        .node("a", () => ({ log: ["a"] }))
        .node("b", () => ({ log: ["b"] }))
        .node("c", () => ({ log: ["c"] }))
        .edge(START, "a")
        .edge("a", "b")
        .edge("b", "c");
      using place = make();
      await using engine = await place.open({ workflows: [both] });

      const first = await both.invoke({}, { engine });
      assert.deepEqual(first.state.log, ["a"]);
      const run = await engine.get(first.runId);
      await engine.answer(run.id, "b/before", {});
      const second = await run.settled();
      assert.deepEqual(
        second.questions.map(({ id }) => id),
        ["b/after"],
      );
      assert.deepEqual((await run.state()).channels, { log: ["a", "b"] });
      await engine.answer(run.id, "b/after", { approved: true });
      assert.deepEqual(await run.result(), { log: ["a", "b", "c"] });
    });

    test("dashflow 21: with a stop in one branch the other completes, and only that branch goes on", async () => {
      const ran: string[] = [];
      const fork = graph("fork", { log: append<string>() }, { interruptBefore: ["held"] })
        .node("held", () => (ran.push("held"), { log: ["held"] }))
        .node("free", () => (ran.push("free"), { log: ["free"] }))
        .node("join", () => (ran.push("join"), { log: ["join"] }))
        .edge(START, "held")
        .edge(START, "free")
        .edge("held", "join")
        .edge("free", "join");
      using place = make();
      {
        await using engine = await place.open({ workflows: [fork] });
        const stopped = await fork.invoke({}, { engine, id: "fork" });
        assert.equal(stopped.status, "waiting");
        assert.deepEqual(ran, ["free"]);
      }
      await using engine = await place.open({ workflows: [fork] });
      await engine.answer("fork", "held/before", {});

      assert.deepEqual(await (await engine.get("fork")).result(), { log: ["held", "free", "join"] });
      assert.deepEqual(ran, ["free", "held", "join"]);
    });

    test("several questions are open at once, in nodes, items and subgraphs, and are answered by id in any order", async () => {
      const inner = graph("inner", { answers: append<string>() })
        .node("deep", async (_, ctx) => ({ answers: [(await ctx.ask("who", { kind: "text", prompt: "Who?" })).text ?? ""] }))
        .edge(START, "deep");
      const asks = graph("asks", { answers: append<string>() })
        .node("item", async (item: number, ctx) => ({
          answers: [`${item} ${(await ctx.ask("what", { kind: "text", prompt: "What?" })).text}`],
        }))
        .node("one", async (_, ctx) => ({ answers: [(await ctx.ask("what", { kind: "text", prompt: "What?" })).text ?? ""] }))
        .node("child", inner)
        .edge(START, "one")
        .edge(START, "child")
        .route(START, () => [send("item", 0), send("item", 1)], {}, { sends: ["item"] });
      using place = make();
      const runId = "asking";
      let questions: readonly { readonly runId: string; readonly id: string; readonly path: readonly string[] }[];
      {
        await using engine = await place.open({ workflows: [asks, inner] });
        const stopped = await asks.invoke({}, { engine, id: runId });
        questions = stopped.status === "waiting" ? stopped.questions : [];
      }
      assert.deepEqual(questions.map(({ id, path }) => [...path, id].join(" > ")).toSorted(), [
        "child > deep/who",
        "item[0]/what",
        "item[1]/what",
        "one/what",
      ]);
      await using engine = await place.open({ workflows: [asks, inner] });
      for (const question of questions.toReversed()) await engine.answer(question.runId, question.id, { text: question.id });

      assert.deepEqual(await (await engine.get(runId)).result(), {
        answers: ["0 item[0]/what", "1 item[1]/what", "one/what", "deep/who"],
      });
    });

    test("a held run that is cancelled ends", async () => {
      const held = graph("held", { n: sum() }, { interruptBefore: ["a"] })
        .node("a", () => ({ n: 1 }))
        .edge(START, "a");
      using place = make();
      await using engine = await place.open({ workflows: [held] });
      const { runId } = await held.invoke({}, { engine });

      await engine.cancel(runId, "not wanted");

      await assert.rejects((await engine.get(runId)).result(), (error) => hasCode(error, "RUN_CANCELLED"));
    });

    test("dashflow 25: a fork from an old round goes on by itself, and the original is as it was", async () => {
      const line = graph("line", { text: value("") })
        .node("a", ({ text }) => ({ text: `${text}a` }))
        .node("b", ({ text }) => ({ text: `${text}b` }))
        .edge(START, "a")
        .edge("a", "b")
        .edge("b", END);
      using place = make();
      await using engine = await place.open({ workflows: [line] });
      const { runId } = await line.invoke({ text: ">" }, { engine });
      const before = await line.history(engine, runId);
      const afterA = before.find(({ nodes }) => nodes.includes("a"));

      const fork = await engine.fork(runId, { at: afterA?.seq ?? 0 });

      assert.deepEqual(await fork.result(), { text: ">ab" });
      assert.deepEqual(await line.history(engine, runId), before);
    });
  });
}

test("a run that comes to wait needs an engine that lasts", async () => {
  const held = graph("held", { n: sum() }, { interruptBefore: ["a"] })
    .node("a", () => ({ n: 1 }))
    .edge(START, "a");

  await assert.rejects(held.invoke({}), (error) => hasCode(error, "ENGINE_NEEDED"));
});
