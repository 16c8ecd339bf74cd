import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Plan, type Trigger } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "stopped-while-iterating",
  discipline: "eager",
  tasks: {
    g: { does: { group: ["p", "q"], policy: { use: "all" }, failure: "stop" }, when: [open("g.open")] },
    p: { does: { use: "work" }, when: [open("p.open")] },
    q: { does: { use: "work" }, when: [open("q.open")] },
  },
};

// Found by properties.test.ts, seeds 17255 and 19424.
test("a member that would iterate has ended when its group is stopped, and the policy is told so", () => {
  const run = createRun(compilePlan(plan));
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  advance(run, { atMs: 0, type: "task-ended", no: 2, task: "p", outcome: { status: "failed", error: { name: "Error", message: "no" } } });

  const [decide] = advance(run, {
    atMs: 0,
    type: "task-ended",
    no: 3,
    task: "q",
    outcome: { status: "completed", value: 1 },
    verbs: [{ iterate: 2 }],
  });

  assert.deepEqual(decide?.type === "decide-group" ? decide.members : decide, [
    { task: "p", outcome: { status: "failed", error: { name: "Error", message: "no" } } },
    { task: "q", outcome: { status: "completed", value: 1 } },
  ]);
});
