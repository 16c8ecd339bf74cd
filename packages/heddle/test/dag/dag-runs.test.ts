import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, workflow, type DagConfig, type DagNode, type DagOptions, type DagReport, type Engine, type Processor } from "heddle";
import { FakeClock } from "@heddle/testing";
import { deferred, places, untilEvent } from "../engine/engines.ts";
import { dice, failing, markOf, slowMark, strategies, turns } from "./processors-for-tests.ts";

const upper: DagNode = { id: "upper", processor: "change_text_case_upper" };
const reverse: DagNode = { id: "reverse", processor: "reverse_text", depends_on: ["upper"] };

async function result(engine: Engine, config: DagConfig, input: unknown, options: DagOptions = {}): Promise<DagReport> {
  return await (await engine.start(dag(config, options), input)).result();
}

for (const place of places) {
  describe(`DAGs on ${place.name}`, { concurrency: true }, () => {
    test("1 a single node, a chain of three, two entry points and an empty DAG run", async () => {
      using on = place.make();
      await using engine = await on.open({});

      assert.equal((await result(engine, { name: "one", processors: [upper] }, "a")).payload, "A");
      const chain = [upper, reverse, { id: "wrap", processor: "prefix_suffix_adder", depends_on: ["reverse"] }];
      assert.equal((await result(engine, { name: "three", processors: chain }, "ab")).payload, "[BA]");
      const two = [upper, { id: "other", processor: "reverse_text" }];
      assert.deepEqual((await result(engine, { name: "two", processors: two }, "ab")).payload, { upper: "AB", other: "ba" });
      assert.deepEqual(await result(engine, { name: "none", processors: [] }, "ab"), {
        status: "completed",
        payload: "ab",
        outcomes: {},
        metadata: {},
      });
    });

    test("2 in a diamond the sink sees the source's payload, and both analyses are in the metadata", async () => {
      using on = place.make();
      const seen: unknown[] = [];
      const look: Processor = ({ payload, metadata }) => {
        seen.push(payload, Object.keys(metadata));
        return { payload: "end" };
      };
      const processors = [
        upper,
        { id: "count", processor: "token_counter", depends_on: ["upper"] },
        { id: "words", processor: "word_frequency_analyzer", depends_on: ["upper"] },
        { id: "sink", processor: "look", depends_on: ["count", "words"] },
      ];
      await using engine = await on.open({});
      const { payload, metadata } = await result(engine, { processors }, "a b", { processors: { look } });

      assert.deepEqual(seen, ["A B", ["count", "words"]]);
      assert.equal(payload, "end");
      assert.deepEqual(metadata, {
        count: { char_count: 3, word_count: 2, line_count: 1 },
        words: {
          total_words: 2,
          total_unique_words: 2,
          words: [
            { word: "a", count: 1 },
            { word: "b", count: 1 },
          ],
        },
      });
    });

    for (const strategy of strategies) {
      test(`3 upper case, then reverse, of "hello world" gives "DLROW OLLEH" under ${strategy}`, async () => {
        using on = place.make();
        await using engine = await on.open({});
        assert.equal((await result(engine, { strategy, processors: [upper, reverse] }, "hello world")).payload, "DLROW OLLEH");
      });
    }

    test("20 an analyzer's payload is ignored even if it is not empty, also at the end; a sink that analyzes passes on what it was given", async () => {
      using on = place.make();
      const lie: Processor = () => ({ payload: "lie", metadata: { a: 1 } });
      const processors: DagNode[] = [upper, { id: "lie", processor: "lie", intent: "analyze", depends_on: ["upper"] }];
      await using engine = await on.open({});

      assert.equal((await result(engine, { name: "sink", processors }, "a", { processors: { lie } })).payload, "A");
      const more: DagNode[] = [...processors, { id: "rev", processor: "reverse_text", depends_on: ["lie"] }];
      assert.equal((await result(engine, { name: "middle", processors: more }, "ab", { processors: { lie } })).payload, "BA");
    });

    test("21 two instances of one analyzer keep metadata of their own, and a processor cannot write under another id", async () => {
      using on = place.make();
      const sly: Processor = () => ({ metadata: { one: { char_count: -1 }, two: "mine" } });
      const processors: DagNode[] = [
        { id: "one", processor: "token_counter", options: { count_type: "words" } },
        { id: "two", processor: "token_counter", options: { count_type: "lines" } },
        { id: "sly", processor: "sly", intent: "analyze", depends_on: ["one", "two"] },
      ];
      await using engine = await on.open({});
      const { metadata } = await result(engine, { processors }, "a b", { processors: { sly } });

      assert.deepEqual(metadata, { one: { word_count: 2 }, two: { line_count: 1 }, sly: { one: { char_count: -1 }, two: "mine" } });
    });

    test("22 every entry point is given the original input, whatever the others do to it", async () => {
      using on = place.make();
      const seen: unknown[] = [];
      const spoil: Processor = async ({ payload }) => {
        await turns(2);
        seen.push(structuredClone(payload));
        const list = (payload as { list: number[] }).list;
        list.push(9);
        return { payload };
      };
      const processors: DagNode[] = ["a", "b", "c"].map((id) => ({ id, processor: "spoil" }));
      processors.push(
        { id: "later", processor: "spoil", intent: "analyze", depends_on: ["d"] },
        { id: "d", processor: "spoil", intent: "analyze" },
      );
      await using engine = await on.open({});
      await result(engine, { processors }, { list: [1] }, { processors: { spoil } });

      assert.deepEqual(
        seen,
        Array.from({ length: 5 }, () => ({ list: [1] })),
      );
    });

    test("payloads that are false, zero, empty or null are payloads", async () => {
      using on = place.make();
      const give: Processor = ({ options }) => ({ payload: options["value"] });
      const keep: Processor = ({ payload }) => ({ payload: [payload] });
      await using engine = await on.open({});
      for (const [index, value] of [false, 0, "", null].entries()) {
        const processors: DagNode[] = [
          { id: "give", processor: "give", options: { value } },
          { id: "keep", processor: "keep", depends_on: ["give"] },
        ];
        const { payload } = await result(engine, { name: `falsy${index}`, processors }, 1, { processors: { give, keep } });
        assert.deepEqual(payload, [value]);
      }
    });

    test("17 a missing or wrong answer is a typed error that names the node, and not a hang", async () => {
      using on = place.make();
      const wrong: readonly (readonly [unknown, RegExp])[] = [
        [undefined, /answered with undefined/],
        ["text", /answered with string/],
        [[], /answered with a list/],
        [{}, /transforms, but answered without a payload/],
        [{ payload: 1, metdata: {} }, /a field "metdata"/],
        [{ payload: 1, metadata: [] }, /metadata that is no object/],
      ];
      await using engine = await on.open({});
      for (const [index, [answer, told]] of wrong.entries()) {
        const bad: Processor = () => answer as never;
        const config: DagConfig = {
          name: `wrong${index}`,
          failure_strategy: "continue_on_error",
          processors: [{ id: "n", processor: "bad", retry: 3 }],
        };
        const { outcomes } = await result(engine, config, "x", { processors: { bad } });
        assert.equal(outcomes["n"]?.error?.code, "PROCESSOR_RESPONSE_INVALID");
        assert.match(outcomes["n"]?.error?.message ?? "", told);
        assert.match(outcomes["n"]?.error?.message ?? "", /node "n"/);
      }
    });

    test("25 a node is tried again as often as it says, with its waits, and what cannot get better is not", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const at: number[] = [];
      const flaky: Processor = ({ ctx }) => {
        at.push(clock.nowMs());
        void ctx;
        if (at.length < 3) throw new Error("not yet");
        return { payload: "there" };
      };
      let hopeless = 0;
      const never: Processor = () => {
        hopeless += 1;
        throw Object.assign(new Error("bad input"), { code: "INVALID_INPUT" });
      };
      const retry = { attempts: 5, initialMs: 1_000, factor: 3, jitter: "none", except: ["INVALID_INPUT"] } as const;
      const config: DagConfig = {
        failure_strategy: "continue_on_error",
        processors: [
          { id: "flaky", processor: "flaky", retry },
          { id: "never", processor: "never", retry },
        ],
      };
      await using engine = await on.open({ clock });
      const ended = result(engine, config, "x", { processors: { flaky, never } });
      await clock.runUntil(ended);
      const { payload, outcomes } = await ended;

      assert.deepEqual(payload, { flaky: "there" });
      assert.deepEqual(
        at.map((time) => time - (at[0] ?? 0)),
        [0, 1_000, 4_000],
      );
      assert.equal(hopeless, 1);
      assert.equal(outcomes["never"]?.status, "failed");
    });

    test("19 a run cancelled by its caller stops, and its report holds what had succeeded", async () => {
      using on = place.make();
      const reached = deferred();
      const hang: Processor = ({ ctx }) => {
        reached.resolve();
        return new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)));
      };
      const pipeline = dag(
        {
          processors: [
            upper,
            { id: "hang", processor: "hang", depends_on: ["upper"] },
            { id: "never", processor: "reverse_text", depends_on: ["hang"] },
          ],
        },
        { processors: { hang } },
      );
      await using engine = await on.open({});
      const run = await engine.start(pipeline, "a");
      await reached.promise;
      const before = await pipeline.report(engine, run.id);
      assert.deepEqual(
        [before.status, before.outcomes["upper"]?.status, before.outcomes["never"]?.status],
        ["running", "completed", "pending"],
      );
      await engine.cancel(run.id, "enough");
      await assert.rejects(run.result(), { code: "RUN_CANCELLED" });

      const { status, outcomes } = await pipeline.report(engine, run.id);
      assert.equal(status, "cancelled");
      assert.deepEqual(
        Object.entries(outcomes).map(([id, outcome]) => [id, outcome.status]),
        [
          ["upper", "completed"],
          ["hang", "cancelled"],
          ["never", "pending"],
        ],
      );
    });

    test("38 the journal tells of each node once, in an order that fits the graph, and read again gives the same result", async () => {
      using on = place.make();
      const roll = dice(7);
      const processors: DagNode[] = [
        { id: "a", processor: "mark", options: { mark: "a" } },
        { id: "b", processor: "mark", depends_on: ["a"], intent: "analyze" },
        { id: "c", processor: "mark", depends_on: ["a"], intent: "analyze" },
        { id: "d", processor: "mark", depends_on: ["b", "c"], options: { mark: "d" } },
      ];
      const pipeline = dag({ processors }, { processors: { mark: slowMark(roll) } });
      await using engine = await on.open({});
      const run = await engine.start(pipeline, "");
      const report = await run.result();

      const ends: { readonly task: string; readonly atMs: number }[] = [];
      for await (const event of run.events()) if (event.type === "task-ended") ends.push({ task: event.task ?? "", atMs: event.atMs });
      assert.deepEqual(ends.map(({ task }) => task).sort(), ["__result__", "a", "b", "c", "d"]);
      assert.equal(ends[0]?.task, "a");
      assert.deepEqual(
        ends.slice(3).map(({ task }) => task),
        ["d", "__result__"],
      );
      assert.ok(ends.every(({ atMs }, index) => atMs >= (ends[index - 1]?.atMs ?? 0)));
      const { outcomes, metadata, payload } = await pipeline.report(engine, run.id);
      assert.deepEqual({ status: "completed", payload, outcomes, metadata }, report);
    });

    test("what nodes left comes out of the run as it was: dates, maps and texts of other alphabets, from each sink", async () => {
      using on = place.make();
      const left = { when: new Date(5), both: new Map([["a", new Set([1])]]), word: "мир\ud800", none: null };
      const leave: Processor = () => ({ payload: left, metadata: left });
      const processors: DagNode[] = ["a", "b"].map((id) => ({ id, processor: "leave" }));
      await using engine = await on.open({});
      const report = await result(engine, { processors }, null, { processors: { leave } });

      assert.deepEqual(report.payload, { a: left, b: left });
      assert.deepEqual(report.metadata, { a: left, b: left });
      const look: DagNode[] = [{ id: "look", processor: "leave", intent: "analyze" }];
      assert.deepEqual((await result(engine, { name: "looks", processors: look }, left, { processors: { leave } })).payload, left);
    });

    test("a result that is too large is refused, though what each node left is not", async () => {
      using on = place.make();
      const text = "x".repeat(2_500);
      const processors: DagNode[] = ["a", "b"].map((id) => ({ id, processor: "leave" }));
      await using engine = await on.open({ maxValueBytes: 4_000 });
      for (const leave of [() => ({ payload: text }), () => ({ payload: 1, metadata: { text } })]) {
        const name = `large-${JSON.stringify(leave()).length}`;
        await assert.rejects(result(engine, { name, processors }, null, { processors: { leave } }), {
          code: "RUN_FAILED",
          message: /the result in run large-\d+-\w+ is more than 4,000 bytes; the limit is 4,000/,
        });
      }
      const small = await result(engine, { name: "small", processors }, null, {
        processors: { leave: () => ({ payload: "x".repeat(300) }) },
      });
      assert.equal(small.status, "completed");
    });

    test("44 a payload of 10 MB goes through 20 analyzers", async () => {
      using on = place.make();
      const text = "ten bytes ".repeat(1_000_000);
      const processors: DagNode[] = [
        { id: "make", processor: "make" },
        ...Array.from(
          { length: 20 },
          (_, index): DagNode => ({ id: `look${index}`, processor: "look", intent: "analyze", depends_on: ["make"] }),
        ),
      ];
      const make: Processor = () => ({ payload: text });
      const look: Processor = ({ payload }) => ({ metadata: { length: (payload as string).length } });
      await using engine = await on.open({ maxValueBytes: 16_000_000 });
      const config: DagConfig = { executor_options: { max_concurrency: 2 }, output: "make", processors };
      const run = await engine.start(dag(config, { processors: { make, look } }), null);
      const { metadata } = await run.result();

      assert.deepEqual(
        Object.values(metadata),
        Array.from({ length: 20 }, () => ({ length: 10_000_000 })),
      );
      // In the journal once where it was made, and once as the result: not with each node that read it.
      let bytes = 0;
      for await (const event of run.events()) bytes += JSON.stringify(event).length;
      assert.ok(bytes < 31_000_000, `${bytes} bytes`);
    });

    test("45 a DAG that is stopped in its middle goes on, and runs no finished node again", async () => {
      using on = place.make();
      const ran: string[] = [];
      const config = {
        name: "resumed",
        processors: ["a", "b", "c", "d"].map(
          (id, index, all): DagNode => ({ id, processor: "mark", options: { mark: id }, depends_on: index === 0 ? [] : [all[index - 1]!] }),
        ),
      };
      const make = (hangsAt: string | null) =>
        dag(config, {
          processors: {
            mark: ({ payload, options }) => {
              const mark = markOf(options);
              if (mark === hangsAt) return new Promise(() => {});
              ran.push(mark);
              return { payload: `${String(payload)}${mark}` };
            },
          },
        });
      {
        const hanging = make("c");
        await using engine = await on.open({ workflows: [hanging], drainMs: 0 });
        await engine.start(hanging, "", { id: "r" });
        await untilEvent(engine, "r", (event) => event.type === "task-ended" && (event as { task?: string }).task === "b");
      }
      await using engine = await on.open({ workflows: [make(null)] });

      assert.equal((await (await engine.get<DagReport>("r")).result()).payload, "abcd");
      assert.deepEqual(ran, ["a", "b", "c", "d"]);
    });

    test("a DAG is called by a durable function, and its processors use durable steps", async () => {
      using on = place.make();
      let effects = 0;
      const stepping: Processor = async ({ payload, ctx }) => ({
        payload: await ctx.step("effect", () => `${String(payload)}${++effects}`),
      });
      const inner = dag({ name: "inner", processors: [{ id: "n", processor: "stepping" }] }, { processors: { stepping } });
      const outer = workflow("outer", async (ctx, input: string) => (await ctx.call("dag", inner, input)).payload);
      await using engine = await on.open({ workflows: [outer, inner] });

      assert.equal(await (await engine.start(outer, "x")).result(), "x1");
    });

    test("a run without input is given the DAG's own", async () => {
      using on = place.make();
      await using engine = await on.open({});
      const config: DagConfig = { input: "from the file", processors: [upper] };
      assert.equal((await result(engine, config, undefined)).payload, "FROM THE FILE");
      assert.equal((await result(engine, { ...config, name: "given" }, "given")).payload, "GIVEN");
      assert.equal((await result(engine, { name: "empty", input: "none", processors: [] }, undefined)).payload, "none");
    });

    test("10 an output that is named is the payload, whichever nodes are sinks", async () => {
      using on = place.make();
      await using engine = await on.open({});
      const processors = [upper, reverse, { id: "other", processor: "token_counter", depends_on: ["upper"] }];
      assert.equal((await result(engine, { name: "named", output: "upper", processors }, "ab")).payload, "AB");
      assert.deepEqual((await result(engine, { name: "sinks", processors }, "ab")).payload, { reverse: "BA", other: "AB" });
    });

    test("18 a processor that throws at once, or rejects, holds nobody up", async () => {
      using on = place.make();
      const rejects: Processor = async () => {
        await turns(1);
        throw new TypeError("later");
      };
      const processors: DagNode[] = [
        { id: "throws", processor: "throws" },
        { id: "rejects", processor: "rejects" },
        { id: "after", processor: "reverse_text", depends_on: ["throws"] },
        upper,
      ];
      await using engine = await on.open({});
      const { status, payload, outcomes } = await result(engine, { failure_strategy: "continue_on_error", processors }, "ab", {
        processors: { throws: failing("now"), rejects },
      });

      assert.deepEqual([status, payload], ["partial", { upper: "AB" }]);
      assert.deepEqual(outcomes, {
        throws: { status: "failed", error: { message: "now" } },
        rejects: { status: "failed", error: { message: "later" } },
        after: { status: "blocked", by: "throws" },
        upper: { status: "completed" },
      });
    });
  });
}
