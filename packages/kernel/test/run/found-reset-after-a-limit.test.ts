import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Command, type Plan } from "@heddle/kernel";

const plan: Plan = {
  heddle: 1,
  name: "limited",
  discipline: "eager",
  limits: { activations: 1 },
  tasks: { a: { does: { use: "work" }, when: [{ id: "a.open", after: [], join: "all", untaken: "wait" }] } },
};

test("a reset of nothing does not complete a run that reached its limit", () => {
  const run = createRun(compilePlan(plan));
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  const [limit] = advance(run, {
    atMs: 0,
    type: "task-ended",
    no: 1,
    task: "a",
    outcome: { status: "completed" },
    verbs: [{ iterate: 2 }],
  });
  assert.equal(codeOf(limit), "STEP_LIMIT");
  if (limit?.type !== "end-run") return;
  advance(run, { atMs: 0, type: "run-ended", outcome: limit.outcome });

  const again = advance(run, { atMs: 0, type: "tasks-reset", tasks: [] });

  assert.equal(again.length, 1);
  assert.equal(codeOf(again[0]), "STEP_LIMIT");
});

test("a reset of a run that reached its limit ends it by that, also when it ended otherwise since", () => {
  const run = createRun(compilePlan(plan));
  advance(run, { atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  advance(run, { atMs: 0, type: "task-ended", no: 1, task: "a", outcome: { status: "completed" }, verbs: [{ iterate: 2 }] });
  advance(run, { atMs: 0, type: "run-ended", outcome: { status: "timed-out", error: { name: "Error", message: "late" } } });

  assert.equal(codeOf(advance(run, { atMs: 0, type: "tasks-reset", tasks: ["a"] })[0]), "STEP_LIMIT");
});

function codeOf(command: Command | undefined): string | undefined {
  return command?.type === "end-run" && command.outcome.status === "failed" ? command.outcome.error.code : undefined;
}
