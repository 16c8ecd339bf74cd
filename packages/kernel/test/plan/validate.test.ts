import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { checkPlan, compilePlan, validatePlan, type HeddleError, type Plan } from "@heddle/kernel";
import fc from "fast-check";
import { Dice } from "../oracle/dice.ts";
import { randomPlan, randomTemper } from "../oracle/random-plan.ts";
import { after, codes, group, ok, plan, skipping, work } from "./plan-parts.ts";
import "../seeded.ts";

describe("a plan without faults", () => {
  test("is taken as it is", () => {
    const good = plan({ a: after("a"), b: after("b", "a") });
    assert.deepEqual(validatePlan(good), []);
    assert.equal(checkPlan(good), good);
  });

  const folder = join(import.meta.dirname, "..", "plans");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    test(`is each hand-written one: ${file}`, () => {
      const fixture = JSON.parse(readFileSync(join(folder, file), "utf8")) as { readonly plan: unknown };
      assert.deepEqual(validatePlan(fixture.plan), []);
    });
  }

  test("is each random one that the interpreters are held against", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = new Dice(seed);
        const random = JSON.stringify(randomPlan(dice, randomTemper(dice)));
        // The kernel takes this name in its stride; plans may not use it, since not every reader of a plan would.
        assert.deepEqual(validatePlan(JSON.parse(random.replaceAll("__proto__", "proto"))), []);
      }),
      { numRuns: 500 },
    );
  });

  test("may hold fields that are undefined, as plans built by code do", () => {
    assert.deepEqual(
      validatePlan(plan({ a: { ...after("a"), title: undefined, policy: { retry: undefined } } }, { failure: undefined })),
      [],
    );
  });
});

const slot = (number: number, type = "note") => ({ slot: number, type, count: 1 });
const data = (on: object[], more: object = {}) => ({ does: work, when: [{ id: "t", on, by: [], ...more }] });
const board = { channels: { log: { kind: "log", type: "note" } } };

