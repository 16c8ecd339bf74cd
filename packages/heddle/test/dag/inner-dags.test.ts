import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { dag, type DagConfig, type DagReport, graph, START, END, value, type Processor } from "heddle";
import { places, untilEvent } from "../engine/engines.ts";
import { failing } from "./processors-for-tests.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "heddle-inner-"));
  mkdirSync(join(folder, "parts"));
  const files = {
    "outer.yaml":
      "env: [MARK]\nprocessors:\n  - { id: in, dag: parts/inner.yaml }\n  - { id: wrap, processor: prefix_suffix_adder, options: { prefix: '${MARK:-<}' }, depends_on: [in] }\n",
    "parts/inner.yaml":
      "env: [MARK]\nprocessors:\n  - { id: up, processor: change_text_case_upper }\n  - { id: deep, dag: deepest.yaml, depends_on: [up] }\n",
    "parts/deepest.yaml":
      "processors:\n  - { id: rev, processor: reverse_text }\n  - { id: count, processor: token_counter, depends_on: [rev] }\n",
    "bad.yaml": "processors:\n  - { id: a, dag: parts/bad.yaml }\n  - { id: b, processor: nope }\n  - { id: c, dag: gone.yaml }\n",
    "parts/bad.yaml": "strategy: levle\nprocessors: []\n",
    "self.yaml": "processors:\n  - { id: a, dag: parts/back.yaml }\n",
    "parts/back.yaml": "processors:\n  - { id: b, dag: ../self.yaml }\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const inline: DagConfig = {
  name: "outer",
  processors: [
    {
      id: "in",
      dag: {
        processors: [
          { id: "up", processor: "change_text_case_upper" },
          { id: "count", processor: "token_counter", depends_on: ["up"] },
        ],
      },
    },
    { id: "rev", processor: "reverse_text", depends_on: ["in"] },
  ],
};

describe("a DAG in place of a processor", () => {
  test("that is another file is read from the folder of the file that names it, with faults of both at their places", async () => {
    const { faults } = await dag.checkFile(join(folder, "bad.yaml"), { source: "bad.yaml" });
    const told = faults.map(({ source = "bad.yaml", line, column, message }) => `${source}:${line}:${column} ${message.slice(0, 40)}`);
    assert.deepEqual(told.sort(), [
      'bad.yaml:3:14 Node "b" names the processor "nope", whi',
      "bad.yaml:4:14 The DAG gone.yaml cannot be read: ENOENT",
      'parts/bad.yaml:1:1 "strategy" is "levle".',
    ]);
    await assert.rejects(dag.load(join(folder, "bad.yaml"), { source: "bad.yaml" }), {
      code: "DAG_INVALID",
      message: /\n {2}parts\/bad\.yaml:1:1: "strategy"/,
    });
  });

  test("cannot hold itself, by whatever way", async () => {
    const { faults } = await dag.checkFile(join(folder, "self.yaml"), { source: "self.yaml" });
    assert.deepEqual(
      faults.map(({ code, source, line }) => [code, source, line]),
      [["cycle", "parts/back.yaml", 2]],
    );
    let deep: DagConfig = { processors: [] };
    for (let level = 0; level < 20; level++) deep = { processors: [{ id: "a", dag: deep }] };
    assert.deepEqual(
      dag.validate(deep).faults.map(({ code }) => code),
      ["abuse"],
    );
  });

  test("is checked with its place, and has nothing that would have no effect", () => {
    const faults = dag.validate({
      processors: [
        { id: "a", dag: { processors: [{ id: "x", processor: "nope" }] } },
        { id: "b", dag: { env: ["A"], processors: [] } },
        { id: "c", dag: { processors: [] }, processor: "reverse_text", options: {} },
        { id: "d", dag: "file.yaml" },
      ],
    }).faults;
    assert.deepEqual(faults.map(({ code, path }) => `${code} ${path}`).sort(), [
      "unknown-key /processors/1/dag/env",
      "unknown-key /processors/2/options",
      "unknown-key /processors/2/processor",
      "unknown-processor /processors/0/dag/processors/0/processor",
      "value /processors/3/dag",
    ]);
  });
});

