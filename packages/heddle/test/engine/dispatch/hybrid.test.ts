import assert from "node:assert/strict";
import { test } from "node:test";
import { compareStrategies, explainHybrid, hasCode } from "heddle";
import { afterAll } from "./stage.ts";

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${name}${index}`);
const sources = (ids: readonly string[], ...from: string[]): Record<string, string[]> => Object.fromEntries(ids.map((id) => [id, from]));

test("a wide graph and a deep one are seen differently, and each choice has its reason", () => {
  const wide = explainHybrid(afterAll(sources(numbered("t", 20))), { maxConcurrency: 4 });
  const deep = explainHybrid(afterAll({ a: [], b: ["a"], c: ["b"] }), { maxConcurrency: 4 });

  assert.deepEqual(
    wide.map(({ tasks, strategy }) => [tasks.length, strategy]),
    [[20, "work_queue"]],
  );
  assert.match(
    wide[0]?.reason ?? "",
    /^All 20 tasks without connection: at its widest 20 side by side, and there is room for 4; they are alike/,
  );
  assert.deepEqual(deep, [
    { tasks: ["a", "b", "c"], strategy: "reactive", reason: "All 3 tasks in a chain: one after the other, so there is nothing to choose." },
  ]);
});

test("what hangs together is cut where all goes through one task, and regions with the longest way to the end go first", () => {
  const left = numbered("left", 9);
  const right = numbered("right", 3);
  const plan = afterAll({ alone: [], begin: [], ...sources(left, "begin"), middle: left, ...sources(right, "middle"), end: right });
  const tasks = Object.fromEntries(left.map((id, index) => [id, { expectedMs: index === 0 ? 100 : 10 }]));

  const regions = explainHybrid(plan, { maxConcurrency: 4, tasks });
  assert.deepEqual(
    regions.map((region) => [region.tasks.join(), region.strategy]),
    [
      ["begin", "reactive"],
      [left.join(), "critical_path"],
      ["middle", "reactive"],
      [right.join(), "reactive"],
      ["alone", "reactive"],
      ["end", "reactive"],
    ],
  );
  assert.match(regions[1]?.reason ?? "", /9 tasks of level 2: .*the expected times differ \(the longest is 10\.0 times the median\)/);
  assert.match(regions[3]?.reason ?? "", /there is room for 4: each begins as soon as it is ready/);
});

test("tasks that are followed by ways of different length are taken by the longest one", () => {
  const plan = afterAll({ ...sources(numbered("t", 6)), a: ["t0"], b: ["a"], c: ["b", "t1", "t2", "t3", "t4", "t5"] });
  const [region] = explainHybrid(plan, { maxConcurrency: 2 });
  assert.equal(region?.strategy, "critical_path");
  assert.match(region?.reason ?? "", /what comes after them is of different length/);
});

test("every task is in one region, also in an empty plan and with options that cannot be", () => {
  assert.deepEqual(explainHybrid(afterAll({})), []);
  assert.throws(
    () => explainHybrid(afterAll({ a: [] }), { maxConcurrency: -1 }),
    (error) => hasCode(error, "OPTION_INVALID"),
  );
  const graph: Record<string, string[]> = {};
  for (let index = 0; index < 300; index++) graph[`t${index}`] = index % 7 === 0 ? [] : [`t${Math.floor(index / 2)}`];
  const tasks = explainHybrid(afterAll(graph)).flatMap((region) => region.tasks);
  assert.deepEqual(tasks.toSorted(), Object.keys(graph).toSorted());
});

test("parts that both go by the longest way go together, and not one after the other", () => {
  const parts = ["p", "q"].flatMap((name) => [
    ...numbered(name, 6).map((id) => [id, [] as string[]] as const),
    [`${name}-end`, numbered(name, 6)] as const,
  ]);
  const plan = afterAll(Object.fromEntries(parts));
  const tasks = Object.fromEntries(Object.keys(plan.tasks).map((id, index) => [id, { expectedMs: 10 + ((index * 37) % 90) }]));
  const regions = explainHybrid(plan, { maxConcurrency: 2, tasks });
  const [hybrid, critical] = compareStrategies(plan, { maxConcurrency: 2, tasks, strategies: ["hybrid", "critical_path"] });

  assert.equal(regions.filter(({ strategy }) => strategy === "critical_path").length, 2);
  const begun = hybrid?.bars.slice(0, 8).map(({ task }) => task);
  assert.deepEqual(
    begun,
    critical?.bars.slice(0, 8).map(({ task }) => task),
  );
  assert.ok(begun?.some((id) => id.startsWith("p")) && begun.some((id) => id.startsWith("q")));
});
