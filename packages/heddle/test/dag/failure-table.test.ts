import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type DagNode, type DagReport, type FailureStrategy, type Processor } from "heddle";
import { deferred, places } from "../engine/engines.ts";
import { dice, markOf, slowMark, strategies, turns } from "./processors-for-tests.ts";

/** Ways for a node to end. */
const endings: Readonly<Record<string, (roll: (below: number) => number) => Processor>> = {
  completes: slowMark,
  throws: () => () => {
    throw Object.assign(new Error("broken"), { code: "E_BROKEN" });
  },
  rejects: (roll) => async () => {
    await turns(roll(6));
    throw Object.assign(new Error("broken"), { code: "E_BROKEN" });
  },
  "answers nothing": (roll) => async () => {
    await turns(roll(6));
    return undefined as never;
  },
};

/** src -> node -> below -> deep, and src -> good -> tail beside it; `look` depends on both sides. */
const nodes: readonly DagNode[] = [
  { id: "src", processor: "mark", options: { mark: "s" } },
  { id: "node", processor: "subject", depends_on: ["src"], options: { mark: "n" } },
  { id: "below", processor: "mark", depends_on: ["node"], options: { mark: "b" } },
  { id: "deep", processor: "mark", depends_on: ["below"], options: { mark: "d" } },
  { id: "good", processor: "mark", depends_on: ["src"], options: { mark: "g" } },
  { id: "tail", processor: "mark", depends_on: ["good"], options: { mark: "t" } },
  { id: "look", processor: "look", depends_on: ["node", "good"], intent: "analyze", merge: "concatenate" },
];

/** The table: what becomes of each node when `node` does not complete. It is the same for all strategies. */
const table: Readonly<Record<Exclude<FailureStrategy, "fail_fast">, Readonly<Record<string, string>>>> = {
  continue_on_error: {
    src: "completed",
    node: "failed",
    below: "blocked",
    deep: "blocked",
    good: "completed",
    tail: "completed",
    look: "blocked",
  },
  best_effort: {
    src: "completed",
    node: "failed",
    below: "completed",
    deep: "completed",
    good: "completed",
    tail: "completed",
    look: "completed",
  },
};

