import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, type Command, type ControlTrigger, type Edge, type Task } from "@heddle/kernel";
import { lastOutcome } from "@heddle/kernel/internal";
import { brief, ended, failed, plan, start, task, verbsOnly } from "./small-plan.ts";

function joined(join: ControlTrigger["join"], untaken: ControlTrigger["untaken"], ...after: readonly Edge[]): Task {
  return { does: { use: "work" }, when: [{ id: "join.when", after, join, untaken }] };
}

const ok = (from: string): Edge => ({ from, on: "ok" });

function startedTasks(commands: readonly Command[]): string[] {
  return commands.flatMap((command) => (command.type === "start-task" ? [command.task] : []));
}

describe("a join that can be skipped", () => {
  test("blames the first tainted token of an edge, also when an untainted one came before it", () => {
    for (const join of ["any", 1] as const) {
      const { run } = start(
        plan(
          {
            a: task("a"),
            b: task("b"),
            c: joined(join, "skip", { from: "a", on: "ok", label: "never" }, { from: "b", on: "ok", label: "never" }),
          },
          { failure: "drain" },
        ),
      );
      advance(run, ended(1, { verbs: [{ next: "a" }] }));
      assert.equal(lastOutcome(run, "c", []), undefined);
      advance(run, failed(3));
      advance(run, ended(2));

      assert.deepEqual(lastOutcome(run, "c", []), { status: "blocked", by: "a" });
    }
  });

  test("keeps tokens that come again in their order, and blames what the oldest carries", () => {
    const { run } = start(plan({ a: task("a"), b: task("b"), c: joined("all", "skip", ok("a"), ok("b")) }, { failure: "drain" }));
    advance(run, ended(1, { verbs: [{ next: "a" }] }));
    advance(run, failed(3));

    assert.deepEqual(startedTasks(advance(run, ended(2, { verbs: [{ next: "b" }] }))), ["b", "c"].toReversed());
    advance(run, ended(4));
    advance(run, ended(5));
    assert.deepEqual(
      lastOutcome(run, "c", []),
      { status: "completed", value: 4 },
      "skipped the second time, when it had been started before",
    );
  });

  test("is skipped only when all triggers of its task are", () => {
    const two: Task = {
      does: { use: "work" },
      when: [
        { id: "left", after: [ok("a")], join: "all", untaken: "skip" },
        { id: "right", after: [ok("b")], join: "all", untaken: "skip" },
      ],
    };
    const { run } = start(plan({ a: task("a"), b: task("b"), c: two, d: task("d", { from: "c", on: "skipped" }) }, { failure: "drain" }));
    assert.deepEqual(brief(advance(run, failed(1))), []);
    assert.equal(lastOutcome(run, "c", []), undefined);

    assert.deepEqual(startedTasks(advance(run, failed(2))), ["d"]);
    assert.deepEqual(lastOutcome(run, "c", []), { status: "blocked", by: "a" });
  });
});

describe("a join of several tokens per edge", () => {
  test("consumes one token per edge each time it fires, and keeps the rest for the next", () => {
    const { run } = start(plan({ a: task("a"), b: task("b"), c: joined("all", "wait", ok("a"), ok("b")) }));
    advance(run, ended(1, { verbs: [{ next: "a" }] }));
    advance(run, ended(3, { verbs: [{ next: "a" }] }));
    const counts: number[] = [];
    let b = 2;
    for (let round = 0; round < 2; round++) {
      const commands = advance(run, ended(b, { verbs: [{ next: "b" }] }));
      counts.push(startedTasks(commands).filter((id) => id === "c").length);
      b = commands.find((command) => command.type === "start-task" && command.task === "b")!.no;
    }

    assert.deepEqual(counts, [1, 1]);
    assert.equal(run.root.halfFull, 0);
  });

  test("stays half full while one edge has a token more", () => {
    const { run } = start(plan({ a: task("a"), x: verbsOnly(), c: joined("all", "wait", ok("a"), ok("x")) }));
    advance(run, ended(1, { verbs: [{ next: "a" }, { next: "x" }] }));
    advance(run, ended(2));
    const commands = advance(run, ended(3));
    assert.deepEqual(startedTasks(commands), ["c"]);
    assert.equal(run.root.halfFull, 1);

    const [end] = advance(run, ended(4));
    assert.equal(end?.type === "end-run" && end.outcome.status === "failed" && end.outcome.error.code, "RUN_STALLED");
  });
});
