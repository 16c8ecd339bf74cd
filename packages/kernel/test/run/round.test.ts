import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, type TaskEnded } from "@heddle/kernel";
import { channelValues, closesRound, pendingWrites } from "@heddle/kernel/internal";
import { brief, ended, failed, plan, start, task } from "./small-plan.ts";

const two = plan(
  { a: task("a"), b: task("b"), after: task("after", "a", "b") },
  { discipline: "superstep", channels: { best: { kind: "fold", reducer: { use: "max" } } } },
);
const write = (no: number, value: number): TaskEnded => ended(no, { verbs: [{ write: "best", value }] }) as unknown as TaskEnded;

describe("the round that an answer would close", () => {
  test("is closed by the answer to its last open activation, whichever that is", () => {
    const { run } = start(two);
    assert.deepEqual(
      [1, 2, 3].map((no) => closesRound(run, no)),
      [false, false, false],
    );

    advance(run, write(2, 20) as never);

    assert.deepEqual(
      [1, 2, 3].map((no) => closesRound(run, no)),
      [true, false, false],
    );
  });

  test("shows its writes in the order in which they take effect, with those of the answer to come", () => {
    const { run } = start(two);
    advance(run, write(2, 20) as never);

    const short = pendingWrites(run, write(1, 10)).map(({ channel, value, task: by, no }) => [channel, value, by, no]);

    assert.deepEqual(short, [
      ["best", 10, "a", 1],
      ["best", 20, "b", 2],
    ]);
    assert.deepEqual(
      pendingWrites(run).map(({ no }) => no),
      [2],
    );
    assert.deepEqual(channelValues(run), {}, "nothing has taken effect yet");
    assert.deepEqual(brief(advance(run, { ...write(1, 10), atMs: 0, merged: { best: 20 } })), ["start-task after 3"]);
    assert.deepEqual(channelValues(run), { best: 20 });
    assert.deepEqual(pendingWrites(run), []);
  });

  test("leaves out what a failed task wrote", () => {
    const { run } = start({ ...two, failure: "drain" });
    advance(run, { ...failed(2), verbs: [{ write: "best", value: 5 }] } as never);

    assert.deepEqual(pendingWrites(run), []);
    assert.equal(closesRound(run, 1), true);
  });

  test("is closed while the run ends too, and its writes take effect", () => {
    const { run } = start(two);
    advance(run, write(1, 10) as never);
    advance(run, { type: "cancel-requested", atMs: 0 });
    assert.equal(closesRound(run, 2), true);

    assert.deepEqual(brief(advance(run, { ...ended(2, { outcome: { status: "cancelled" } }), merged: { best: 10 } } as never)), [
      "end-run cancelled",
    ]);
    assert.deepEqual(channelValues(run), { best: 10 });
  });

  test("is never closed in an eager plan", () => {
    const { run } = start(plan({ a: task("a") }));
    assert.equal(closesRound(run, 1), false);
    assert.deepEqual(pendingWrites(run), []);
  });
});
