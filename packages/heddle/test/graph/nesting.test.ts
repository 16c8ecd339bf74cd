import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { append, dag, graph, START, value, workflow, type Processor } from "heddle";
import { places } from "../engine/engines.ts";

for (const { name, make } of places) {
  describe(`graphs, DAGs and functions in each other on ${name}`, () => {
    test("a DAG stands in a graph, and a graph in a DAG, each as a child run with its own questions", async () => {
      const review = graph("review", { text: value<string>(), log: append<string>() }, { input: ["text"] })
        .node("ask", async ({ text }, ctx) => ({ log: [`${text}: ${(await ctx.ask("fine", { kind: "text", prompt: "Fine?" })).text}`] }))
        .edge(START, "ask");
      const judge: Processor = async ({ payload, ctx }) => ({
        payload: (await ctx.call("review", review, { text: String(payload) })).log.join(),
      });
      const pipeline = dag(
        {
          name: "pipeline",
          strategy: "reactive",
          processors: [
            { id: "upper", processor: "change_text_case_upper" },
            { id: "judged", processor: "judge", depends_on: ["upper"] },
          ],
        },
        { processors: { judge } },
      );
      const outer = graph("outer", { text: value<string>(), log: append<string>() }, { input: ["text"] })
        .node("clean", pipeline, {
          input: ({ text }) => text,
          output: ({ payload, status }) => ({ log: [`${status}: ${String(payload)}`] }),
        })
        .edge(START, "clean");
      const whole = workflow("whole", async (ctx, text: string) => (await ctx.call("graph", outer, { text })).log);
      using place = make();
      let asked: readonly { readonly runId: string; readonly id: string; readonly path: readonly string[] }[];
      {
        await using engine = await place.open({ workflows: [whole, outer, pipeline, review] });
        const run = await engine.start(whole, "hello", { id: "whole" });
        asked = (await run.settled()).questions;
      }
      assert.deepEqual(
        asked.map(({ id, path }) => [...path, id]),
        [["graph", "clean", "review", "ask/fine"]],
      );
      await using engine = await place.open({ workflows: [whole, outer, pipeline, review] });
      await engine.answer(asked[0]?.runId ?? "", asked[0]?.id ?? "", { text: "yes" });

      assert.deepEqual(await (await engine.get("whole")).result(), ["completed: HELLO: yes"]);
    });
  });
}
