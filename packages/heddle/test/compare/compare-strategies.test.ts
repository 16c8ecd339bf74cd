import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { compareStrategies, drawGantt, hasCode, type StrategyRow } from "heddle";
import { afterAll } from "../engine/dispatch/stage.ts";

const graph = afterAll({ a: [], b: [], c: [], long: [], end: ["long"] });
const tasks = { a: { expectedMs: 5 }, b: { expectedMs: 30 }, c: { expectedMs: 6 }, long: { expectedMs: 20 }, end: { expectedMs: 20 } };

test("each strategy has a row: how long it takes, how many at once, who waited, and what ran when", () => {
  const rows = compareStrategies(graph, { maxConcurrency: 2, tasks });
  assert.deepEqual(
    rows.map(({ strategy, makespanMs, peak, waits, waitedMs }) => [strategy, makespanMs, peak, waits, waitedMs]),
    [
      ["work_queue", 51, 2, 2, 16],
      ["level", 51, 2, 2, 16],
      ["reactive", 51, 2, 2, 16],
      ["hybrid", 41, 2, 2, 66],
      ["critical_path", 41, 2, 2, 66],
    ],
  );
  const [critical] = compareStrategies(graph, { maxConcurrency: 2, tasks, strategies: ["critical_path"] });
  assert.deepEqual(critical?.bars, [
    { task: "long", readyMs: 0, startMs: 0, endMs: 20, lane: 0 },
    { task: "b", readyMs: 0, startMs: 0, endMs: 30, lane: 1 },
    { task: "end", readyMs: 20, startMs: 20, endMs: 40, lane: 0 },
    { task: "c", readyMs: 0, startMs: 30, endMs: 36, lane: 1 },
    { task: "a", readyMs: 0, startMs: 36, endMs: 41, lane: 1 },
  ]);
});

test("tasks may take another time than they are expected to", () => {
  const [row] = compareStrategies(graph, { maxConcurrency: 1, tasks, durationsMs: { a: 100 }, strategies: ["critical_path"] });
  assert.equal(row?.makespanMs, 176);
  assert.equal(row?.bars.at(-1)?.task, "a");
});

test("a task of which nothing is told is expected to take as long as the median of the others", () => {
  const plan = afterAll({ short: [], unknown: [], usual: [], long: [] });
  const told = { short: { expectedMs: 3 }, usual: { expectedMs: 50 }, long: { expectedMs: 60 } };
  const [row] = compareStrategies(plan, { maxConcurrency: 1, tasks: told, strategies: ["critical_path"] });
  assert.deepEqual(
    row?.bars.map(({ task }) => task),
    ["long", "unknown", "usual", "short"],
  );
});

test("groups, timers and joins of any kind are simulated as the kernel has them", () => {
  const plan: Plan = {
    heddle: 1,
    name: "mixed",
    discipline: "eager",
    tasks: {
      early: { does: { use: "w" }, when: [{ id: "early", at: { afterMs: 7 } }] },
      one: { does: { use: "w" }, when: [{ id: "one", after: [], join: "all", untaken: "wait" }] },
      any: {
        does: { use: "w" },
        when: [
          {
            id: "any",
            after: [
              { from: "one", on: "ok" },
              { from: "early", on: "ok" },
            ],
            join: 1,
            untaken: "wait",
          },
        ],
      },
      group: {
        does: { group: ["x", "y"], policy: { use: "strict" } },
        when: [{ id: "g", after: [{ from: "any", on: "ok" }], join: "all", untaken: "wait" }],
      },
      x: { does: { use: "w" }, when: [{ id: "x", after: [], join: "all", untaken: "wait" }] },
      y: { does: { use: "w" }, when: [{ id: "y", after: [{ from: "x", on: "ok" }], join: "all", untaken: "wait" }] },
      last: { does: { use: "w" }, when: [{ id: "l", after: [{ from: "group", on: "ok" }], join: "all", untaken: "wait" }] },
    },
  };
  const [row] = compareStrategies(plan, { strategies: ["reactive"], durationsMs: { one: 3, any: 1, x: 2, y: 2, last: 5, early: 1 } });
  assert.deepEqual(
    row?.bars.map(({ task, startMs }) => [task, startMs]),
    [
      ["one", 0],
      ["any", 3],
      ["x", 4],
      ["y", 6],
      ["early", 7],
      ["last", 8],
    ],
  );
});

test("a plan that needs what tasks say, or comes from outside, cannot be compared; nor by options that cannot be", () => {
  const asks = afterAll({ a: [] });
  const waiting: Plan = {
    ...asks,
    tasks: {
      ...asks.tasks,
      b: {
        does: { use: "b" },
        when: [
          {
            id: "b",
            after: [
              { from: "a", on: "ok" },
              { from: "c", on: "ok" },
            ],
            join: "all",
            untaken: "wait",
          },
        ],
      },
      c: { does: { use: "c" }, when: [] },
    },
  };
  for (const compare of [() => compareStrategies(waiting), () => compareStrategies(asks, { tasks: { z: {} } })])
    assert.throws(compare, (error) => hasCode(error, "OPTION_INVALID"));
});

test("a chart tells each row and each bar, escapes what ids hold, and is the same each time", () => {
  const bars = [
    { task: `<a & "b"\u0000>`, readyMs: 0, startMs: 500, endMs: 90_000, lane: 0 },
    { task: "merge_ID0000011", readyMs: 0, startMs: 0, endMs: 0, lane: 1 },
  ];
  const rows: StrategyRow[] = [{ strategy: "level", makespanMs: 90_000, peak: 2, waits: 1, waitedMs: 500, bars }];
  const svg = drawGantt(rows, { title: "x < y" });

  assert.equal(drawGantt(rows, { title: "x < y" }), svg);
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="1200" /);
  assert.ok(svg.includes(">x &lt; y</text>"));
  assert.ok(svg.includes("<title>&lt;a &amp; &quot;b&quot;\uFFFD&gt;: 500 ms to 1.5 min, waited 500 ms</title>"));
  assert.ok(svg.includes(">level: 1.5 min, at most 2 at once, 1 waited, 500 ms in all</text>"));
  assert.ok(svg.includes(">merge</text>"), "tasks are told by their kind");
  assert.ok(!/NaN|Infinity|undefined/.test(svg));
  for (const tag of ["text", "rect", "title"]) assert.equal(svg.split(`<${tag}`).length >= svg.split(`</${tag}>`).length, true);
});

test("a chart of thousands of tasks, of none, and of nothing that takes time has only numbers", () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `t${index}`);
  const wide = afterAll(Object.fromEntries(ids.map((id) => [id, []])));
  const large = drawGantt(compareStrategies(wide, { maxConcurrency: 100, strategies: ["work_queue", "level"] }));
  assert.equal(large.split('class="bar"').length - 1, 4_000);
  for (const svg of [large, drawGantt([]), drawGantt(compareStrategies(afterAll({ a: [] }), { durationsMs: { a: 0 } }))])
    assert.ok(!/NaN|Infinity|undefined/.test(svg));
});
