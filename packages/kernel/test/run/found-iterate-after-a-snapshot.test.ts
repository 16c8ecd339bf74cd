import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, restoreRun, snapshotRun, type Json, type Plan, type Trigger } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "inner-group-iterates",
  discipline: "eager",
  tasks: {
    outer: { does: { group: ["inner"], policy: { use: "all" } }, when: [open("outer.open")] },
    inner: { does: { group: ["m"], policy: { use: "all" } }, when: [open("inner.open")] },
    m: { does: { use: "work" }, when: [] },
  },
};

// Found by properties.test.ts, seeds 486 and 647.
test("an inner group that iterates after its run was restored goes on counting its starts", () => {
  const run = createRun(compilePlan(plan));
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  const restored = restoreRun(compilePlan(plan), JSON.parse(JSON.stringify(snapshotRun(run))) as Json);

  const commands = advance(restored, {
    atMs: 0,
    type: "task-ended",
    no: 2,
    task: "inner",
    outcome: { status: "completed" },
    verbs: [{ iterate: 2 }],
  });

  assert.deepEqual(
    commands.map((command) => (command.type === "decide-group" ? [command.task, command.nth] : command.type)),
    [["inner", 2]],
  );
});