for (const place of places) {
  describe(`DAGs in DAGs on ${place.name}`, { concurrency: true }, () => {
    test("give their payload and their metadata under the node's id", async () => {
      using on = place.make();
      const pipeline = dag(inline);
      await using engine = await on.open({ workflows: [pipeline] });
      const { payload, metadata } = await (await engine.start(pipeline, "ab")).result();

      assert.equal(payload, "BA");
      assert.deepEqual(metadata, { in: { count: { char_count: 2, word_count: 1, line_count: 1 } } });
    });

    test("from files nest, each with its own variables", async () => {
      using on = place.make();
      const pipeline = await dag.load(join(folder, "outer.yaml"), { env: { MARK: "!" } });
      await using engine = await on.open({ workflows: [pipeline] });
      const { payload, metadata } = await (await engine.start(pipeline, "ab")).result();

      assert.equal(payload, "!BA]");
      assert.deepEqual(metadata["in"], { deep: { count: { char_count: 2, word_count: 1, line_count: 1 } } });
    });

    test("that fail fail their node with their own error; that end in part make the outer one partial", async () => {
      using on = place.make();
      await using engine = await on.open({});
      const config = (name: string, failure_strategy: DagConfig["failure_strategy"]): DagConfig => ({
        name,
        failure_strategy: "continue_on_error",
        processors: [
          {
            id: "in",
            dag: {
              ...(failure_strategy === undefined ? {} : { failure_strategy }),
              processors: [
                { id: "good", processor: "reverse_text" },
                { id: "bad", processor: "bad" },
              ],
            },
          },
          { id: "look", processor: "token_counter" },
        ],
      });
      const code = { processors: { bad: failing("inside") } };
      const failed = await (await engine.start(dag(config("failed", undefined), code), "ab")).result();
      assert.match(failed.outcomes["in"]?.error?.message ?? "", /inside|failed/);
      assert.equal(failed.outcomes["in"]?.status, "failed");

      const partial = await (await engine.start(dag(config("partial", "continue_on_error"), code), "ab")).result();
      assert.deepEqual([partial.status, partial.outcomes["in"]], ["partial", { status: "completed", partial: true }]);
      assert.deepEqual((partial.payload as { in: unknown }).in, { good: "ba" });
    });

    test("go on after their process died, and run nothing again", async () => {
      using on = place.make();
      const ran: string[] = [];
      const make = (hangs: boolean) => {
        const step: Processor = ({ payload, options: { me } }) => {
          if (hangs && me === "second") return new Promise(() => {});
          ran.push(me as string);
          return { payload: `${String(payload)}${me as string}` };
        };
        const inner: DagConfig = {
          processors: [
            { id: "first", processor: "step", options: { me: "first" } },
            { id: "second", processor: "step", options: { me: "second" }, depends_on: ["first"] },
          ],
        };
        return dag({ name: "outer", processors: [{ id: "in", dag: inner }] }, { processors: { step } });
      };
      {
        const hanging = make(true);
        await using engine = await on.open({ workflows: [hanging], drainMs: 0 });
        const run = await engine.start(hanging, "", { id: "r" });
        await untilEvent(engine, run.id, ({ type }) => type === "op-opened");
        const child = (await engine.list({ workflow: "outer/in" }))[0]?.runId ?? "";
        await untilEvent(engine, child, (event) => event.type === "task-ended");
      }
      await using engine = await on.open({ workflows: [make(false)] });
      assert.equal((await (await engine.get<DagReport>("r")).result()).payload, "firstsecond");
      assert.deepEqual(ran, ["first", "second"]);
    });

    test("hold graphs, and are held by them", async () => {
      using on = place.make();
      const shout = graph("shout", { text: value<string>() })
        .node("up", (state) => ({ text: (state.text ?? "").toUpperCase() }))
        .edge(START, "up")
        .edge("up", END);
      const ask: Processor = async ({ payload, ctx }) => ({ payload: (await ctx.call("graph", shout, { text: payload as string })).text });
      const pipeline = dag({ name: "mixed", processors: [{ id: "ask", processor: "ask" }] }, { processors: { ask } });
      const around = graph("around", { text: value<string>() })
        .node("dag", async (state, ctx) => ({ text: (await ctx.call("dag", pipeline, state.text)).payload as string }))
        .edge(START, "dag")
        .edge("dag", END);
      await using engine = await on.open({ workflows: [around, pipeline, shout] });
      const ended = await (await engine.start(around, { text: "ab" })).result();

      assert.equal((ended as { readonly text: string }).text, "AB");
    });
  });
}
