import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type Condition, type DagConfig, type DagNode, type FailureStrategy, open, type Processor } from "heddle";
import { places } from "../engine/engines.ts";
import { failing, strategies } from "./processors-for-tests.ts";

const give: Processor = ({ payload }) => ({ payload: `${String(payload)}!`, metadata: { size: 3, list: ["x"], "a.b": 1 } });

function guarded(condition: Condition, more: Partial<DagNode> = {}, rest: Partial<DagConfig> = {}): DagConfig {
  return {
    ...rest,
    processors: [
      { id: "src", processor: "give" },
      { id: "guard", processor: "give", depends_on: ["src"], condition, ...more },
      { id: "below", processor: "give", depends_on: ["guard"] },
      { id: "beside", processor: "give", depends_on: ["src"] },
    ],
  };
}

const code = { processors: { give }, predicates: { yes: () => true, no: () => false } };

describe("a condition's tests", () => {
  const cases: readonly (readonly [Condition, boolean])[] = [
    [{ path: "payload", equals: "in!" }, true],
    [{ path: "payload", equals: "in" }, false],
    [{ path: "payload", not_equals: "in" }, true],
    [{ path: "payload", matches: "^i.+!$" }, true],
    [{ path: "payload", matches: "^n" }, false],
    [{ path: "payload", in: ["a", "in!"] }, true],
    [{ path: "payload.length", exists: true }, false],
    [{ path: "payload.toString", exists: false }, true],
    [{ path: "metadata.src.size", greater_than: 2 }, true],
    [{ path: "metadata.src.size", greater_than: 3 }, false],
    [{ path: "metadata.src.size", less_than: 4, greater_than: 2 }, true],
    [{ path: "metadata.src.size", less_than: 4, greater_than: 3 }, false],
    [{ path: "metadata.src.list", equals: ["x"] }, true],
    [{ path: "metadata.src.list.0", equals: "x" }, true],
    [{ path: "metadata.src", exists: true }, true],
    [{ path: "metadata.src.none", exists: true }, false],
    [{ path: "metadata.src.none", less_than: 1 }, false],
    [{ use: "yes" }, true],
    [{ use: "no" }, false],
  ];
  for (const [condition, expected] of cases) {
    test(`${JSON.stringify(condition)} ${expected ? "holds" : "does not hold"}`, async () => {
      await using engine = await open("memory:");
      const { outcomes } = await (await engine.start(dag(guarded(condition), code), "in")).result();
      assert.equal(outcomes["guard"]?.status, expected ? "completed" : "skipped");
      assert.equal(outcomes["below"]?.status, expected ? "completed" : "skipped");
    });
  }

  test("that cannot be are faults with their places", () => {
    const faults = (condition: object, more: Partial<DagNode> = {}): string[] =>
      dag.validate(guarded(condition as Condition, more), code).faults.map(({ code: kind, path }) => `${kind} ${path}`);
    assert.deepEqual(faults({ path: "payload" }), ["missing-key /processors/1/condition"]);
    assert.deepEqual(faults({ equals: 1 }), ["missing-key /processors/1/condition"]);
    assert.deepEqual(faults({ path: "metadata.below.x", exists: true }), ["unknown-node /processors/1/condition/path"]);
    assert.deepEqual(faults({ path: "payloads", exists: true }), ["unknown-node /processors/1/condition/path"]);
    assert.deepEqual(faults({ path: "payload", matches: "(" }), ["value /processors/1/condition/matches"]);
    assert.deepEqual(faults({ use: "maybe" }), ["unknown-processor /processors/1/condition/use"]);
    assert.deepEqual(faults({ use: "yes", equals: 1 }), ["unknown-key /processors/1/condition/equals"]);
    assert.deepEqual(
      dag.validate({ processors: [{ id: "a", processor: "give", when_false: "pass" }] }, code).faults.map(({ path }) => path),
      ["/processors/0/when_false"],
    );
  });

  test("read the metadata of ids with dots", async () => {
    const processors: DagNode[] = [
      { id: "a", processor: "give" },
      { id: "a.b", processor: "give", intent: "analyze" },
      { id: "c", processor: "give", depends_on: ["a", "a.b"], condition: { path: "metadata.a.b.size", equals: 3 } },
    ];
    await using engine = await open("memory:");
    const { outcomes } = await (await engine.start(dag({ processors }, code), "in")).result();
    assert.equal(outcomes["c"]?.status, "completed");
  });
});

