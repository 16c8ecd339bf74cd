import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, compilePlan, restoreRun, snapshotRun, type Channel, type ErrorValue, type Json, type RunState } from "@heddle/kernel";
import { channelValues } from "@heddle/kernel/internal";
import { brief, ended, plan, start, task } from "./small-plan.ts";

/** One task a round, three rounds, with this channel as `c`. */
function rounds(channel: Channel): RunState {
  return start(plan({ a: task("a"), b: task("b", "a"), c: task("c", "b") }, { discipline: "superstep", channels: { c: channel } })).run;
}

function write(run: RunState, no: number, ...values: Json[]): readonly string[] {
  return brief(advance(run, ended(no, { verbs: values.map((value) => ({ write: "c", value })) })));
}

function held(run: RunState): Json | undefined {
  return channelValues(run)["c"];
}

function refusal(channel: Channel, value: Json): ErrorValue {
  const run = rounds(channel);
  const [end] = advance(run, ended(1, { verbs: [{ write: "c", value }] }));
  assert.ok(end?.type === "end-run" && end.outcome.status === "failed");
  return end.outcome.error;
}

describe("a last channel", () => {
  test("holds the write of the last task in the plan's order, whoever ended last", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }, { discipline: "superstep", channels: { c: { kind: "last", initial: 0 } } }));
    assert.equal(held(run), 0);
    write(run, 2, "of b");
    assert.deepEqual(write(run, 1, "of a"), ["end-run completed"]);
    assert.equal(held(run), "of b");
  });

  test("may be written by tasks of an eager plan that run at once", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }, { channels: { c: { kind: "last" } } }));
    write(run, 2, false);
    assert.equal(held(run), false);
    write(run, 1, 0);
    assert.equal(held(run), 0);
  });
});