describe("the table of failure strategy by outcome", () => {
  for (const place of places) {
    for (const strategy of strategies) {
      test(`14 15 16 holds under ${strategy} on ${place.name}, whoever ends first`, async () => {
        using on = place.make();
        await using engine = await on.open({});
        for (let seed = 1; seed <= (place.name === "memory" ? 12 : 2); seed++) {
          for (const [ending, make] of Object.entries(endings)) {
            for (const failure_strategy of ["fail_fast", "continue_on_error", "best_effort"] as const) {
              const roll = dice(seed);
              const missing: Record<string, readonly string[]> = {};
              const watching =
                (then: Processor): Processor =>
                (request) => {
                  if (request.missing.length > 0) missing[markOf(request.options) || "look"] = request.missing;
                  return then(request);
                };
              const processors = {
                mark: watching(slowMark(roll)),
                subject: make(roll),
                look: watching(({ payload }) => ({ metadata: { saw: payload } })),
              };
              const name = `t-${strategy}-${failure_strategy}-${ending.replaceAll(" ", "_")}-${seed}`;
              const pipeline = dag({ name, strategy, failure_strategy, processors: nodes }, { processors });
              const run = await engine.start(pipeline, "");
              const code = ending === "answers nothing" ? "PROCESSOR_RESPONSE_INVALID" : "E_BROKEN";
              if (ending === "completes") {
                const { status, outcomes } = await run.result();
                assert.equal(status, "completed");
                assert.deepEqual(statuses(outcomes), Object.fromEntries(nodes.map(({ id }) => [id, "completed"])));
              } else if (failure_strategy === "fail_fast") {
                await assert.rejects(run.result(), (error: Error) => {
                  assert.equal((error.cause as { code?: string }).code, code);
                  return true;
                });
                const { status, error, outcomes, metadata } = await pipeline.report(engine, run.id);
                assert.equal(status, "failed");
                assert.equal(error?.code, code);
                assert.deepEqual([outcomes["src"]?.status, outcomes["node"]?.status], ["completed", "failed"]);
                // Never started: what came after it. The other side may have been anywhere.
                for (const id of ["below", "deep", "look"]) assert.deepEqual(outcomes[id], { status: "blocked", by: "node" }, id);
                // What had succeeded is there.
                assert.deepEqual(metadata["src"], { saw: "", with: [] });
              } else {
                const report = await run.result();
                assert.equal(report.status, "partial");
                assert.deepEqual(statuses(report.outcomes), table[failure_strategy], name);
                assert.equal(report.outcomes["node"]?.error?.code, code);
                assert.deepEqual(report.metadata["tail"], { saw: "sg", with: ["good"] });
                assert.equal((report.payload as { tail: string }).tail, "sgt");
                if (failure_strategy === "continue_on_error") {
                  assert.deepEqual(report.outcomes["deep"], { status: "blocked", by: "node" });
                  assert.deepEqual(missing, {});
                } else {
                  // Fail closed: what a failed transform should have made is not replaced by what it was given.
                  assert.deepEqual(missing, { b: ["node"], look: ["node"] });
                  assert.deepEqual(report.metadata["below"], { saw: undefined, with: [] });
                  assert.deepEqual(report.metadata["look"], { saw: "sg" });
                }
              }
            }
          }
        }
      });
    }
  }

  test("14 under fail_fast the first failure's own message is the run's, running nodes are told to stop and are awaited, pending ones never start", async () => {
    for (const place of places) {
      using on = place.make();
      const events: string[] = [];
      const begun = deferred();
      const hang: Processor = ({ ctx }) => {
        begun.resolve();
        return new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => {
            void turns(5).then(() => {
              events.push("cleaned up");
              reject(ctx.signal.reason as Error);
            });
          }),
        );
      };
      const bad: Processor = async () => {
        await begun.promise;
        throw new RangeError("the disk is full");
      };
      const never: Processor = ({ payload }) => {
        events.push("never");
        return { payload };
      };
      const processors: DagNode[] = [
        { id: "hang", processor: "hang" },
        { id: "bad", processor: "bad" },
        { id: "after", processor: "never", depends_on: ["hang"] },
      ];
      const pipeline = dag({ processors, executor_options: { max_concurrency: 4 } }, { processors: { hang, bad, never } });
      await using engine = await on.open({});
      const run = await engine.start(pipeline, "");
      await assert.rejects(run.result(), (error: Error) => {
        assert.equal((error.cause as Error).message, "the disk is full");
        return true;
      });

      assert.deepEqual(events, ["cleaned up"]);
      const { outcomes } = await pipeline.report(engine, run.id);
      assert.deepEqual([outcomes["hang"]?.status, outcomes["after"]?.status], ["cancelled", "pending"]);
    }
  });

  test("13 when everything is blocked the run ends, and says what blocked it", async () => {
    for (const place of places) {
      using on = place.make();
      await using engine = await on.open({});
      const chain = Array.from(
        { length: 50 },
        (_, index): DagNode => ({
          id: `n${index}`,
          processor: index === 0 ? "bad" : "reverse_text",
          depends_on: index === 0 ? [] : [`n${index - 1}`],
        }),
      );
      const bad: Processor = () => {
        throw new Error("at once");
      };
      const report = await (
        await engine.start(dag({ failure_strategy: "continue_on_error", processors: chain }, { processors: { bad } }), "x")
      ).result();
      assert.equal(report.payload, undefined);
      assert.deepEqual(report.outcomes["n49"], { status: "blocked", by: "n0" });
    }
  });
});

function statuses(outcomes: DagReport["outcomes"]): Record<string, string> {
  return Object.fromEntries(Object.entries(outcomes).map(([id, { status }]) => [id, status]));
}
