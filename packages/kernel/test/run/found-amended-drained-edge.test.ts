import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Plan } from "@heddle/kernel";

const plan: Plan = {
  heddle: 1,
  name: "two-spawns",
  discipline: "eager",
  tasks: {
    split: { does: { use: "work" }, when: [{ id: "split.open", after: [], join: "all", untaken: "wait" }] },
    item: { does: { use: "work" }, when: [] },
  },
};

// Found by properties.test.ts, seeds 3048 and 7655.
test("a new drained edge gets a token when the last spawn of its source has drained, though an earlier one has not", () => {
  const run = createRun(compilePlan(plan));
  const spawns = [
    { spawn: "item", items: [1] },
    { spawn: "item", items: [] },
  ];
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  advance(run, { atMs: 0, type: "task-ended", no: 1, task: "split", outcome: { status: "completed" }, verbs: spawns });

  const amended = advance(run, {
    atMs: 0,
    type: "plan-amended",
    tasks: {
      all: { does: { use: "work" }, when: [{ id: "all.in", after: [{ from: "item", on: "drained" }], join: "any", untaken: "wait" }] },
    },
  });

  assert.deepEqual(
    amended.map((command) => (command.type === "start-task" ? command.task : command.type)),
    ["all"],
  );
});
