import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { append, END, fold, graph, hasCode, send, START, sum, value } from "heddle";
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

    test("dashflow 24: the state is edited while a run is stopped; the node that goes on sees it, and history has the edit", async () => {
      const edited = graph(
        "edited",
        { text: value(""), log: append<string>(), count: sum(), best: fold(Math.max, 0) },
        { interruptBefore: ["b"] },
      )
        .node("a", () => ({ text: "a", log: ["a"], count: 1 }))
        .node("b", ({ text, log, count, best }) => ({ log: [`saw ${text} ${log.join("+")} ${count} ${best}`] }))
        .edge(START, "a")
        .edge("a", "b");
      using place = make();
      let runId = "";
      {
        await using engine = await place.open({ workflows: [edited] });
        runId = (await edited.invoke({}, { engine })).runId;
        await engine.write(runId, { text: "edited", log: ["x", "y"], count: 10, best: 7 });
        await assert.rejects(engine.write(runId, { wrong: 1 }), (error) => hasCode(error, "UPDATE_INVALID"));
        await assert.rejects(engine.write(runId, { log: "no list" }), (error) => hasCode(error, "UPDATE_INVALID"));
        assert.deepEqual(
          (await (await engine.get(runId)).settled()).questions.map(({ id }) => id),
          ["b/before"],
        );
      }
      await using engine = await place.open({ workflows: [edited] });
      assert.equal((await (await engine.get(runId)).state()).channels["text"], "edited");
      await engine.answer(runId, "b/before", { value: { count: 5 } });

      assert.deepEqual(await (await engine.get(runId)).result(), {
        text: "edited",
        log: ["a", "x", "y", "saw edited a+x+y 16 7"],
        count: 16,
        best: 7,
      });
      assert.deepEqual(
        (await edited.history(engine, runId)).map(({ state, nodes }) => [nodes, state.text, state.count]),
        [
          [["b"], "edited", 16],
          [[], "edited", 16],
          [[], "edited", 11],
          [["a"], "a", 1],
          [[], "", 0],
        ],
      );
    });

    test("a node that has begun keeps the state that it began with, also after a restart; one that has not sees the edit", async () => {
      const seen: string[] = [];
      const both = graph("both", { text: value("old"), log: append<string>() }, { interruptBefore: ["late"] })
        .node("early", async ({ text }, ctx) => {
          await ctx.step("note", () => void seen.push(`early ${text}`));
          await ctx.receive("go", "go");
          return { log: [`early ${text}`] };
        })
        .node("late", ({ text }) => ({ log: [`late ${text}`] }))
        .edge(START, "early")
        .edge(START, "late");
      using place = make();
      {
        await using engine = await place.open({ workflows: [both] });
        assert.equal((await both.invoke({}, { engine, id: "both" })).status, "waiting");
        await engine.write("both", { text: "new" });
        await (await engine.get("both")).settled();
      }
      await using engine = await place.open({ workflows: [both] });
      await engine.answer("both", "late/before", {});
      await engine.signal("both", "go");

      assert.deepEqual(await (await engine.get("both")).result(), { text: "new", log: ["early old", "late new"] });
      assert.deepEqual(seen, ["early old"]);
    });

    test("a fork goes on with the channels that it was given", async () => {
      const line = graph("line", { n: value(1), log: append<string>() })
        .node("a", ({ n }) => ({ n: n + 1 }))
        .node("b", ({ n }) => ({ log: [`${n}`] }))
        .edge(START, "a")
        .edge("a", "b");
      using place = make();
      await using engine = await place.open({ workflows: [line] });
      const { runId } = await line.invoke({}, { engine });
      const afterA = (await line.history(engine, runId)).find(({ nodes }) => nodes.includes("a"));

      const fork = await engine.fork(runId, { at: afterA?.seq ?? 0, edit: { channels: { n: 40, log: ["forked"] } } });

      assert.deepEqual(await fork.result(), { n: 40, log: ["forked", "40"] });
      assert.deepEqual(await (await engine.get(runId)).result(), { n: 2, log: ["2"] });
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
