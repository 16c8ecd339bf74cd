import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareStrategies, workloadPlan, type Strategy } from "heddle";
import { graphBounds, grahamBoundMs, levelBoundMs, lowerBoundMs } from "./graph-bounds.ts";
import { asItIs, commitFiles, expected, missing, recorded, workflowFiles } from "./recorded.ts";
import { simulatedRun } from "./simulated-run.ts";

const strategies: readonly Strategy[] = ["work_queue", "level", "reactive", "hybrid", "critical_path"];
const slow = process.env["HEDDLE_SLOW"] === "1";
/** The fast lane runs workflows of more tasks by fewer strategies, on fewer numbers of places. */
const largeFrom = 500;

describe("recorded scientific workflows", { skip: missing }, () => {
  for (const file of workflowFiles) {
    test(`${file} is read as it is`, async () => {
      const workload = await asItIs(file);
      const { level_sizes, ...facts } = expected[file] as (typeof expected)[string];
      const bounds = graphBounds(workload);
      const parents = new Set(workload.tasks.flatMap((task) => task.parents));
      const sizes = level_sizes.map((_, level) => [...bounds.levels.values()].filter((each) => each === level).length);

      assert.equal(workload.tasks.length, facts.tasks);
      assert.equal(workload.tasks.flatMap((task) => task.parents).length, facts.edges);
      assert.equal(workload.tasks.filter((task) => task.parents.length === 0).length, facts.roots);
      assert.equal(workload.tasks.filter(({ id }) => !parents.has(id)).length, facts.leaves);
      assert.deepEqual(sizes, level_sizes);
      assert.equal(bounds.totalMs.toFixed(0), (facts.total_runtime_s * 1_000).toFixed(0));
      assert.equal(bounds.criticalPathMs.toFixed(0), (facts.critical_path_s * 1_000).toFixed(0));
      for (const [places, seconds] of Object.entries(facts.graham_upper_bound_s))
        assert.ok(Math.abs(grahamBoundMs(bounds, Number(places)) / 1_000 - seconds) < 0.002, `Graham's bound on ${places} places`);
    });

    test(`${file} runs each task once, after its parents, within the bounds of each strategy, and as it is simulated`, async () => {
      const workload = await recorded(file);
      const bounds = graphBounds(workload);
      const { plan, tasks } = workloadPlan(workload);
      const large = workload.tasks.length > largeFrom && !slow;
      for (const places of large ? [16] : [4, 16]) {
        for (const strategy of large ? (["work_queue", "level", "critical_path"] as const) : strategies) {
          const run = await simulatedRun(workload, strategy, places);
          const which = `${strategy} on ${places} places`;
          assert.ok(run.peak <= places, `${which}: ${run.peak} at once`);
          // A level is ready as a whole when its last parent has ended, so that one of many tasks fills all places.
          if (bounds.width >= places && (strategy === "level" || bounds.width === rootsOf(workload))) assert.equal(run.peak, places, which);
          assert.ok(run.makespanMs >= lowerBoundMs(bounds, places), which);
          const most = strategy === "level" ? levelBoundMs(workload, bounds, places) : grahamBoundMs(bounds, places);
          assert.ok(run.makespanMs <= most + 0.001, `${which}: ${run.makespanMs} ms is more than ${most}`);
          if (strategy === "level") assertBarrier(run.times, bounds.levels);

          const [row] = compareStrategies(plan, { strategies: [strategy], maxConcurrency: places, tasks });
          assert.deepEqual(
            row?.bars.toSorted(byTask).map(({ task, startMs }) => [task, startMs]),
            startsOf(run.times),
            which,
          );
        }
      }
    });
  }

  test("critical_path beats work_queue on the sum of the makespans, on any number of places", async () => {
    const workloads = await Promise.all(workflowFiles.map(recorded));
    for (const places of [2, 4, 8, 16]) {
      const sums = new Map<Strategy, number>();
      for (const workload of workloads) {
        const { plan, tasks } = workloadPlan(workload);
        for (const { strategy, makespanMs } of compareStrategies(plan, {
          maxConcurrency: places,
          tasks,
          strategies: ["work_queue", "critical_path"],
        }))
          sums.set(strategy, (sums.get(strategy) ?? 0) + makespanMs);
      }
      assert.ok((sums.get("critical_path") ?? 0) < (sums.get("work_queue") ?? 0), `${places} places: ${JSON.stringify([...sums])}`);
    }
  });
});

describe("commit graphs", { skip: missing }, () => {
  for (const file of commitFiles) {
    test(`${file} runs through the engine, each commit once and after its parents`, async () => {
      const workload = await recorded(file);
      const bounds = graphBounds(workload);
      assert.equal(workload.tasks.length, file.includes("tigerbeetle") ? 12_540 : 4_634);
      assert.equal(bounds.criticalPathMs, file.includes("tigerbeetle") ? 7_687 : 2_220);
      for (const strategy of slow ? strategies : (["critical_path"] as const)) {
        const { makespanMs, peak } = await simulatedRun(workload, strategy, 4);
        assert.ok(peak <= 4);
        assert.ok(makespanMs >= lowerBoundMs(bounds, 4));
        assert.ok(makespanMs <= (strategy === "level" ? levelBoundMs(workload, bounds, 4) : grahamBoundMs(bounds, 4)));
      }
    });
  }

  test("each strategy is within its bound on them, in simulation", async () => {
    for (const file of slow ? commitFiles : commitFiles.slice(0, 1)) {
      const workload = await recorded(file);
      const bounds = graphBounds(workload);
      for (const { strategy, makespanMs, peak } of compareStrategies(workloadPlan(workload).plan, { maxConcurrency: 4 })) {
        assert.ok(peak <= 4, strategy);
        assert.ok(makespanMs >= lowerBoundMs(bounds, 4), strategy);
        assert.ok(makespanMs <= (strategy === "level" ? levelBoundMs(workload, bounds, 4) : grahamBoundMs(bounds, 4)), strategy);
      }
    }
  });
});

function rootsOf({ tasks }: Awaited<ReturnType<typeof recorded>>): number {
  return tasks.filter(({ parents }) => parents.length === 0).length;
}

function assertBarrier(
  times: ReadonlyMap<string, { readonly startMs: number; readonly endMs: number }>,
  levels: ReadonlyMap<string, number>,
): void {
  const spans: { firstMs: number; lastMs: number }[] = [];
  for (const [id, { startMs, endMs }] of times) {
    const span = (spans[levels.get(id) as number] ??= { firstMs: Number.POSITIVE_INFINITY, lastMs: 0 });
    span.firstMs = Math.min(span.firstMs, startMs);
    span.lastMs = Math.max(span.lastMs, endMs);
  }
  for (let level = 1; level < spans.length; level++) {
    assert.ok((spans[level]?.firstMs ?? 0) >= (spans[level - 1]?.lastMs ?? 0), `level ${level} begins before the one above has ended`);
  }
}

function byTask(one: { readonly task: string }, other: { readonly task: string }): number {
  return one.task < other.task ? -1 : 1;
}

function startsOf(times: ReadonlyMap<string, { readonly startMs: number }>): (readonly [string, number])[] {
  return [...times].sort(([one], [other]) => (one < other ? -1 : 1)).map(([id, { startMs }]) => [id, startMs]);
}
