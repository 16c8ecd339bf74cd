import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, compilePlan, createRun, type Command, type Plan, type RunEvent, type Task } from "@heddle/kernel";

const work = (when: Task["when"], more: Partial<Task> = {}): Task => ({ does: { use: "work" }, when, ...more });
const after = (id: string, ...edges: { from: string; on: "ok" | "ended" }[]): Task["when"][number] => ({
  id,
  after: edges,
  join: "any",
  untaken: "wait",
});
const plan = (tasks: Plan["tasks"], channels: Plan["channels"] = {}): Plan => ({
  heddle: 1,
  name: "rounds",
  discipline: "superstep",
  tasks,
  channels,
});
const started = (commands: readonly Command[]): string[] => commands.flatMap((command) => ("task" in command ? [command.task] : []));

test("a task that ended cancelled in the round whose close broke off is started again by a reset, also when its turn had come", () => {
  const run = createRun(
    compilePlan(plan({ first: work([after("first.0")]), second: work([after("second.0")]), third: work([after("third.0")]) })),
  );
  const happens = (event: RunEvent): readonly Command[] => advance(run, event);
  happens({ atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  happens({ atMs: 0, type: "task-ended", no: 1, task: "first", outcome: { status: "cancelled" } });
  happens({
    atMs: 0,
    type: "task-ended",
    no: 2,
    task: "second",
    outcome: { status: "completed" },
    verbs: [{ write: "nowhere", value: 1 }],
  });
  const [end] = happens({ atMs: 0, type: "task-ended", no: 3, task: "third", outcome: { status: "completed" } });
  assert.equal(end?.type, "end-run");
  happens({ atMs: 0, type: "run-ended", outcome: { status: "failed", error: { name: "Error", message: "no" } } });

  assert.deepEqual(started(happens({ atMs: 0, type: "tasks-reset", tasks: [] })), ["first", "second", "third"]);
});

test("a group that the end of the run cut off as it opened is opened again by what a reset delivers", () => {
  const tasks: Plan["tasks"] = {
    source: work([after("source.0")]),
    group: {
      does: { group: [], policy: { use: "judge" }, failure: "drain" },
      when: [after("group.0", { from: "source", on: "ended" }, { from: "group", on: "ended" }, { from: "bridge", on: "ended" })],
    },
    root: work([]),
    bridge: work([after("bridge.0", { from: "root", on: "ended" })]),
  };
  const run = createRun(compilePlan(plan(tasks)));
  const happens = (event: RunEvent): readonly Command[] => advance(run, event);
  happens({ atMs: 0, type: "run-started", workflow: "w", planHash: "-" });
  happens({ atMs: 0, type: "task-ended", no: 1, task: "source", outcome: { status: "completed" } });
  const end = happens({ atMs: 0, type: "task-ended", no: 2, task: "group", outcome: { status: "completed" }, verbs: [{ end: "ok" }] });
  assert.equal(end.at(-1)?.type, "end-run");
  happens({ atMs: 0, type: "run-ended", outcome: { status: "completed" } });

  assert.deepEqual(started(happens({ atMs: 0, type: "tasks-reset", tasks: ["root"] })), ["root", "group"]);
});
