import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Plan, type Trigger } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "stopped-then-cancelled",
  discipline: "eager",
  tasks: {
    g: { does: { group: ["p", "q"], policy: { use: "all" }, failure: "stop" }, when: [open("g.open")] },
    p: { does: { use: "work" }, when: [open("p.open")] },
    q: { does: { use: "work" }, when: [open("q.open")] },
    r: { does: { use: "work" }, when: [open("r.open")] },
  },
};

// Found by properties.test.ts, seed 1462.
test("a task that its stopped group told to cancel is not told again when the run is cancelled", () => {
  const run = createRun(compilePlan(plan));
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  const stop = advance(run, {
    atMs: 0,
    type: "task-ended",
    no: 2,
    task: "p",
    outcome: { status: "failed", error: { name: "Error", message: "no" } },
  });
  assert.deepEqual(stop, [{ type: "cancel-task", no: 3 }]);

  const cancel = advance(run, { atMs: 0, type: "cancel-requested" });

  assert.deepEqual(cancel, [{ type: "cancel-task", no: 4 }]);
});
