import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type DagConfig, type DagNode, type DagReport, open, type Processor } from "heddle";
import { FakeClock } from "@heddle/testing";
import { deferred } from "../engine/engines.ts";
import { dice, failing, slowMark, strategies, turns } from "./processors-for-tests.ts";

// What DAGwood did wrong, by the number under which its inventory has it. 7 and 12 are about WebAssembly, which is refused.

const pass: Processor = ({ payload }) => ({ payload });

async function run(config: DagConfig, input: unknown, processors: Record<string, Processor> = {}): Promise<DagReport> {
  await using engine = await open("memory:");
  return await (await engine.start(dag(config, { processors: { pass, ...processors } }), input)).result();
}

describe("mistakes of the ancestor that ours does not make", () => {
  test("1 a branch that starts late is not given its sibling's payload, and parallel transforms have no arbitrary winner", async () => {
    const seen = new Set<unknown>();
    const look: Processor = ({ payload }) => {
      seen.add(payload);
      return { payload };
    };
    for (let seed = 1; seed <= 20; seed++) {
      const roll = dice(seed);
      const nodes: DagNode[] = [
        { id: "src", processor: "mark", options: { mark: "s" } },
        { id: "quick", processor: "mark", depends_on: ["src"], options: { mark: "q" } },
        { id: "slow", processor: "mark", depends_on: ["src"], intent: "analyze" },
        { id: "late", processor: "look", depends_on: ["slow"] },
      ];
      await run({ processors: nodes }, "", { mark: slowMark(roll), look });
    }
    assert.deepEqual([...seen], ["s"]);
    const conflict = dag.validate(
      {
        processors: [
          { id: "a", processor: "pass" },
          { id: "b", processor: "pass" },
          { id: "c", processor: "pass", depends_on: ["a", "b"] },
        ],
      },
      { processors: { pass } },
    );
    assert.deepEqual(
      conflict.faults.map(({ code }) => code),
      ["payload-conflict"],
    );
  });

  test("2 strategies do not disagree on failure, continue_on_error is not best_effort, and no success is discarded", async () => {
    const nodes: DagNode[] = [
      { id: "good", processor: "token_counter" },
      { id: "bad", processor: "bad" },
      { id: "after", processor: "pass", depends_on: ["bad"] },
    ];
    const reports = new Map<string, Set<string>>();
    for (const strategy of strategies) {
      for (const failure_strategy of ["continue_on_error", "best_effort"] as const) {
        const report = JSON.stringify(await run({ strategy, failure_strategy, processors: nodes }, "a", { bad: failing() }));
        reports.set(failure_strategy, (reports.get(failure_strategy) ?? new Set()).add(report));
      }
    }
    const [[continued = ""] = [], [best = ""] = []] = [...reports.values()].map((each) => [...each]);
    assert.deepEqual(
      [...reports.values()].map(({ size }) => size),
      [1, 1],
    );
    assert.match(continued, /"good":\{"char_count":1/);
    assert.match(continued, /"after":\{"status":"blocked"/);
    assert.match(best, /"after":\{"status":"(?:completed|failed)"/);
  });

  test("3 fail_fast leaves nothing running behind, and says what went wrong", async () => {
    const begun = deferred();
    let stillRunning = true;
    const hang: Processor = ({ ctx }) => {
      begun.resolve();
      return new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error))).finally(() => {
        stillRunning = false;
      }) as Promise<never>;
    };
    const bad: Processor = async () => {
      await begun.promise;
      throw new Error("the very reason");
    };
    const ended = run(
      {
        strategy: "reactive",
        processors: [
          { id: "hang", processor: "hang" },
          { id: "bad", processor: "bad" },
        ],
      },
      "",
      { hang, bad },
    );
    await assert.rejects(ended, (error: Error) => (error.cause as Error).message === "the very reason");
    assert.equal(stillRunning, false);
  });

  test("4 no option is dead: time limit and retry do something, batch_size and unknown keys are refused, hybrid is no other strategy's name", async () => {
    const clock = new FakeClock();
    let attempts = 0;
    const hang: Processor = ({ ctx }) => {
      attempts += 1;
      return new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)));
    };
    const config: DagConfig = {
      failure_strategy: "continue_on_error",
      executor_options: { timeout_seconds: 5, retry_attempts: 1 },
      processors: [{ id: "n", processor: "hang" }],
    };
    await using engine = await open("memory:", { clock });
    const ended = (await engine.start(dag(config, { processors: { hang } }), "")).result();
    await clock.runUntil(ended);
    assert.equal((await ended).outcomes["n"]?.status, "timed-out");
    assert.equal(attempts, 2);
    for (const bad of [{ executor_options: { batch_size: 3 } }, { concurrency: 3 }])
      assert.deepEqual(
        dag.validate({ processors: [], ...bad }).faults.map(({ code }) => code),
        ["unknown-key"],
      );
    assert.equal(dag({ strategy: "hybrid", processors: [] }).code.dispatch?.strategy, "hybrid");
  });

  test("5 metadata is filed by node and not by type, and words of a text are no keys", async () => {
    const { metadata } = await run(
      {
        processors: [
          { id: "one", processor: "token_counter" },
          { id: "two", processor: "token_counter" },
          { id: "words", processor: "word_frequency_analyzer" },
        ],
      },
      "constructor __proto__",
    );
    assert.deepEqual(Object.keys(metadata), ["one", "two", "words"]);
    assert.deepEqual(Object.keys(metadata["words"] ?? {}), ["total_words", "total_unique_words", "words"]);
  });

  test("6 what depends on a node sees its metadata, and that of no other node", async () => {
    let seen: unknown;
    const look: Processor = ({ metadata }) => {
      seen = metadata;
      return { metadata: {} };
    };
    await run(
      {
        processors: [
          { id: "a", processor: "token_counter" },
          { id: "b", processor: "token_counter" },
          { id: "c", processor: "look", intent: "analyze", depends_on: ["a"] },
        ],
      },
      "x",
      { look },
    );
    assert.deepEqual(seen, { a: { char_count: 1, word_count: 1, line_count: 1 } });
  });

  test("8 limits that are told are there: a text above 10 MB is refused, and so is a variable that is not allowed", async () => {
    assert.equal((await dag.check("#".repeat(10_000_001))).faults[0]?.code, "abuse");
    assert.equal(
      (await dag.check('processors: [{ id: a, processor: prefix_suffix_adder, options: { prefix: "${HOME}" } }]')).faults[0]?.code,
      "variable",
    );
  });

  test("9 nothing polls: between events no timer is set", async () => {
    const clock = new FakeClock();
    const begun = deferred();
    const release = deferred();
    const wait: Processor = async ({ payload }) => {
      begun.resolve();
      await release.promise;
      return { payload };
    };
    await using engine = await open("memory:", { clock });
    const config: DagConfig = {
      executor_options: { max_concurrency: 1 },
      processors: ["a", "b", "c"].map((id) => ({ id, processor: "wait" })),
    };
    const ended = (await engine.start(dag(config, { processors: { wait } }), "")).result();
    await begun.promise;
    await turns(5);
    const before = clock.nowMs();
    release.resolve();
    await ended;
    // All went on without time having passed.
    assert.equal(clock.nowMs(), before);
  });

  test("10 a sink that analyzes does not empty the output, whatever is listed last", async () => {
    const { payload } = await run(
      {
        processors: [
          { id: "up", processor: "change_text_case_upper" },
          { id: "count", processor: "token_counter", depends_on: ["up"] },
        ],
      },
      "text",
    );
    assert.equal(payload, "TEXT");
  });

  test("11 a run has an id, is kept, can be looked at, cancelled and retried from what failed", async () => {
    let broken = true;
    const ran: string[] = [];
    const step: Processor = ({ payload, options: { me } }) => {
      ran.push(me as string);
      if (me === "b" && broken) throw new Error("broken");
      return { payload: `${String(payload)}${me as string}` };
    };
    const nodes = ["a", "b", "c"].map(
      (id, index, all): DagNode => ({ id, processor: "step", options: { me: id }, depends_on: index === 0 ? [] : [all[index - 1]!] }),
    );
    const pipeline = dag({ processors: nodes }, { processors: { step } });
    await using engine = await open("memory:", { workflows: [pipeline] });
    const first = await engine.start(pipeline, "", { id: "first" });
    await assert.rejects(first.result());
    broken = false;
    const again = await engine.retry<DagReport>("first");
    assert.equal((await again.result()).payload, "abc");
    assert.deepEqual(ran, ["a", "b", "b", "c"]);
  });

  test("11 a run that ended in part is gone on with from the nodes that are named, and gathers its result again", async () => {
    let broken = true;
    const flaky: Processor = ({ payload }) => {
      if (broken) throw new Error("broken");
      return { payload: `${String(payload)}!` };
    };
    const nodes: DagNode[] = [
      { id: "good", processor: "token_counter" },
      { id: "bad", processor: "flaky" },
      { id: "below", processor: "pass", depends_on: ["bad", "good"] },
    ];
    const pipeline = dag({ failure_strategy: "continue_on_error", processors: nodes }, { processors: { flaky, pass } });
    await using engine = await open("memory:", { workflows: [pipeline] });
    const first = await engine.start(pipeline, "x", { id: "first" });
    assert.equal((await first.result()).status, "partial");
    broken = false;
    const again = await (await engine.retry<DagReport>("first", { from: ["bad"] })).result();
    assert.deepEqual([again.status, again.payload, again.outcomes["below"]?.status], ["completed", "x!", "completed"]);
  });
});
