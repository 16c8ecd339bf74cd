import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Outcome, type Plan, type RunEvent, type Trigger, type Verb } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "stopped-first",
  discipline: "superstep",
  tasks: {
    early: { does: { group: ["a", "item"], policy: { use: "all" }, failure: "stop" }, when: [open("early.open")] },
    late: { does: { group: ["b"], policy: { use: "all" } }, when: [open("late.open")] },
    a: { does: { use: "work" }, when: [open("a.open")] },
    item: { does: { use: "work" }, when: [] },
    b: { does: { use: "work" }, when: [open("b.open")] },
  },
};

// Found by properties.test.ts, seeds 1208 and 1410.
test("frames inside a stopped group are gone before the frames settle, so the group that opened first is decided first", () => {
  const run = createRun(compilePlan(plan));
  const ended = (no: number, task: string, outcome: Outcome, verbs: readonly Verb[] = []): RunEvent => ({
    atMs: 0,
    type: "task-ended",
    no,
    task,
    outcome,
    verbs,
  });
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  advance(run, ended(2, "a", { status: "completed" }, [{ spawn: "item", items: [1, 2] }]));
  advance(run, ended(4, "b", { status: "completed" }, [{ iterate: 2 }]));
  advance(run, ended(5, "item", { status: "failed", error: { name: "Error", message: "no" } }));
  advance(run, ended(6, "item", { status: "cancelled" }));

  const decisions = advance(run, ended(7, "b", { status: "completed" }));

  assert.deepEqual(
    decisions.map((command) => (command.type === "decide-group" ? command.task : command.type)),
    ["early", "late"],
  );
});
