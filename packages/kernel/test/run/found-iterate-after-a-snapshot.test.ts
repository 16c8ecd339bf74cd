import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, restoreRun, snapshotRun, type Json, type Plan, type Trigger } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "member-iterates",
  discipline: "eager",
  tasks: {
    g: { does: { group: ["m"], policy: { use: "all" } }, when: [open("g.open")] },
    m: { does: { use: "work" }, when: [open("m.open")] },
  },
};

// Found by properties.test.ts, seeds 486 and 647.
test("a member that iterates after its run was restored goes on counting its starts", () => {
  const run = createRun(compilePlan(plan));
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  const restored = restoreRun(compilePlan(plan), JSON.parse(JSON.stringify(snapshotRun(run))) as Json);

  const [again] = advance(restored, {
    atMs: 0,
    type: "task-ended",
    no: 2,
    task: "m",
    outcome: { status: "completed" },
    verbs: [{ iterate: 2 }],
  });

  assert.equal(again?.type === "start-task" ? again.nth : undefined, 2);
});
