import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, type Command, type RunEvent, type RunState } from "@heddle/kernel";
import { brief, ended, failed, plan, start, task, verbsOnly } from "./small-plan.ts";

/** Takes note that the run has ended as it was to end. */
function closed(run: RunState, commands: readonly Command[]): void {
  const end = commands.at(-1);
  assert.equal(end?.type, "end-run");
  if (end?.type === "end-run") advance(run, { type: "run-ended", atMs: 0, outcome: end.outcome });
}

const reset = (...tasks: string[]): RunEvent => ({ type: "tasks-reset", atMs: 0, tasks });

describe("a reset goes on with an end that came while the run was ending", () => {
  test("with its verbs, but not with its wish to end the run", () => {
    const { run } = start(plan({ a: task("a"), b: task("b"), x: verbsOnly() }));
    advance(run, failed(1));
    closed(run, advance(run, ended(2, { verbs: [{ next: "x", input: 5 }, { end: "ok" }] })));

    assert.deepEqual(brief(advance(run, reset("a"))), ["start-task a 4", "start-task x 5"]);
  });

  test("and starts again what was cancelled, though nobody named it, as it was started before", () => {
    const { run } = start(plan({ a: task("a"), b: task("b"), x: verbsOnly() }));
    advance(run, ended(2, { verbs: [{ next: "x", input: { page: 3 } }] }));
    advance(run, failed(1));
    closed(run, advance(run, ended(3, { outcome: { status: "cancelled" } })));

    const again = advance(run, reset());

    assert.deepEqual(
      again.map((command) => (command.type === "start-task" ? [command.task, command.nth, command.input] : command.type)),
      [["x", 2, { page: 3 }]],
    );
  });
});

test("a reset starts only the uppermost of the named tasks; the others wait for it", () => {
  const { run } = start(plan({ a: task("a"), b: task("b", { from: "a", on: "ended" }), c: task("c", "b") }, { failure: "drain" }));
  advance(run, failed(1));
  closed(run, advance(run, failed(2)));

  const commands = advance(run, reset("c", "b", "a"));

  assert.deepEqual(brief(commands), ["start-task a 4"]);
  assert.deepEqual(brief(advance(run, ended(4))), ["start-task b 5"]);
});

test("a reset of tasks in a circle starts the first of them in the plan's order", () => {
  const circle = {
    start: task("start"),
    a: {
      does: { use: "work" },
      when: [
        {
          id: "a.when",
          after: [
            { from: "start", on: "ok" },
            { from: "b", on: "ok", label: "again" },
          ],
          join: "any",
          untaken: "wait",
        },
      ],
    },
    b: task("b", "a"),
  } as const;
  const { run } = start(plan(circle));
  advance(run, ended(1));
  advance(run, ended(2));
  closed(run, advance(run, ended(3)));

  assert.deepEqual(brief(advance(run, reset("b", "a"))), ["start-task a 5"]);
});

test("a failure outside of what is reset still fails the run, and stops nothing", () => {
  const { run } = start(plan({ a: task("a"), b: task("b"), after: task("after", "b") }));
  advance(run, failed(1, "stays"));
  closed(run, advance(run, failed(2, "goes")));
  assert.deepEqual(brief(advance(run, reset("b"))), ["start-task b 4"]);
  assert.deepEqual(brief(advance(run, ended(4))), ["start-task after 5"]);

  const [end] = advance(run, ended(5));

  assert.deepEqual(end?.type === "end-run" && end.outcome, { status: "failed", error: { name: "Error", message: "stays" } });
});

test("names that are no root tasks are left out, and a run that has not ended is not reset", () => {
  const { run } = start(plan({ a: task("a") }));
  assert.deepEqual(advance(run, reset("a")), []);
  closed(run, advance(run, ended(1)));

  assert.deepEqual(brief(advance(run, reset("nope", "__proto__", "a"))), ["start-task a 3"]);
});
