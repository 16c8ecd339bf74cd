import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compilePlan, validatePlan, type Plan, type Task } from "@heddle/kernel";
import { GrowingPlan, planError } from "@heddle/kernel/internal";
import fc from "fast-check";
import { Dice } from "../oracle/dice.ts";
import { randomAmendment, randomPlan, randomTemper } from "../oracle/random-plan.ts";
import { after, group, plan, skipping, work } from "./plan-parts.ts";
import "../seeded.ts";

const none = new Map<string, Task>();
const base = plan(
  { a: after("a"), b: after("b", "a"), g: group("m"), m: after("m") },
  { channels: { v: { kind: "value" }, n: { kind: "append" } }, limits: { tasks: 6 } },
) as Plan;

function codes(growing: GrowingPlan, tasks: Record<string, unknown>, reserved: ReadonlyMap<string, Task> = none): [string, string][] {
  return growing.faults(tasks, reserved).map(({ path, code }) => [path, code]);
}

describe("what is added to a plan", () => {
  test("may come after what is there, what was added before, and what is added with it", () => {
    const growing = new GrowingPlan(base);
    assert.deepEqual(codes(growing, { c: after("c", "b"), d: after("d", "c", "a") }), []);
    growing.add({ c: after("c", "b") });
    assert.deepEqual(codes(growing, { d: after("d", "c") }), []);
    assert.deepEqual(growing.task("c"), after("c", "b"));
    assert.ok(growing.has("c", JSON.parse(JSON.stringify(after("c", "b")))) && !growing.has("c", after("c", "a")));
    assert.ok(!growing.has("toString", after("x")));
  });

  for (const [what, tasks, expected] of [
    ["a name that is taken", { b: after("x", "a") }, [["/tasks/b", "duplicate-task"]]],
    ["a trigger's name that is taken", { c: after("b", "a") }, [["/tasks/c/when/0/id", "duplicate-trigger"]]],
    ["an edge from what is not there", { c: after("c", "gone") }, [["/tasks/c/when/0/after/0/from", "unknown-task"]]],
    ["an edge out of a group", { c: after("c", "m") }, [["/tasks/c/when/0/after/0/from", "edge-crosses-group"]]],
    [
      "a cycle on which nothing may be skipped",
      { c: skipping("c", "d"), d: skipping("d", "c") },
      [["/tasks/c/when/0/untaken", "skip-on-cycle"]],
    ],
    ["a member that is at home elsewhere", { h: group("a", "c"), c: after("c") }, [["/tasks/h/does/group/0", "late-member"]]],
    ["too many", { c: after("c"), d: after("d"), e: after("e") }, [["/tasks", "too-many-tasks"]]],
    ["what is no task", { c: 3 }, [["/tasks/c", "value"]]],
    ["no name", { "c d": after("c") }, [["/tasks/c d", "id"]]],
    ["a channel that is not there", { c: { ...after("c"), writes: ["x"] } }, [["/tasks/c/writes/0", "unknown-channel"]]],
  ] as [string, Record<string, unknown>, [string, string][]][]) {
    test(`is refused for ${what}`, () => {
      const found = codes(new GrowingPlan(base), tasks);
      for (const fault of expected)
        assert.ok(
          found.some((one) => String(one) === String(fault)),
          JSON.stringify(found),
        );
      assert.equal(
        planError("It", new GrowingPlan(base).faults(tasks, none)).code,
        what.startsWith("a cycle") ? "PLAN_CYCLE" : "PLAN_INVALID",
      );
    });
  }

  test("that writes one value is held against all others that write it", () => {
    const writing = plan({ a: { ...after("a"), writes: ["v"] }, b: after("b", "a") }, { channels: { v: { kind: "value" } } }) as Plan;
    const growing = new GrowingPlan(writing);
    assert.deepEqual(codes(growing, { c: { ...after("c", "b"), writes: ["v"] } }), [], "it comes after the other writer");
    assert.deepEqual(codes(growing, { c: { ...after("c"), writes: ["v"] } }), [["/tasks/c/writes/0", "concurrent-writers"]]);
  });

  test("may not take the names of what others are about to add, unless it is the same", () => {
    const reserved = new Map([["c", after("c", "a")]]);
    assert.deepEqual(codes(new GrowingPlan(base), { c: after("c", "a") }, reserved), []);
    assert.deepEqual(codes(new GrowingPlan(base), { c: { does: work, when: [] } }, reserved), [["/tasks/c", "duplicate-task"]]);
    assert.deepEqual(codes(new GrowingPlan(base), { d: after("c", "a") }, reserved), [["/tasks/d/when/0/id", "duplicate-trigger"]]);
    assert.deepEqual(codes(new GrowingPlan(base), { d: after("d"), e: after("e") }, reserved), [["/tasks", "too-many-tasks"]]);
  });

  test("has just the faults that the whole plan with it would have", () => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, breaks) => {
        const dice = new Dice(seed);
        const temper = randomTemper(dice);
        const whole = randomPlan(dice, temper);
        const { limits: _, ...unlimited } = whole;
        const growing = new GrowingPlan(unlimited);
        const roots = Object.keys(whole.tasks);
        const added = randomAmendment(dice, temper, roots, 1);
        if (breaks)
          for (const { when } of Object.values(added))
            for (const trigger of when)
              if ("after" in trigger && dice.chance(0.3)) (trigger as { untaken: string }).untaken = dice.pick(["skip", "wait", "?"]);

        const here = growing.faults(added, none).map(({ path, code }) => `${path} ${code}`);
        const there = validatePlan({ ...unlimited, tasks: { ...whole.tasks, ...added } }).map(({ path, code }) => `${path} ${code}`);
        assert.deepEqual(here.sort(), there.sort());
        if (here.length === 0) compilePlan({ ...unlimited, tasks: { ...whole.tasks, ...added } });
      }),
      { numRuns: 500 },
    );
  });

  test("is checked without looking at all that is there", () => {
    const many = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, at) => [`t${at}`, after(`t${at}`, ...(at === 0 ? [] : [`t${at - 1}`]))]),
    );
    let looks = 0;
    const watched = new Proxy(many, {
      ownKeys: (target) => ((looks += 1), Reflect.ownKeys(target)),
    });
    const growing = new GrowingPlan(plan(watched) as Plan);
    looks = 0;
    assert.deepEqual(codes(growing, { c: after("c", "t1999") }), []);
    assert.equal(looks, 0);
  });
});