describe("a plan as a whole", () => {
  const cases: readonly [name: string, plan: unknown, expected: [path: string, code: string][], message: RegExp][] = [
    [
      "an edge from nowhere",
      plan({ b: after("b", "a") }),
      [["/tasks/b/when/0/after/0/from", "unknown-task"]],
      /"b" comes after "a", but there is no such task/,
    ],
    [
      "an edge named like what every object has",
      plan({ b: after("b", "constructor") }),
      [["/tasks/b/when/0/after/0/from", "unknown-task"]],
      /"constructor"/,
    ],
    [
      "an edge into a group",
      plan({ a: after("a"), b: after("b", "a"), g: group("b") }),
      [["/tasks/b/when/0/after/0/from", "edge-crosses-group"]],
      /"b", which is in the group "g", comes after "a", which is in no group/,
    ],
    [
      "an edge out of a group",
      plan({ a: after("a"), b: after("b", "a"), g: group("a") }),
      [["/tasks/b/when/0/after/0/from", "edge-crosses-group"]],
      /which is in the group "g"/,
    ],
    [
      "an edge from a member to its own group",
      plan({ a: after("a"), g: { ...group("a"), when: after("g", "a").when } }),
      [["/tasks/g/when/0/after/0/from", "edge-crosses-group"]],
      /"a"/,
    ],
    ["a member that is not there", plan({ g: group("x") }), [["/tasks/g/does/group/0", "unknown-task"]], /lists "x"/],
    ["a member twice", plan({ a: after("a"), g: group("a", "a") }), [["/tasks/g/does/group/1", "duplicate-member"]], /twice/],
    [
      "a member of two groups",
      plan({ a: after("a"), g: group("a"), h: group("a") }),
      [["/tasks/h/does/group/0", "two-groups"]],
      /"a" is in the groups "g" and "h"/,
    ],
    ["a group in itself", plan({ g: group("g") }), [["/tasks/g", "group-cycle"]], /"g" contains itself/],
    [
      "groups in one another",
      plan({ g: group("h"), h: group("i"), i: group("g"), j: group("a"), a: after("a") }),
      [["/tasks/g", "group-cycle"]],
      /"g", "i", "h" contain one another/,
    ],
    [
      "two triggers of one name",
      plan({ a: after("x"), b: after("x") }),
      [["/tasks/b/when/0/id", "duplicate-trigger"]],
      /"x": one of task "a" and one of "b"/,
    ],
    [
      "a label on another end",
      plan({
        a: after("a"),
        b: { does: work, when: [{ id: "b", after: [{ from: "a", on: "failed", label: "x" }], join: "all", untaken: "wait" }] },
      }),
      [["/tasks/b/when/0/after/0/label", "label-without-ok"]],
      /only a task that completed/,
    ],
    [
      "a join of more than its edges",
      plan({ a: after("a"), b: { does: work, when: [{ id: "b", after: [ok("a")], join: 2, untaken: "wait" }] } }),
      [["/tasks/b/when/0/join", "join-range"]],
      /waits for 2 tokens but has one edge/,
    ],
    [
      "a join of no edges",
      plan({ a: { does: work, when: [{ id: "a", after: [], join: "any", untaken: "wait" }] } }),
      [["/tasks/a/when/0/join", "join-without-edges"]],
      /joins nothing/,
    ],
    [
      "artifacts for a member",
      plan({ a: data([slot(0)]), g: group("a") }, board),
      [["/tasks/a/when/0", "not-at-root"]],
      /artifacts cannot start a member/,
    ],
    [
      "a clock for a member",
      plan({ a: { does: work, when: [{ id: "t", at: { atMs: 1 } }] }, g: group("a") }),
      [["/tasks/a/when/0", "not-at-root"]],
      /the clock cannot start a member/,
    ],
    ["a type that no log holds", plan({ a: data([slot(0, "memo")]) }, board), [["/tasks/a/when/0/on/0/type", "unknown-type"]], /"memo"/],
    ["slots with a gap", plan({ a: data([slot(0), slot(2)]) }, board), [["/tasks/a/when/0/on", "slot-numbers"]], /numbered 0, 2/],
    ["slots with one number", plan({ a: data([slot(0), slot(0)]) }, board), [["/tasks/a/when/0/on", "slot-numbers"]], /numbered 0, 0/],
    [
      "a batch of two slots",
      plan({ a: data([slot(0), slot(1)], { batch: { size: 2 } }) }, board),
      [["/tasks/a/when/0/batch", "batch-slots"]],
      /has 2/,
    ],
    [
      "a batch that would drop nothing",
      plan({ a: data([slot(0)], { batch: { size: 2 }, within: { ms: 5 } }) }, board),
      [["/tasks/a/when/0/within", "batch-within"]],
      /would do nothing/,
    ],
    ["an empty batch", plan({ a: data([slot(0)], { batch: {} }) }, board), [["/tasks/a/when/0/batch", "missing-key"]], /"batch" is empty/],
    [
      "an empty within",
      plan({ a: data([slot(0)], { within: {} }) }, board),
      [["/tasks/a/when/0/within", "missing-key"]],
      /"within" is empty/,
    ],
    ["no slot", plan({ a: data([]) }, board), [["/tasks/a/when/0/on", "value"]], /a list/],
    ["the same in by twice", plan({ a: data([slot(0)], { by: ["corr", "corr"] }) }, board), [["/tasks/a/when/0/by", "value"]], /twice/],
    [
      "a key that nothing asks for",
      plan({ a: data([{ ...slot(0), key: work }]) }, board),
      [["/tasks/a/when/0/on/0/key", "slot-key"]],
      /does not go by/,
    ],
    [
      "a key that is not there",
      plan({ a: data([slot(0)], { by: ["key"] }) }, board),
      [["/tasks/a/when/0/on/0", "slot-key"]],
      /does not say/,
    ],
    ["an output of no task", plan({}, { output: { task: "a" } }), [["/output/task", "unknown-task"]], /"a"/],
    ["an output of no channel", plan({}, { output: { channels: ["c"] } }), [["/output/channels/0", "unknown-channel"]], /"c"/],
    ["an output of a log", plan({}, { ...board, output: { channels: ["log"] } }), [["/output/channels/0", "log-channel"]], /has no value/],
    [
      "a write to no channel",
      plan({ a: { ...after("a"), writes: ["c"] } }),
      [["/tasks/a/writes/0", "unknown-channel"]],
      /Task "a" writes "c"/,
    ],
    [
      "an ephemeral channel where there are no rounds",
      plan({}, { channels: { "a/b": { kind: "ephemeral" } } }),
      [["/channels/a~1b/kind", "ephemeral-in-eager"]],
      /an eager plan has no rounds/,
    ],
    [
      "a keyed channel that begins with the same key twice",
      plan({}, { channels: { c: { kind: "keyed", key: "id", initial: [{ id: 1 }, { id: "1" }, { id: 1 }] } } }),
      [["/channels/c/initial/2", "keyed-initial"]],
      /two objects whose "id" is 1/,
    ],
    [
      "a keyed channel that begins with what has no key",
      plan({}, { channels: { c: { kind: "keyed", key: "id", initial: [{ name: 1 }, 3, { id: null }] } } }),
      [
        ["/channels/c/initial/0", "keyed-initial"],
        ["/channels/c/initial/1", "keyed-initial"],
        ["/channels/c/initial/2", "keyed-initial"],
      ],
      /with a text or a number as its "id"/,
    ],
    ["a write to a log", plan({ a: { ...after("a"), writes: ["log"] } }, board), [["/tasks/a/writes/0", "log-channel"]], /"log"/],
    ["rounds of an eager plan", plan({}, { limits: { rounds: 3 } }), [["/limits/rounds", "rounds-in-eager"]], /no rounds/],
  ];
  for (const [name, value, expected, message] of cases) {
    test(`is refused: ${name}`, () => {
      assert.deepEqual(codes(value), expected);
      assert.match(validatePlan(value)[0]?.message ?? "", message);
      assert.match(validatePlan(value)[0]?.mend ?? "", /^[A-Z].*\.$/);
    });
  }

  test("tells all its faults at once, also beside parts that have no shape", () => {
    const value = {
      heddle: 1,
      name: "!",
      discipline: "eager",
      tasks: {
        a: { does: 5, when: [null, { id: "x", after: [{ from: "nobody", on: "ok" }, 7, { from: 3 }], join: 9, untaken: "wait" }] },
        b: "text",
        c: { ...after("x", "a"), writes: ["gone", 4], extra: 1 },
        d: { does: { group: ["c", 6, "gone"], policy: work }, when: [] },
      },
      output: { task: "gone" },
    };
    assert.deepEqual(
      codes(value)
        .map(([path, code]) => `${path} ${code}`)
        .sort(),
      [
        "/name id",
        "/output/task unknown-task",
        "/tasks/a/does value",
        "/tasks/a/when/0 value",
        "/tasks/a/when/1/after/0/from unknown-task",
        "/tasks/a/when/1/after/1 value",
        "/tasks/a/when/1/after/2 missing-key",
        "/tasks/a/when/1/after/2/from value",
        "/tasks/a/when/1/join join-range",
        "/tasks/b value",
        "/tasks/c/extra unknown-key",
        "/tasks/c/when/0/after/0/from edge-crosses-group",
        "/tasks/c/when/0/id duplicate-trigger",
        "/tasks/c/writes/0 unknown-channel",
        "/tasks/c/writes/1 value",
        "/tasks/d/does/group/1 value",
        "/tasks/d/does/group/2 unknown-task",
      ],
    );
  });

  test("is never a reason to throw, whatever it is", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (one, other, third) => {
        for (const value of [
          one,
          plan({ a: one, b: { does: other, when: [third] } }),
          plan({ a: { does: { group: [one] }, when: [other] } }, { channels: third }),
          { tasks: { a: { when: one, writes: other } }, output: third },
        ]) {
          assert.ok(Array.isArray(validatePlan(value)));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("checkPlan", () => {
  test("throws one error with every fault, where it is and what to do", () => {
    assert.throws(
      () => checkPlan(plan({ b: after("b", "a"), c: { ...after("c"), x: 1 } })),
      (error: HeddleError) => {
        assert.equal(error.code, "PLAN_INVALID");
        assert.equal((error.data.faults as unknown[]).length, 2);
        assert.match(
          error.message,
          /^Plan "p" has 2 faults:\n {2}\/tasks\/c\/x: "c" has a key "x" that means nothing\. .*\n {2}\/tasks\/b\/when\/0\/after\/0\/from: Task "b" comes after "a", but there is no such task\. Correct the name, or add the task\.$/,
        );
        return true;
      },
    );
  });

  test("lists twenty faults in its message and keeps the rest as data", () => {
    const tasks = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`t${number}`, after(`t${number}`, "gone")]));
    assert.throws(
      () => checkPlan(plan(tasks)),
      (error: HeddleError) => error.message.endsWith("… and 10 more.") && (error.data.faults as unknown[]).length === 30,
    );
  });

  test("says PLAN_CYCLE when cycles are all that is wrong", () => {
    assert.throws(() => checkPlan(plan({ a: skipping("a", "a") })), { code: "PLAN_CYCLE" });
    assert.throws(() => checkPlan(plan({ g: group("g") })), { code: "PLAN_CYCLE" });
    assert.throws(() => checkPlan(plan({ a: skipping("a", "a"), b: after("b", "gone") })), { code: "PLAN_INVALID" });
  });

  test("refuses every plan that cannot be compiled", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = new Dice(seed);
        const broken = JSON.parse(JSON.stringify(randomPlan(dice, randomTemper(dice)))) as Plan;
        const ids = Object.keys(broken.tasks);
        const task = broken.tasks[dice.pick(ids)] as unknown as { when: { after?: { from: string }[] }[] };
        for (const { after: edges = [] } of task.when) for (const edge of edges) edge.from = dice.pick([...ids, "gone"]);
        if (validatePlan(broken).length > 0) return;

        compilePlan(broken);
      }),
      { numRuns: 300 },
    );
  });
});
