import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planDifference, planHash, type Json, type Plan } from "@heddle/kernel";
import fc from "fast-check";
import { Dice } from "../oracle/dice.ts";
import { randomPlan, randomTemper } from "../oracle/random-plan.ts";
import { after, group, plan, work } from "./plan-parts.ts";
import "../seeded.ts";

const base = plan(
  { a: after("a"), b: after("b", "a"), c: after("c", "b") },
  { channels: { v: { kind: "value" } }, output: { task: "c" } },
) as Plan;

function changed(more: Partial<Plan>): string[] {
  return planDifference(base, { ...base, ...more });
}

function withTasks(tasks: Record<string, unknown>): string[] {
  return changed({ tasks: tasks as Plan["tasks"] });
}

describe("the difference of two plans", () => {
  test("is empty for equal ones, whatever the order of their keys", () => {
    assert.deepEqual(planDifference(base, JSON.parse(JSON.stringify(base)) as Plan), []);
    const { tasks, ...rest } = base;
    assert.deepEqual(planDifference(base, { tasks, ...rest, limits: undefined } as unknown as Plan), []);
  });

  test("names tasks that came and went", () => {
    const { b, ...rest } = base.tasks;
    assert.ok(b);
    assert.deepEqual(withTasks({ ...rest, c: after("c", "a") }), [
      'task "b" was removed',
      'task "c": trigger "c" was: after b; is: after a',
    ]);
    assert.deepEqual(withTasks({ ...base.tasks, d: { does: { plan: "child" }, when: after("d", "a", "c").when } }), [
      'task "d" was added: runs "child", after a, c',
    ]);
  });

  test("sees through a rename", () => {
    assert.deepEqual(changed({ tasks: { a: after("a"), review: after("review", "a"), c: after("c", "review") } }), [
      'task "b" was renamed to "review"',
    ]);
    const grouped = plan({ x: after("x"), g: group("x") }) as Plan;
    assert.deepEqual(planDifference(grouped, plan({ y: after("y"), g: group("y") }) as Plan), ['task "x" was renamed to "y"']);
    assert.deepEqual(
      planDifference(
        base,
        plan({ a: after("a"), b: after("b", "a"), end: after("end", "b") }, { channels: base.channels, output: { task: "end" } }) as Plan,
      ),
      ['task "c" was renamed to "end"'],
    );
  });

  test("does not guess a rename between several of a kind", () => {
    const two = plan({ a: { does: work, when: [] }, b: { does: work, when: [] } }) as Plan;
    const others = plan({ c: { does: work, when: [] }, d: { does: work, when: [] } }) as Plan;
    assert.deepEqual(planDifference(two, others), [
      'task "a" was removed',
      'task "b" was removed',
      'task "c" was added: does "work"',
      'task "d" was added: does "work"',
    ]);
    assert.equal(planDifference(two, plan({ c: { does: work, when: [] } }) as Plan).length, 3);
    assert.equal(planDifference(plan({ c: { does: work, when: [] } }) as Plan, two).length, 3);
  });

  test("names what changed in a task, with both sides", () => {
    const c = after("c", "b");
    assert.deepEqual(withTasks({ ...base.tasks, c: { ...c, does: { use: "work", with: { n: [1, 2], s: "x" } } } }), [
      'task "c": does.with was absent, is {"n":[1,2],"s":"x"}',
    ]);
    assert.deepEqual(withTasks({ ...base.tasks, c: { ...c, policy: { retry: { attempts: 3 } }, title: "See" } }), [
      'task "c": policy was absent, is {"retry":{"attempts":3}}',
      'task "c": title was absent, is "See"',
    ]);
    assert.deepEqual(
      planDifference(
        { ...base, tasks: { c: { ...c, policy: { retry: { attempts: 3 } } } } },
        { ...base, tasks: { c: { ...c, policy: { retry: { attempts: 5 } } } } },
      ),
      ['task "c": policy.retry.attempts was 3, is 5'],
    );
  });

  test("names what changed in a trigger, in words", () => {
    const c = (trigger: object): Record<string, unknown> => ({
      ...base.tasks,
      c: { does: work, when: [{ id: "c", after: [{ from: "b", on: "ok" }], join: "all", untaken: "wait", ...trigger }] },
    });
    const lines = (trigger: object): string[] => withTasks(c(trigger));
    assert.deepEqual(
      lines({
        after: [
          { from: "b", on: "failed" },
          { from: "a", on: "ok", label: "late" },
        ],
        join: "any",
      }),
      ['task "c": trigger "c" was: after b; is: after any of b (failed), a (late)'],
    );
    assert.deepEqual(lines({ untaken: "skip", idle: true }), ['task "c": trigger "c" was: after b; is: after b, or skipped, when idle']);
    assert.deepEqual(lines({ join: 1 }), ['task "c": trigger "c".join was "all", is 1']);
    assert.deepEqual(lines({ id: "other" }), [
      'task "c": trigger "c" was removed: after b',
      'task "c": trigger "other" was added: after b',
    ]);
    const at = (schedule: object): string[] => withTasks({ ...base.tasks, c: { does: work, when: [{ id: "c", at: schedule }] } });
    assert.deepEqual(at({ everyMs: 5_000, times: 3 }), ['task "c": trigger "c" was: after b; is: every 5s, 3 times']);
    assert.deepEqual(at({ atMs: 0 }), ['task "c": trigger "c" was: after b; is: at 1970-01-01T00:00:00.000Z']);
    const on = (data: object): string[] => withTasks({ ...base.tasks, c: { does: work, when: [{ id: "c", ...data }] } });
    assert.deepEqual(
      on({
        on: [
          { slot: 0, type: "note", count: 2, where: { use: "urgent" } },
          { slot: 1, type: "draft", count: 1 },
        ],
        by: ["corr"],
        within: { ms: 1_500, count: 4 },
      }),
      ['task "c": trigger "c" was: after b; is: on 2 note where urgent and draft by corr, within 1500ms, within 4 artifacts'],
    );
    assert.deepEqual(on({ on: [{ slot: 0, type: "note", count: 1 }], by: [], batch: { size: 3, ms: 60_000 } }), [
      'task "c": trigger "c" was: after b; is: on note, 3 at a time, gathered for 1m',
    ]);
  });

  test("names another order of tasks and of triggers", () => {
    const { a, b, c } = base.tasks;
    assert.deepEqual(withTasks({ a, c, b }), ['tasks stand in another order: "c" now comes before "b"']);
    const twice = (...ids: string[]): Plan => plan({ t: { does: work, when: ids.map((id) => ({ id, at: { atMs: 1 } })) } }) as Plan;
    assert.deepEqual(planDifference(twice("x", "y"), twice("y", "x")), ['task "t": its triggers stand in another order: y, x']);
  });

  test("names channels, output, limits and the plan's own fields", () => {
    assert.deepEqual(changed({ channels: { v: { kind: "append" }, w: { kind: "sum" } } }), [
      'channel "v".kind was "value", is "append"',
      'channel "w" was added: sum',
    ]);
    assert.deepEqual(changed({ channels: {} }), ['channel "v" was removed']);
    assert.deepEqual(changed({ output: { channels: ["v"] } }), ['output.task was "c", is absent', 'output.channels was absent, is ["v"]']);
    assert.deepEqual(changed({ name: "q", discipline: "superstep", limits: { rounds: 2 } }), [
      'name was "p", is "q"',
      'discipline was "eager", is "superstep"',
      'limits was absent, is {"rounds":2}',
    ]);
  });

  test("cuts long values and does not follow deep ones", () => {
    let deep: Json = 1;
    for (let level = 0; level < 2_000; level += 1) deep = [deep];
    const lines = withTasks({ ...base.tasks, c: { ...after("c", "b"), does: { use: "work", with: deep } } });
    assert.match(lines[0] ?? "", /^task "c": does\.with was absent, is \[{60}…$/);
  });

  test("is empty exactly when the hashes are equal", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(6), (seed, other, kind) => {
        const make = (from: number): Plan => {
          const dice = new Dice(from);
          return randomPlan(dice, randomTemper(dice));
        };
        const one = make(seed);
        const two = kind === 0 ? make(seed) : touched(one, new Dice(other), kind);

        const lines = planDifference(one, two);
        assert.equal(lines.length === 0, planHash(one) === planHash(two), JSON.stringify([one, two, lines]));
        assert.ok(
          lines.every((line) => line.length < 400 && !line.includes("\n") && !line.includes("undefined")),
          lines.join("\n"),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

const optional = new Set(["failure", "idle", "initial", "activations", "rounds", "label", "times"]);

/** A copy with one thing changed somewhere: order, a key, a value. */
function touched(original: Plan, dice: Dice, kind: number): Plan {
  const copy = JSON.parse(JSON.stringify(original)) as Plan & { tasks: Record<string, unknown> };
  if (kind === 1) return { ...copy, tasks: Object.fromEntries(dice.shuffled(Object.entries(copy.tasks))) };
  const places: [Record<string, unknown>, string][] = [];
  const gather = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      gather((value as Record<string, unknown>)[key]);
    }
  };
  gather({ ...copy.tasks, channels: copy.channels, output: copy.output, limits: copy.limits });
  const leaves = places.filter(([holder, key]) => typeof holder[key] !== "object" && key !== "id" && key !== "from");
  if (leaves.length === 0) return copy;
  const [holder, key] = dice.pick(leaves);
  if (kind === 2) holder[key] = typeof holder[key] === "number" ? holder[key] + 1 : dice.pick(["any", "all", "ok", "skip", "x"]);
  else if (kind === 3 && optional.has(key)) delete holder[key];
  else if (!Array.isArray(holder)) holder.extra = 1;
  return copy;
}
