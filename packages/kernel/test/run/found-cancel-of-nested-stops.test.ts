import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Plan, type Trigger } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "stopped-twice",
  discipline: "eager",
  tasks: {
    outer: { does: { group: ["inner", "r"], policy: { use: "all" }, failure: "stop" }, when: [open("outer.open")] },
    inner: { does: { group: ["p", "q"], policy: { use: "all" }, failure: "stop" }, when: [open("inner.open")] },
    p: { does: { use: "work" }, when: [open("p.open")] },
    q: { does: { use: "work" }, when: [open("q.open")] },
    r: { does: { use: "work" }, when: [open("r.open")] },
  },
};

// Found by properties.test.ts, seed 8176.
test("a task that its own group told to cancel is not told again when the group around is stopped", () => {
  const run = createRun(compilePlan(plan));
  const error = { name: "Error", message: "no" };
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  const inner = advance(run, { atMs: 0, type: "task-ended", no: 3, task: "p", outcome: { status: "failed", error } });
  assert.deepEqual(inner, [{ type: "cancel-task", no: 4 }]);

  const outer = advance(run, { atMs: 0, type: "task-ended", no: 5, task: "r", outcome: { status: "failed", error } });

  assert.deepEqual(outer, []);
});
