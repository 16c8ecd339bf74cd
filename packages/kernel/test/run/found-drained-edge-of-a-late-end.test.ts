import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Outcome, type Plan, type RunEvent, type Trigger, type Verb } from "@heddle/kernel";

const open = (id: string): Trigger => ({ id, after: [], join: "all", untaken: "wait" });

const plan: Plan = {
  heddle: 1,
  name: "late-and-drained",
  discipline: "eager",
  tasks: {
    top: { does: { use: "work" }, when: [open("top.open")] },
    item: { does: { use: "work" }, when: [open("item.open")] },
    bad: { does: { use: "work" }, when: [open("bad.open")] },
    sink: {
      does: { use: "work" },
      when: [
        {
          id: "sink.in",
          after: [
            { from: "bad", on: "ok" },
            { from: "item", on: "drained" },
          ],
          join: "all",
          untaken: "wait",
        },
      ],
    },
  },
};

// Found by properties.test.ts, seed 2766.
test("a reset delivers a drained edge again though its source also has an end that came too late to be followed", () => {
  const run = createRun(compilePlan(plan));
  const error = { name: "Error", message: "no" };
  const ended = (no: number, task: string, outcome: Outcome, verbs: readonly Verb[] = []): RunEvent => ({
    atMs: 0,
    type: "task-ended",
    no,
    task,
    outcome,
    verbs,
  });
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  advance(run, ended(1, "top", { status: "completed" }, [{ spawn: "item", items: [] }]));
  advance(run, ended(3, "bad", { status: "failed", error }));
  advance(run, ended(2, "item", { status: "completed" }));
  advance(run, { atMs: 0, type: "run-ended", outcome: { status: "failed", error } });
  advance(run, { atMs: 0, type: "tasks-reset", tasks: ["bad"] });

  const [sink] = advance(run, ended(5, "bad", { status: "completed" }));

  assert.equal(sink?.type === "start-task" ? sink.task : sink?.type, "sink");
});
