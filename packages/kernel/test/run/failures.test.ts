import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, outstanding } from "@heddle/kernel";
import { brief, ended, failed, group, plan, start, task } from "./small-plan.ts";

describe("a stopped group", () => {
  const nested = plan({
    outer: group(["p", "inner", "r"], { failure: "stop" }),
    p: task("p"),
    inner: group(["q"]),
    q: task("q"),
    r: task("r"),
    aside: task("aside"),
  });

  test("tells what is open in it and in its inner groups to cancel, by number, and nothing beside it", () => {
    const { run } = start(nested);

    assert.deepEqual(brief(advance(run, failed(2))), ["cancel-task 4", "cancel-task 5"]);
    assert.deepEqual(
      outstanding(run).map(({ no }) => no),
      [4, 5, 6],
      "those told to cancel have not answered yet",
    );
  });

  test("asks for its verdict when all have answered, whatever they answer, and starts nothing of it", () => {
    const { run } = start(nested);
    advance(run, failed(2));
    assert.deepEqual(brief(advance(run, ended(5, { verbs: [{ next: "p" }, { take: "unheard" }] }))), []);

    const [decision] = advance(run, {
      type: "task-retried",
      atMs: 0,
      no: 4,
      task: "q",
      error: { name: "Error", message: "again" },
      dueAtMs: 9,
    });

    assert.deepEqual(decision?.type === "decide-group" && decision.members.map((member) => [member.task, member.outcome.status]), [
      ["p", "failed"],
      ["inner", "cancelled"],
      ["r", "completed"],
    ]);
  });

  test("is not stopped again by a second failure", () => {
    const { run } = start(nested);
    advance(run, failed(2));

    assert.deepEqual(brief(advance(run, failed(5))), []);
  });
});

test("the first of several failures is the run's error, and all are told to cancel once", () => {
  const { run } = start(plan({ a: task("a"), b: task("b"), c: task("c") }));
  assert.deepEqual(brief(advance(run, failed(2, "first"))), ["cancel-task 1", "cancel-task 3"]);
  assert.deepEqual(brief(advance(run, failed(1, "second"))), []);

  const [end] = advance(run, ended(3));

  assert.deepEqual(end, { type: "end-run", no: 4, outcome: { status: "failed", error: { name: "Error", message: "first" } } });
});
