import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { append, graph, messages, START, sum, value } from "heddle";
import { places } from "../engine/engines.ts";

for (const { name, make } of places) {
  describe(`a stream of a graph on ${name}`, () => {
    test("values gives the state after each round, updates what each node wrote, and the end comes last and once", async () => {
      const line = graph("line", { log: append<string>(), n: sum() })
        .node("a", () => ({ log: ["a"], n: 1 }))
        .node("b", () => ({ log: ["b"], n: 2 }))
        .edge(START, "a")
        .edge("a", "b");
      using place = make();
      await using engine = await place.open({ workflows: [line] });

      const items = await Array.fromAsync(line.stream({ log: ["x"] }, { engine, mode: ["values", "updates"] }));

      assert.deepEqual(
        items.map((item) =>
          item.mode === "values"
            ? [item.round, item.state]
            : item.mode === "updates"
              ? [item.node, item.update]
              : [item.status, item.state],
        ),
        [
          [0, { log: ["x"], n: 0 }],
          ["a", { log: ["a"], n: 1 }],
          [1, { log: ["x", "a"], n: 1 }],
          ["b", { log: ["b"], n: 2 }],
          [2, { log: ["x", "a", "b"], n: 3 }],
          ["completed", { log: ["x", "a", "b"], n: 3 }],
        ],
      );
    });

    test("dashflow 33: each run's events are counted without a gap, and one end closes the stream, at success, failure, stop and cancellation", async () => {
      const endings = graph("endings", { how: value("") })
        .node("end", async ({ how }, ctx) => {
          if (how === "failed") throw new Error("no");
          if (how === "waiting") await ctx.ask("go", { kind: "approval", prompt: "Go?" });
          if (how === "cancelled")
            await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)));
          return undefined;
        })
        .edge(START, "end");
      using place = make();
      await using engine = await place.open({ workflows: [endings] });
      for (const how of ["completed", "failed", "waiting", "cancelled"] as const) {
        const seqs: number[] = [];
        const ends: string[] = [];
        for await (const item of endings.stream({ how }, { engine, id: how, mode: "events" })) {
          if (item.mode === "end") ends.push(item.status);
          else {
            seqs.push(item.seq);
            if (how === "cancelled" && item.seq === 2) await engine.cancel(how);
          }
        }
        assert.deepEqual(ends, [how]);
        assert.deepEqual(
          seqs,
          seqs.map((_, index) => index + 1),
        );
      }
    });

    test("messages gives the pieces of a message that grows, and the message when it is written; custom what nodes emit; each with its place in nested graphs", async () => {
      const inner = graph("inner", { messages: messages() })
        .node("answer", async (_, ctx) => {
          await ctx.emit("thought", "thinking", { about: "it" });
          const content = await ctx.step("llm", (step) => {
            for (const chunk of ["hel", "lo"]) step.stream(chunk);
            return "hello";
          });
          return { messages: [{ id: "m", role: "assistant", content }] };
        })
        .edge(START, "answer");
      const outer = graph("outer", { messages: messages() }).node("child", inner).edge(START, "child");
      using place = make();
      await using engine = await place.open({ workflows: [outer] });

      const items = await Array.fromAsync(outer.stream({}, { engine, mode: ["messages", "custom"] }));

      assert.deepEqual(
        items.flatMap((item): unknown[] => {
          if (item.mode === "end") return [];
          const place = [...item.path, item.node].join("/");
          return item.mode === "custom" ? [[place, item.name, item.value]] : [[place, "chunk" in item ? item.chunk : item.message]];
        }),
        [
          ["child/answer", "thinking", { about: "it" }],
          ["child/answer", "hel"],
          ["child/answer", "lo"],
          ["child/answer", { id: "m", role: "assistant", content: "hello" }],
          ["child", { id: "m", role: "assistant", content: "hello" }],
        ],
      );
    });

    test("no piece of a message is missed, however soon it comes", async () => {
      const inner = graph("inner", { text: value("") })
        .node("deep", async (_, ctx) => ({ text: await ctx.step("llm", (step) => (step.stream("d1"), step.stream("d2"), "deep")) }))
        .edge(START, "deep");
      const soon = graph("soon", { text: value("") })
        .node("a", async (_, ctx) => ({ text: await ctx.step("llm", (step) => (step.stream("a1"), step.stream("a2"), "a")) }))
        .node("child", inner)
        .edge(START, "a")
        .edge("a", "child");
      using place = make();
      await using engine = await place.open({ workflows: [soon] });

      const items = await Array.fromAsync(soon.stream({}, { engine, mode: "messages" }));

      assert.deepEqual(
        items.flatMap((item) => (item.mode === "messages" && "chunk" in item ? [item.chunk] : [])),
        ["a1", "a2", "d1", "d2"],
      );
    });

    test("who reads slowly gets everything, and holds up nobody", async () => {
      const many = graph("many", { n: sum() }, { stepLimit: 5_000 })
        .node("step", () => ({ n: 1 }))
        .edge(START, "step")
        .route("step", ({ n }) => (n < 2_500 ? "again" : undefined), { again: "step" });
      using place = make();
      await using engine = await place.open({ workflows: [many] });
      const items = many.stream({}, { engine, id: "many", mode: "updates" });
      const first = await items.next();
      assert.deepEqual(await (await engine.get("many")).result(), { n: 2_500 });

      const rest = await Array.fromAsync(items);

      assert.equal(first.value?.mode, "updates");
      assert.deepEqual([rest.length, rest.at(-1)?.mode], [2_500, "end"]);
    });

    test("who stops reading leaves the run alone", async () => {
      const line = graph("line", { n: sum() })
        .node("a", () => ({ n: 1 }))
        .node("b", () => ({ n: 1 }))
        .edge(START, "a")
        .edge("a", "b");
      using place = make();
      await using engine = await place.open({ workflows: [line] });
      for await (const item of line.stream({}, { engine, id: "left", mode: "updates" })) {
        assert.equal(item.mode, "updates");
        break;
      }

      assert.deepEqual(await (await engine.get("left")).result(), { n: 2 });
    });
  });
}
