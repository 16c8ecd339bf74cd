import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, restoreRun, snapshotRun, type Json, type RunState } from "@heddle/kernel";
import {
  channelValues,
  endingOutcome,
  groupInput,
  isEnding,
  isToldToCancel,
  itemValues,
  lastOutcome,
  nextSignal,
  openActivations,
  openOperations,
  runPhase,
  segmentOf,
  signalBuffer,
  taskValue,
} from "@heddle/kernel/internal";
import { ended, failed, group, plan, start, task, verbsOnly } from "./small-plan.ts";

/** The same state by way of a store. */
function restored(run: RunState): RunState {
  return restoreRun(run.plan, JSON.parse(JSON.stringify(snapshotRun(run))) as Json);
}

describe("what tasks left behind", () => {
  test("is the value of the last completed end, and the last outcome, in the frame of a scope", () => {
    const { run } = start(plan({ g: group(["m"]), m: task("m"), a: task("a") }, { failure: "drain" }));
    advance(run, ended(3, { verbs: [{ next: "a" }] }));
    advance(run, failed(4));
    advance(run, ended(2, { outcome: { status: "completed", value: "inside" } }));

    for (const state of [run, restored(run)]) {
      assert.equal(taskValue(state, "a", []), 3);
      assert.deepEqual(lastOutcome(state, "a", []), { status: "failed", error: { name: "Error", message: "no" } });
      assert.equal(taskValue(state, "m", []), undefined, "no task of the root");
      assert.equal(taskValue(state, "m", [["group", 1]]), undefined, "its frame is gone");
      assert.equal(lastOutcome(state, "g", []), undefined, "not decided yet");
      assert.equal(taskValue(state, "nope", []), undefined);
    }
  });

  test("is told apart from no value: null stays null, and nothing stays nothing", () => {
    const { run } = start(plan({ a: task("a"), b: task("b"), c: task("c") }));
    advance(run, ended(1, { outcome: { status: "completed", value: null } }));
    advance(run, ended(2, { outcome: { status: "completed" } }));

    for (const state of [run, restored(run)]) {
      assert.equal(taskValue(state, "a", []), null);
      assert.equal(taskValue(state, "b", []), undefined);
      assert.deepEqual(lastOutcome(state, "a", []), { status: "completed", value: null });
      assert.deepEqual(lastOutcome(state, "b", []), { status: "completed" });
      assert.equal(lastOutcome(state, "c", []), undefined);
    }
  });

  test("is there for the items of a spawn by index once it has drained, in whatever order they ended", () => {
    const { run } = start(
      plan(
        {
          split: task("split"),
          item: { does: { use: "work" }, when: [] },
          inner: task("inner", "item"),
          join: task("join", { from: "item", on: "drained" }),
        },
        { failure: "drain" },
      ),
    );
    advance(run, ended(1, { verbs: [{ spawn: "item", items: ["x", "y", "z"] }] }));
    advance(run, ended(4));
    assert.equal(
      taskValue(run, "item", [
        ["spawn", 1],
        ["item", 2],
      ]),
      4,
    );
    assert.equal(itemValues(run, "item", []), undefined);
    advance(run, ended(2));
    advance(run, failed(3));
    for (const { no } of openActivations(run)) advance(run, ended(no));

    assert.deepEqual(
      openActivations(run).map((open) => open.task),
      ["join"],
    );
    for (const state of [run, restored(run)]) {
      assert.deepEqual(itemValues(state, "item", []), [2, undefined, 4]);
      assert.equal(
        taskValue(state, "item", [
          ["spawn", 1],
          ["item", 2],
        ]),
        undefined,
        "its frame is gone",
      );
    }
  });

  test("is an empty list after a spawn of nothing, and of nothing else", () => {
    const { run } = start(
      plan({ split: task("split"), item: { does: { use: "work" }, when: [] }, join: task("join", { from: "item", on: "drained" }) }),
    );
    advance(run, ended(1, { verbs: [{ spawn: "item", items: [] }] }));

    assert.deepEqual(itemValues(run, "item", []), []);
    assert.equal(itemValues(run, "join", []), undefined);
  });

  test("a data trigger's scope reads what is in the root frame", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }));
    advance(run, ended(1));

    assert.equal(
      taskValue(run, "a", [
        ["corr", "c1"],
        ["tenant", "t"],
      ]),
      1,
    );
  });

  test("a group's input reaches its members, also those of an item", () => {
    const { run } = start(plan({ split: task("split"), g: { ...group(["m"]), when: [] }, m: task("m") }));
    const [first, second] = advance(run, ended(1, { verbs: [{ spawn: "g", items: ["one", "two"] }] }));

    for (const state of [run, restored(run)]) {
      assert.equal(first?.type === "start-task" && groupInput(state, first.scope), "one");
      assert.equal(second?.type === "start-task" && groupInput(state, second.scope), "two");
      assert.equal(groupInput(state, []), undefined);
    }
  });
});

