import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeClock } from "@heddle/testing";
import { dag, type DagConfig, type DagNode, type DagOptions, type DagReport, open, type Processor } from "heddle";
import { places } from "../engine/engines.ts";
import { turns } from "./processors-for-tests.ts";

interface Watch {
  readonly order: string[];
  peak: number;
}

/** Runs nodes that take a few turns each, and says in which order they began and how many ran at once. */
async function watched(
  config: Omit<DagConfig, "processors">,
  nodes: readonly Partial<DagNode>[],
  options: DagOptions = {},
): Promise<Watch> {
  const watch: Watch = { order: [], peak: 0 };
  let running = 0;
  const work: Processor = async ({ payload, options: { me } }) => {
    watch.order.push(me as string);
    running += 1;
    watch.peak = Math.max(watch.peak, running);
    await turns(3);
    running -= 1;
    return { payload };
  };
  const processors = nodes.map((node): DagNode => ({ id: "", processor: "work", merge: "first", options: { me: node.id ?? "" }, ...node }));
  await using engine = await open("memory:");
  await (await engine.start(dag({ ...config, processors }, { ...options, processors: { work } }), 0)).result();
  return watch;
}

const ten = Array.from({ length: 10 }, (_, index) => ({ id: `n${index}` }));

describe("every option that is accepted has an effect", () => {
  test("11 max_concurrency is reached and never passed; 0 counts as 1", async () => {
    for (const strategy of ["work_queue", "level", "reactive", "hybrid", "critical_path"] as const) {
      assert.equal((await watched({ strategy, executor_options: { max_concurrency: 3 } }, ten)).peak, 3, strategy);
      assert.equal((await watched({ strategy, executor_options: { max_concurrency: 0 } }, ten)).peak, 1, strategy);
    }
    assert.equal((await watched({ strategy: "reactive" }, ten)).peak, 10);
  });

  test("12 with one at a time a transform runs before an analyzer of its rank, and ties go by id", async () => {
    const nodes = [{ id: "c", intent: "analyze" as const }, { id: "b" }, { id: "a", intent: "analyze" as const }, { id: "d" }];
    assert.deepEqual((await watched({ executor_options: { max_concurrency: 1 } }, nodes)).order, ["b", "d", "a", "c"]);
  });

  test("priority goes first, whatever the strategy", async () => {
    for (const strategy of ["work_queue", "reactive", "critical_path"] as const) {
      const nodes = ten.map((node, index) => ({ ...node, priority: index === 7 ? 5 : 0 }));
      assert.equal((await watched({ strategy, executor_options: { max_concurrency: 1 } }, nodes)).order[0], "n7", strategy);
    }
  });

  test("8 under level no node begins before all of the level above it have ended, under reactive it does not wait for siblings", async () => {
    const nodes = [{ id: "a" }, { id: "slow" }, { id: "below", depends_on: ["a"] }];
    const begin = async (strategy: "level" | "reactive"): Promise<string[]> => {
      const order: string[] = [];
      const work: Processor = async ({ payload, options: { me } }) => {
        order.push(`+${me as string}`);
        await turns(me === "slow" ? 40 : 2);
        order.push(`-${me as string}`);
        return { payload };
      };
      const processors = nodes.map((node): DagNode => ({ processor: "work", merge: "first", options: { me: node.id }, ...node }));
      await using engine = await open("memory:");
      await (
        await engine.start(dag({ strategy, executor_options: { max_concurrency: 4 }, processors }, { processors: { work } }), 0)
      ).result();
      return order;
    };
    const level = await begin("level");
    assert.ok(level.indexOf("+below") > level.indexOf("-slow"), level.join());
    const reactive = await begin("reactive");
    assert.ok(reactive.indexOf("+below") < reactive.indexOf("-slow"), reactive.join());
  });

  test("pools bound their nodes, resources what runs together", async () => {
    const pooled = await watched(
      { executor_options: { max_concurrency: 10 }, pools: { one: 2 } },
      ten.map((node) => ({ ...node, pool: "one" })),
    );
    assert.equal(pooled.peak, 2);
    const hungry = await watched(
      { executor_options: { max_concurrency: 10 }, resources: { cpu: 4, memory: 100 } },
      ten.map((node) => ({ ...node, resources: { cpu: 1, memory: 30 } })),
    );
    assert.equal(hungry.peak, 3);
  });

  test("critical_path takes the longest way to the end first, in the time that is expected", async () => {
    const nodes = [{ id: "short" }, { id: "long" }, { id: "middle" }];
    const { order } = await watched({ strategy: "critical_path", executor_options: { max_concurrency: 1 } }, nodes, {
      expectedMs: { short: 1, long: 100, middle: 10 },
    });
    assert.deepEqual(order, ["long", "middle", "short"]);
    assert.deepEqual(
      dag.validate({ processors: [] }, { expectedMs: { gone: 1 } }).faults.map(({ code }) => code),
      ["unknown-node"],
    );
  });
});

for (const place of places) {
  describe(`25 time limits of nodes on ${place.name}`, () => {
    test("a node that takes too long ends timed-out, by its own limit or the file's; the others go on", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const hang: Processor = ({ ctx }) =>
        new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error)));
      const config: DagConfig = {
        failure_strategy: "continue_on_error",
        executor_options: { timeout_seconds: 60, max_concurrency: 8 },
        processors: [
          { id: "own", processor: "hang", timeout: "5s" },
          { id: "file", processor: "hang" },
          { id: "after", processor: "reverse_text", depends_on: ["own"] },
          { id: "quick", processor: "reverse_text" },
        ],
      };
      await using engine = await on.open({ clock });
      const run = await engine.start(dag(config, { processors: { hang } }), "ab");
      const ended = run.result();
      await clock.runUntil(ended);
      const report: DagReport = await ended;

      assert.deepEqual(Object.fromEntries(Object.entries(report.outcomes).map(([id, { status }]) => [id, status])), {
        own: "timed-out",
        file: "timed-out",
        after: "blocked",
        quick: "completed",
      });
      const ends: Record<string, number> = {};
      let startedAtMs = 0;
      for await (const event of run.events()) {
        if (event.type === "run-started") startedAtMs = event.atMs;
        if (event.type === "task-ended") ends[event.task ?? ""] = event.atMs - startedAtMs;
      }
      assert.deepEqual([ends["own"], ends["file"]], [5_000, 60_000]);
    });
  });
}
