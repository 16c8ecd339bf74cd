import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, type Plan, type RunEvent, type Task } from "@heddle/kernel";
import { lastOutcome } from "@heddle/kernel/internal";
import { brief, ended, failed, group, plan, start, task } from "./small-plan.ts";

const kept = (tasks: Record<string, Task>, more: Partial<Plan> = {}): Plan => plan(tasks, { failure: "keep", ...more });

function skipping(id: string, from: string): Task {
  return { does: { use: "work" }, when: [{ id: `${id}.when`, after: [{ from, on: "ok" }], join: "all", untaken: "skip" }] };
}

describe("a plan that keeps failures", () => {
  test("goes on beside a failure, blocks what depends on it, and ends completed", () => {
    const { run } = start(kept({ a: task("a"), b: task("b"), after: skipping("after", "a"), last: skipping("last", "after") }));

    assert.deepEqual(brief(advance(run, failed(1))), []);
    assert.deepEqual(lastOutcome(run, "last", []), { status: "blocked", by: "a" });
    const [end, ...rest] = advance(run, ended(2, { outcome: { status: "completed", value: "of b" } }));
    assert.deepEqual(rest, []);
    assert.deepEqual(end?.type === "end-run" && end.outcome, { status: "completed", value: { b: "of b" } });
    assert.equal(lastOutcome(run, "a", [])?.status, "failed");
  });

  test("ends completed when the failure is the last that happens, and when all there is fails", () => {
    const { run } = start(kept({ a: task("a") }));
    assert.deepEqual(brief(advance(run, failed(1))), ["end-run completed"]);
  });

  test("keeps an outcome that timed out or is unknown in the same way", () => {
    for (const status of ["timed-out", "unknown"] as const) {
      const { run } = start(kept({ a: task("a") }));
      const event: RunEvent = ended(1, { outcome: { status, error: { name: "Error", message: "no" } } });
      assert.deepEqual(brief(advance(run, event)), ["end-run completed"]);
    }
  });

  test("keeps the verdict of a failed group, and lets the group stop what is in it", () => {
    const { run } = start(kept({ g: group(["m", "n"], { failure: "stop" }), m: task("m"), n: task("n"), aside: task("aside") }));
    assert.deepEqual(brief(advance(run, failed(2))), ["cancel-task 3"]);
    assert.deepEqual(brief(advance(run, ended(3, { outcome: { status: "cancelled" } }))), ["decide-group g 1"]);
    assert.deepEqual(brief(advance(run, failed(1))), []);
    assert.deepEqual(brief(advance(run, ended(4))), ["end-run completed"]);
  });

  test("is stalled all the same by a join that waits for what failed, and names it without a cause", () => {
    const { run } = start(kept({ a: task("a"), b: task("b"), both: task("both", "a", "b") }));
    advance(run, failed(1));
    const [end] = advance(run, ended(2));
    assert.ok(end?.type === "end-run" && end.outcome.status === "failed");
    assert.equal(end.outcome.error.code, "RUN_STALLED");
    assert.equal(end.outcome.error.cause, undefined);
  });

  test("does not start the rest of a superstep plan over: the next round goes on without what failed", () => {
    const { run } = start(
      kept({ a: task("a"), b: task("b"), afterA: task("afterA", "a"), afterB: task("afterB", "b") }, { discipline: "superstep" }),
    );
    assert.deepEqual(brief(advance(run, failed(1))), []);
    assert.deepEqual(brief(advance(run, ended(2))), ["start-task afterB 3"]);
    assert.deepEqual(brief(advance(run, ended(3))), ["end-run completed"]);
  });

  test("still fails at once by a verb that is refused, whatever it keeps", () => {
    const { run } = start(kept({ a: task("a") }));
    assert.deepEqual(brief(advance(run, ended(1, { verbs: [{ take: "nowhere" }] }))), ["end-run failed"]);
  });
});
