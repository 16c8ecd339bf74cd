import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, compilePlan, hasCode, outstanding, restoreRun, snapshotRun, type Json } from "@heddle/kernel";
import { ended, failed, group, plan, start, task, verbsOnly } from "./small-plan.ts";

const unreadable = (error: unknown): boolean =>
  hasCode(error, "VALUE_UNREADABLE") && /Fold the journal from its start/.test((error as Error).message);

describe("a snapshot", () => {
  test("of another version, of another plan or of nothing is refused, with what to do", () => {
    const { run } = start(plan({ a: task("a"), b: task("b", "a") }));
    const snapshot = snapshotRun(run) as Record<string, Json>;

    assert.throws(() => restoreRun(run.plan, { ...snapshot, version: 2 }), unreadable);
    assert.throws(() => restoreRun(compilePlan(plan({ a: task("a") })), snapshot), unreadable);
    for (const nothing of [
      null,
      {},
      [],
      "text",
      { ...snapshot, frames: 1 },
      { ...snapshot, live: [{ type: "start-task", frame: 7 }] },
    ] as Json[]) {
      assert.throws(() => restoreRun(run.plan, nothing), unreadable);
    }
  });

  test("of an amended run restores over the tables of the plan that it began with", () => {
    const began = compilePlan(plan({ a: task("a"), last: task("last", "a") }));
    const { run } = start(plan({ a: task("a"), last: task("last", "a") }));
    advance(run, {
      type: "plan-amended",
      atMs: 0,
      tasks: { extra: task("extra", "a"), g: group(["m"], { after: ["extra"] }), m: task("m") },
    });
    const restored = restoreRun(began, JSON.parse(JSON.stringify(snapshotRun(run))) as Json);

    assert.equal(began.taskCount, 2);
    for (const event of [ended(1), ended(3), ended(5)]) assert.deepEqual(advance(restored, event), advance(run, event));
    assert.deepEqual(outstanding(restored), outstanding(run));
  });

  test("shares no list with the state: what comes after it does not change it", () => {
    const { run } = start(plan({ a: task("a"), x: verbsOnly() }, { channels: { notes: { kind: "append" } }, failure: "drain" }));
    advance(run, ended(1, { verbs: [{ write: "notes", value: 1 }, { spawn: "x", items: [1, 2, 3] }, { next: "a" }] }));
    advance(run, failed(5));
    const snapshot = snapshotRun(run);
    const before = JSON.stringify(snapshot);

    advance(run, ended(2, { verbs: [{ write: "notes", value: 2 }] }));
    advance(run, { type: "signal-received", atMs: 0, id: "s", name: "n" });
    advance(run, failed(3));
    advance(run, { type: "plan-amended", atMs: 0, tasks: { more: task("more", "a") } });

    assert.equal(JSON.stringify(snapshot), before);
  });

  test("of a large plan of which little has run is small", () => {
    const tasks = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`t${index}`, index === 0 ? task("t0") : task(`t${index}`, `t${index - 1}`)]),
    );
    const { run } = start(plan(tasks));
    advance(run, ended(1));

    assert.ok(JSON.stringify(snapshotRun(run)).length < 1000);
  });
});
