import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, outstanding, snapshotRun, type RunEvent, type RunState } from "@heddle/kernel";
import { ended, failed, group, plan, start, task } from "./small-plan.ts";

function changesNothing(run: RunState, event: RunEvent): void {
  const before = snapshotRun(run);
  const commands = advance(run, { ...event, atMs: 0 });
  assert.deepEqual(commands, []);
  assert.deepEqual(snapshotRun(run), before);
}

describe("an answer to nothing that is open", () => {
  test("is dropped when it comes a second time", () => {
    const { run } = start(plan({ a: task("a"), b: task("b", "a") }));
    advance(run, ended(1));

    changesNothing(run, ended(1));
    changesNothing(run, failed(1));
    changesNothing(run, { type: "task-retried", atMs: 0, no: 1, task: "a", error: { name: "Error", message: "no" }, dueAtMs: 5 });
  });

  test("is dropped when its number was never given out", () => {
    const { run } = start(plan({ a: task("a") }));

    changesNothing(run, ended(2));
    changesNothing(run, ended(0));
    changesNothing(run, { type: "timer-fired", atMs: 0, no: 1 });
  });

  test("is dropped when its number is long gone from the list of what is open", () => {
    const { run } = start(plan({ a: { does: { use: "work" }, when: task("a").when } }));
    for (let no = 1; no < 200; no++) advance(run, ended(no, { verbs: [{ iterate: no }] }));

    changesNothing(run, ended(3));
    assert.equal(outstanding(run).length, 1);
  });

  test("is dropped for a group whose verdict was not asked for yet, and for its verdict a second time", () => {
    const { run } = start(plan({ g: group(["m"]), m: task("m"), after: task("after", "g") }));

    changesNothing(run, ended(1));
    assert.equal(advance(run, ended(2))[0]?.type, "decide-group");
    assert.equal(advance(run, ended(1))[0]?.type, "start-task");
    changesNothing(run, ended(1));
  });

  test("is dropped after a verb ended the run, and after the run has ended", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }));
    const commands = advance(run, ended(1, { verbs: [{ end: "ok", value: 7 }] }));

    assert.deepEqual(commands, [
      { type: "cancel-task", no: 2 },
      { type: "end-run", no: 3, outcome: { status: "completed", value: 7 } },
    ]);
    changesNothing(run, ended(2));
    advance(run, { type: "run-ended", atMs: 0, outcome: { status: "completed", value: 7 } });
    changesNothing(run, ended(2));
    changesNothing(run, { type: "cancel-requested", atMs: 0 });
    changesNothing(run, { type: "signal-received", atMs: 0, id: "s", name: "go" });
    assert.deepEqual(outstanding(run), []);
  });

  test("is dropped before the run has started, as everything is", () => {
    const { run } = start(plan({ a: task("a") }));
    changesNothing(run, { type: "run-started", atMs: 9, workflow: "again", planHash: "-" });
  });
});