for (const place of places) {
  describe(`a condition that does not hold, on ${place.name}`, { concurrency: true }, () => {
    const failures: readonly FailureStrategy[] = ["fail_fast", "continue_on_error", "best_effort"];
    for (const failure_strategy of failures) {
      test(`skips what depends on the node under ${failure_strategy}; under best_effort that runs, and is told`, async () => {
        using on = place.make();
        await using engine = await on.open({});
        for (const strategy of strategies) {
          const missing: unknown[] = [];
          const watched: Processor = (request) => {
            if (request.missing.length > 0) missing.push(request.missing, request.payload);
            return give(request);
          };
          const pipeline = dag(guarded({ use: "no" }, {}, { name: strategy, strategy, failure_strategy }), {
            ...code,
            processors: { give: watched },
          });
          const run = await engine.start(pipeline, "in");
          const report = await run.result();
          const best = failure_strategy === "best_effort";
          assert.deepEqual(Object.fromEntries(Object.entries(report.outcomes).map(([id, { status }]) => [id, status])), {
            src: "completed",
            guard: "skipped",
            below: best ? "completed" : "skipped",
            beside: "completed",
          });
          assert.equal(report.status, "completed");
          assert.deepEqual(report.payload, best ? { below: "undefined!", beside: "in!!" } : { beside: "in!!" });
          assert.deepEqual(missing, best ? [["guard"], undefined] : []);
          const { outcomes, payload } = await pipeline.report(engine, run.id);
          assert.deepEqual({ outcomes, payload }, { outcomes: report.outcomes, payload: report.payload });
        }
      });

      test(`lets what depends on the node run with the payload as it was, with when_false: pass, under ${failure_strategy}`, async () => {
        using on = place.make();
        await using engine = await on.open({});
        const config = guarded({ use: "no" }, { when_false: "pass" }, { failure_strategy });
        const pipeline = dag(config, code);
        const run = await engine.start(pipeline, "in");
        const { payload, outcomes } = await run.result();
        assert.deepEqual(payload, { below: "in!!", beside: "in!!" });
        assert.deepEqual([outcomes["guard"]?.status, outcomes["below"]?.status], ["skipped", "completed"]);
        assert.deepEqual((await pipeline.report(engine, run.id)).outcomes, outcomes);
      });
    }

    test("at a sink leaves no payload, or with pass the one that came to it", async () => {
      using on = place.make();
      await using engine = await on.open({});
      const sink = (name: string, when_false: DagNode["when_false"], intent: DagNode["intent"]): DagConfig => ({
        name,
        processors: [
          { id: "src", processor: "give" },
          {
            id: "end",
            processor: "give",
            depends_on: ["src"],
            condition: { use: "no" },
            ...(intent === undefined ? null : { intent }),
            ...(when_false === undefined ? null : { when_false }),
          },
        ],
      });
      const payload = async (config: DagConfig): Promise<unknown> => (await (await engine.start(dag(config, code), "in")).result()).payload;
      assert.equal(await payload(sink("a", undefined, undefined)), undefined);
      assert.equal(await payload(sink("b", "pass", undefined)), "in!");
      assert.equal(await payload(sink("c", "pass", "analyze")), "in!");
    });

    test("beside a failure: what depends on both is blocked, for a failure is the graver word", async () => {
      using on = place.make();
      await using engine = await on.open({});
      const processors: DagNode[] = [
        { id: "bad", processor: "bad", intent: "analyze" },
        { id: "guard", processor: "give", intent: "analyze", condition: { use: "no" } },
        { id: "both", processor: "give", depends_on: ["guard", "bad"] },
      ];
      const pipeline = dag({ failure_strategy: "continue_on_error", processors }, { ...code, processors: { give, bad: failing() } });
      const run = await engine.start(pipeline, "in");
      const { outcomes } = await run.result();
      assert.deepEqual(outcomes["both"], { status: "blocked", by: "bad" });
    });
  });
}
