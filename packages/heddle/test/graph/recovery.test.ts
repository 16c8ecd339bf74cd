import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeClock, SeededRandom } from "@heddle/testing";
import { append, command, END, graph, hasCode, open, send, START, sum, value } from "heddle";
import { places } from "../engine/engines.ts";

for (const { name, make } of places) {
  describe(`a graph on ${name}, taken up again`, () => {
    test("dashflow 22: from every event of its journal a run comes to the same end, and no node that had completed runs again", async () => {
      let ran: string[] = [];
      const did = (node: string): void => void ran.push(node);
      const whole = graph("whole", { n: value(0), log: append<string>(), rounds: sum() })
        .node("plan", () => (did("plan"), { n: 3, rounds: 1 }))
        .node("item", (index: number) => (did(`item ${index}`), { log: [`item ${index}`] }))
        .node("left", () => (did("left"), { log: ["left"] }))
        .node("right", () => (did("right"), { log: ["right"] }))
        .node("join", ({ log }) => (did("join"), { log: [`join ${log.length}`] }))
        .edge(START, "plan")
        .route("plan", ({ n }) => Array.from({ length: n }, (_, index) => send("item", index)), {}, { sends: ["item"] })
        .edge("plan", "left")
        .edge("left", "right")
        .edge(["right", "item"], "join")
        .route("join", ({ rounds }) => (rounds < 2 ? "again" : END), { again: "plan" });
      using place = make();
      await using engine = await place.open({ workflows: [whole] });
      const { runId, state } = await whole.invoke({}, { engine });
      const all = [...ran];
      const ends: { readonly seq: number; readonly node: boolean }[] = [];
      for await (const event of (await engine.get(runId)).events({ live: false }))
        ends.push({ seq: event.seq, node: event.type === "task-ended" && event.task !== "__start__" });

      for (const { seq } of ends.slice(0, -1)) {
        ran = [];
        const fork = await engine.fork(runId, { at: seq });
        assert.deepEqual(await fork.result(), state, `from event ${seq}`);
        const before = ends.filter((end) => end.seq <= seq && end.node).length;
        assert.equal(ran.length, all.length - before, `from event ${seq}`);
      }
    });

    test("dashflow 4.18: a failure tells its siblings to stop, waits for them, and keeps what each came to", async () => {
      const fork = graph("fork", { log: append<string>() })
        .node("fails", () => Promise.reject(new Error("first")))
        .node(
          "stops",
          (_, ctx) => new Promise<undefined>((_, reject) => ctx.signal.addEventListener("abort", () => reject(new Error("second")))),
        )
        .edge(START, "fails")
        .edge(START, "stops");
      using place = make();
      await using engine = await place.open({ workflows: [fork] });
      const run = await engine.start(fork, {});

      await assert.rejects(run.result(), (error: Error) => (error.cause as Error).message === "first");
      const ended = (await run.state()).tasks.map(({ task, status, error }) => [task, status, error?.message]);
      assert.deepEqual(ended, [
        ["__start__", "completed", undefined],
        ["fails", "failed", "first"],
        ["stops", "failed", "second"],
      ]);
    });

    test("dashflow 23, 4.16: what cannot go on is paused or refused, and nothing begins afresh by itself", async () => {
      let ran = 0;
      const make1 = (nodes: readonly string[]) => {
        const built = graph("changed", { log: append<string>() }, { interruptAfter: [nodes[0] as string] });
        for (const node of nodes) built.node(node, () => (ran++, { log: [node] }));
        built.edge(START, nodes[0] as never);
        for (let index = 1; index < nodes.length; index++) built.edge(nodes[index - 1] as never, nodes[index] as never);
        return built;
      };
      using place = make();
      {
        const before = make1(["a", "b"]);
        await using engine = await place.open({ workflows: [before] });
        await before.invoke({}, { engine, id: "changed" });
      }
      await using engine = await place.open({ workflows: [make1(["a", "c"])] });
      await engine.answer("changed", "a/after", {});
      const run = await engine.get("changed");

      assert.equal((await run.settled()).status, "paused");
      assert.equal((await run.state()).pause?.code, "RUN_MISMATCH");
      assert.equal(ran, 1);
    });
  });
}

test("dashflow 17: the same graph with the same input, clock and chance writes the same journal, byte by byte", async () => {
  const journals: string[] = [];
  for (let time = 0; time < 2; time++) {
    const clock = new FakeClock();
    const fan = graph("fan", { log: append<string>(), n: sum() })
      .node("a", async (_, ctx) => ({ log: [`a ${ctx.random("chance")}`, await ctx.step("read", () => "read")] }))
      .node("b", () => ({ log: ["b"], n: 2 }))
      .node("item", (index: number) => ({ n: index }))
      .edge(START, "a")
      .edge("a", "b")
      .route("b", () => [send("item", 1), send("item", 2)], {}, { sends: ["item"] });
    await using engine = await open("memory:", { workflows: [fan], clock, random: new SeededRandom(7) });
    const run = await engine.start(fan, { log: ["in"] }, { id: "fan" });
    await clock.runUntil(run.result());
    const events = await Array.fromAsync(run.events({ live: false }));
    journals.push(events.map((event) => JSON.stringify(event)).join("\n"));
  }

  assert.equal(journals[1], journals[0]);
});

test("a subgraph without a parent refuses a command for it", async () => {
  const alone = graph("alone", { n: sum() })
    .node("a", () => command({ update: { n: 1 }, goto: "x", graph: "parent" }) as never)
    .edge(START, "a");

  await assert.rejects(alone.invoke({}), (error: Error) => hasCode(error.cause, "COMMAND_NO_PARENT"));
});