describe("a keyed channel", () => {
  const keyed: Channel = { kind: "keyed", key: "id", initial: [{ id: "x" }, { id: 1 }, { id: "1" }] };

  test("keeps an object's place when it is put again, and puts new ones at the end", () => {
    const run = rounds(keyed);
    write(run, 1, { put: [{ id: "new" }, { id: 1, n: 2 }, { id: "new", n: 3 }] });
    assert.deepEqual(held(run), [{ id: "x" }, { id: 1, n: 2 }, { id: "1" }, { id: "new", n: 3 }]);
  });

  test("tells keys apart by type, and integer-like texts do not come first", () => {
    const run = rounds({ kind: "keyed", key: "__proto__" });
    const item = (key: Json) => JSON.parse(`{"__proto__":${JSON.stringify(key)}}`);
    write(run, 1, { put: [item("b"), item("10"), item(10), item("2")] });
    assert.deepEqual(held(run), [item("b"), item("10"), item(10), item("2")]);
    write(run, 2, { remove: ["10"] });
    assert.deepEqual(held(run), [item("b"), item(10), item("2")]);
  });

  test("clears, then removes, then puts; what is not there is no fault", () => {
    const run = rounds(keyed);
    write(run, 1, { remove: ["nobody", "x"], put: [{ id: "x", again: true }] });
    assert.deepEqual(held(run), [{ id: 1 }, { id: "1" }, { id: "x", again: true }]);
    write(run, 2, { put: [{ id: "y" }], clear: true, remove: ["y"] });
    assert.deepEqual(held(run), [{ id: "y" }]);
    write(run, 3, {});
    assert.deepEqual(held(run), [{ id: "y" }]);
  });

  test("takes the writes of a round in canonical order, from several tasks", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }, { discipline: "superstep", channels: { c: keyed } }));
    write(run, 2, { remove: ["x"], put: [{ id: "of b" }] });
    write(run, 1, { put: [{ id: "of a" }, { id: "x", of: "a" }] });
    assert.deepEqual(held(run), [{ id: 1 }, { id: "1" }, { id: "of a" }, { id: "of b" }]);
  });

  test("hands out a list that later writes leave alone, the same one until then", () => {
    const run = rounds(keyed);
    const before = held(run);
    assert.equal(held(run), before);
    write(run, 1, { clear: true });
    assert.deepEqual([before, held(run)], [[{ id: "x" }, { id: 1 }, { id: "1" }], []]);
  });

  test("comes back from a snapshot with its order and the types of its keys", () => {
    const run = rounds(keyed);
    write(run, 1, { remove: ["x"], put: [{ id: "x" }] });
    const restored = restoreRun(compilePlan(planOf(keyed)), JSON.parse(JSON.stringify(snapshotRun(run))) as Json);
    for (const one of [run, restored]) {
      write(one, 2, { put: [{ id: 1, n: 1 }], remove: ["1"] });
      assert.deepEqual(held(one), [{ id: 1, n: 1 }, { id: "x" }]);
    }
  });

  for (const [what, value] of [
    ["a list", [{ id: 1 }]],
    ["null", null],
    ["text", "x"],
    ["a part that means nothing", { put: [], delete: [] }],
    ["clear with something else than true", { clear: false }],
    ["a key that is no text and no number", { remove: [null] }],
    ["keys that are no list", { remove: "x" }],
    ["an object without the key", { put: [{ name: "x" }] }],
    ["an object whose key is an object", { put: [{ id: {} }] }],
    ["something in put that is no object", { put: ["x"] }],
  ] as [string, Json][]) {
    test(`refuses ${what}`, () => {
      const error = refusal(keyed, value);
      assert.equal(error.code, "CHANNEL_WRITE_REFUSED");
      assert.match(error.message, /Task "a" wrote channel "c", a list by "id", with something that is no \{ clear/);
    });
  }

  test("is left whole by a write that is refused while the run ends", () => {
    const run = rounds(keyed);
    advance(run, { type: "cancel-requested", atMs: 0 });
    write(run, 1, { clear: true, put: [{ id: "y" }, {}] });
    assert.deepEqual(held(run), [{ id: "x" }, { id: 1 }, { id: "1" }]);
  });

  test("does not look at what it holds when it is written", () => {
    const run = rounds({ kind: "keyed", key: "id" });
    let looks = 0;
    const watched = (id: number): Json => Object.defineProperty({}, "id", { enumerable: true, get: () => ((looks += 1), id) });
    write(run, 1, { put: Array.from({ length: 100 }, (_, id) => watched(id)) });
    looks = 0;
    write(run, 2, { put: [{ id: 7, n: 1 }], remove: [8] });
    assert.equal(looks, 0);
    assert.equal((held(run) as Json[]).length, 99);
  });
});

describe("an ephemeral channel", () => {
  const passing: Channel = { kind: "ephemeral", initial: "first" };

  test("holds what the last round wrote, for one round; its initial until the first close", () => {
    const run = rounds(passing);
    assert.equal(held(run), "first");
    write(run, 1, 0);
    assert.equal(held(run), 0);
    write(run, 2);
    assert.equal(held(run), undefined);
    write(run, 3, null);
    assert.equal(held(run), null);
  });

  test("loses its initial at a close without any write", () => {
    const run = rounds(passing);
    write(run, 1);
    assert.equal(held(run), undefined);
  });

  test("is empty after a snapshot too", () => {
    const run = rounds(passing);
    write(run, 1);
    const restored = restoreRun(compilePlan(planOf(passing)), JSON.parse(JSON.stringify(snapshotRun(run))) as Json);
    assert.equal(held(restored), undefined);
  });

  test("has one writer a round", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }, { discipline: "superstep", channels: { c: passing } }));
    write(run, 1, 1);
    const [end] = advance(run, ended(2, { verbs: [{ write: "c", value: 2 }] }));
    assert.ok(end?.type === "end-run" && end.outcome.status === "failed");
    assert.equal(end.outcome.error.code, "CHANNEL_CONFLICT");
    assert.deepEqual(end.outcome.error.data, { channel: "c", tasks: ["a", "b"] });
  });
});

function planOf(channel: Channel) {
  return plan({ a: task("a"), b: task("b", "a"), c: task("c", "b") }, { discipline: "superstep", channels: { c: channel } });
}