describe("channels as they are read", () => {
  const channels = {
    notes: { kind: "append", initial: ["first"] },
    found: { kind: "put", initial: { a: 1 } },
    total: { kind: "sum" },
    answer: { kind: "value" },
  } as const;

  test("hold their initial values, then what was written; one without a value is not there", () => {
    const { run } = start(plan({ a: task("a") }, { channels }));
    assert.deepEqual(channelValues(run), { notes: ["first"], found: { a: 1 }, total: 0 });

    advance(
      run,
      ended(1, {
        verbs: [
          { write: "notes", value: [2] },
          { write: "found", value: { b: 2, a: 3 } },
          { write: "total", value: 4 },
          { write: "answer", value: null },
        ],
      }),
    );

    for (const state of [run, restored(run)])
      assert.deepEqual(channelValues(state), { notes: ["first", [2]], found: { a: 3, b: 2 }, total: 4, answer: null });
  });

  test("never change once handed out, and are not copied again without a write", () => {
    const { run } = start(plan({ a: task("a") }, { channels }));
    const before = channelValues(run);
    assert.equal(channelValues(run).notes, before.notes);

    advance(run, ended(1, { verbs: [{ write: "notes", value: 2 }, { write: "found", value: { a: 9 } }, { iterate: 1 }] }));

    assert.deepEqual(before, { notes: ["first"], found: { a: 1 }, total: 0 });
    assert.deepEqual(channels.notes.initial, ["first"]);
    assert.deepEqual(channelValues(run).notes, ["first", 2]);
  });

  test("take keys and ids that objects have by birth as their own", () => {
    const odd = JSON.parse('{"__proto__": {"kind": "put"}, "constructor": {"kind": "fold", "reducer": {"use": "r"}}}') as Record<
      string,
      never
    >;
    const { run } = start(plan({ a: task("a"), b: task("b") }, { channels: odd }));
    advance(run, ended(1, { verbs: [{ write: "__proto__", value: JSON.parse('{"__proto__": 1, "toString": 2}') as Json }] }));
    const commands = advance(run, ended(2, { verbs: [{ write: "constructor", value: 1 }], merged: {} }));

    assert.equal(JSON.stringify(channelValues(run)), '{"__proto__":{"__proto__":1,"toString":2}}');
    assert.equal(commands.at(-1)?.type, "end-run", "an inherited property is no merged value");
  });
});

describe("what is open", () => {
  test("knows which activations were told to cancel, after a restart too", () => {
    const { run } = start(plan({ g: group(["p", "q"], { failure: "stop" }), p: task("p"), q: task("q"), r: task("r") }));
    advance(run, failed(2));
    for (const state of [run, restored(run)]) {
      assert.deepEqual(
        openActivations(state).map(({ no }) => [no, isToldToCancel(state, no)]),
        [
          [3, true],
          [4, false],
        ],
      );
      assert.equal(isEnding(state), false);
    }

    advance(run, { type: "cancel-requested", atMs: 0, reason: "enough" });

    for (const state of [run, restored(run)]) {
      assert.deepEqual(
        openActivations(state).map(({ no }) => [no, isToldToCancel(state, no)]),
        [
          [3, true],
          [4, true],
        ],
      );
      assert.equal(isToldToCancel(state, 2), false);
      assert.equal(isEnding(state), true);
      assert.equal(runPhase(state), "ending");
      assert.deepEqual(endingOutcome(state), {
        status: "cancelled",
        error: { name: "HeddleError", code: "RUN_CANCELLED", message: "enough" },
      });
    }
  });

  test("has the operations of a durable function in their order, until they end or a segment begins", () => {
    const { run } = start(plan({ a: task("a") }));
    const opened = (key: string) => ({ type: "op-opened", atMs: 0, of: 1, key, op: "receive", signal: "go" }) as const;
    for (const key of ["z", "y", "x"]) advance(run, opened(key));
    advance(run, { type: "op-ended", atMs: 0, of: 1, key: "y", op: "receive", outcome: { status: "completed" } });
    advance(run, { ...opened("w"), of: 2 });

    for (const state of [run, restored(run)]) {
      assert.deepEqual(
        openOperations(state, 1).map(({ key }) => key),
        ["z", "x"],
      );
      assert.deepEqual(openOperations(state, 2), []);
      assert.deepEqual(segmentOf(state, 1), { number: 1, input: undefined });
    }

    advance(run, { type: "segment-started", atMs: 0, of: 1, input: { page: 2 } });

    for (const state of [run, restored(run)]) {
      assert.deepEqual(openOperations(state, 1), []);
      assert.deepEqual(segmentOf(state, 1), { number: 2, input: { page: 2 } });
    }
    advance(run, ended(1));
    assert.deepEqual(openOperations(run, 1), []);
  });

  test("keeps signals in order, by name, until an operation takes them", () => {
    const { run } = start(plan({ a: task("a") }));
    for (const [id, name] of [
      ["s1", "go"],
      ["s2", "stop"],
      ["s3", "go"],
    ] as const)
      advance(run, { type: "signal-received", atMs: 0, id, name });
    assert.equal(nextSignal(run, "go")?.id, "s1");
    advance(run, { type: "op-ended", atMs: 0, of: 9, key: "k", op: "receive", outcome: { status: "completed" }, signal: "s1" });
    assert.equal(nextSignal(run, "go")?.id, "s1", "an operation of nothing takes none");
    advance(run, { type: "op-ended", atMs: 0, of: 1, key: "k", op: "receive", outcome: { status: "completed" }, signal: "s1" });

    for (const state of [run, restored(run)]) {
      assert.deepEqual(
        signalBuffer(state).map(({ id }) => id),
        ["s2", "s3"],
      );
      assert.deepEqual(
        signalBuffer(state, "go").map(({ id }) => id),
        ["s3"],
      );
      assert.equal(nextSignal(state, "stop")?.id, "s2");
      assert.deepEqual(signalBuffer(state, "nope"), []);
    }
  });
});

test("a verb-only task that nothing started has left nothing", () => {
  const { run } = start(plan({ a: task("a"), x: verbsOnly() }));
  assert.equal(lastOutcome(run, "x", []), undefined);
});
