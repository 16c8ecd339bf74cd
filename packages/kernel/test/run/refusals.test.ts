import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, type Command, type ErrorValue, type Plan, type RunEvent, type Verb } from "@heddle/kernel";
import { ended, group, plan, start, task, verbsOnly } from "./small-plan.ts";

function errorOf(commands: readonly Command[]): ErrorValue {
  const end = commands.at(-1);
  assert.equal(end?.type, "end-run");
  assert.equal(end?.type === "end-run" && end.outcome.status, "failed");
  return (end as { outcome: { error: ErrorValue } }).outcome.error;
}

function refusal(of: Plan, no: number, verbs: readonly Verb[], before: readonly RunEvent[] = []): ErrorValue {
  const { run } = start(of);
  for (const event of before) advance(run, event);
  return errorOf(advance(run, ended(no, { verbs })));
}

describe("a refused verb says which task asked for what, and why not", () => {
  const simple = plan({ a: task("a"), b: task("b", { from: "a", on: "ok", label: "left" }), x: verbsOnly() });
  const cases: readonly (readonly [string, Plan, number, readonly Verb[], RegExp])[] = [
    ["a label that no edge has", simple, 1, [{ take: "right" }], /Task "a" took the label "right", which no edge out of it has/],
    ["a target that is not there", simple, 1, [{ next: "y" }], /Task "a" wants to go on with "y", which is not at home/],
    ["goto into a group", plan({ a: task("a"), g: group(["m"]), m: verbsOnly() }), 1, [{ goto: "m" }], /Task "a" wants to go on with "m"/],
    [
      "a spawn of what is at home elsewhere",
      plan({ g: group(["m"]), m: task("m"), x: verbsOnly() }),
      2,
      [{ spawn: "x", items: [1] }],
      /Task "m" spawned "x", which is not at home in its own frame/,
    ],
    ["iterate beside others", simple, 1, [{ iterate: 1 }, { next: "x" }], /Task "a" asked for its next round and to go on elsewhere/],
    ["iterate twice", simple, 1, [{ iterate: 1 }, { iterate: 2 }], /Task "a" asked for its next round twice/],
    ["end twice", simple, 1, [{ end: "ok" }, { end: "cancel" }], /Task "a" ended the run twice/],
    [
      "a match of no trigger",
      simple,
      1,
      [{ publish: "p", blob: "b1", matches: [{ trigger: "t", slot: 0, scope: [] }] }],
      /published for the trigger "t", which is no data trigger/,
    ],
  ];
  for (const [what, of, no, verbs, message] of cases) {
    test(what, () => {
      const error = refusal(of, no, verbs);

      assert.equal(error.code, "VERB_REFUSED");
      assert.match(error.message, message);
    });
  }

  test("and nothing of the other verbs has happened", () => {
    const { run } = start(simple);
    const commands = advance(run, ended(1, { verbs: [{ next: "x" }, { take: "right" }] }));
    assert.deepEqual(
      commands.map(({ type }) => type),
      ["end-run"],
    );
  });
});

describe("a refused write says which task, which channel, and why not", () => {
  const channels = {
    total: { kind: "sum" },
    found: { kind: "put" },
    notes: { kind: "append" },
    best: { kind: "fold", reducer: { use: "max" } },
    cards: { kind: "log", type: "card" },
  } as const;
  const writer = plan({ a: { ...task("a"), writes: ["total", "found", "best", "cards"] } }, { channels });
  const cases: readonly (readonly [string, readonly Verb[], RegExp])[] = [
    ["an unknown channel", [{ write: "nope", value: 1 }], /Task "a" wrote channel "nope", which the plan does not have/],
    ["a channel that it did not declare", [{ write: "notes", value: 1 }], /wrote channel "notes", which is not in its `writes`/],
    [
      "text into a sum",
      [{ write: "total", value: "1" }],
      /wrote channel "total", a sum, with something that does not add up to a finite number/,
    ],
    [
      "too much for a sum",
      [
        { write: "total", value: Number.MAX_VALUE },
        { write: "total", value: Number.MAX_VALUE },
      ],
      /does not add up to a finite number/,
    ],
    ["an array into put", [{ write: "found", value: [1] }], /wrote channel "found", an object, with something that is none/],
    ["null into put", [{ write: "found", value: null }], /with something that is none/],
    ["a fold without its merged value", [{ write: "best", value: 1 }], /wrote channel "best", but its event lacks the merged value/],
    ["an artifact's channel", [{ write: "cards", value: 1 }], /which takes artifacts, not writes/],
  ];
  for (const [what, verbs, message] of cases) {
    test(what, () => {
      const error = refusal(writer, 1, verbs);

      assert.equal(error.code, "CHANNEL_WRITE_REFUSED");
      assert.match(error.message, message);
    });
  }

  test("two writers of one value in a round: both, in plan order, with the channel", () => {
    const { run } = start(plan({ a: task("a"), b: task("b") }, { discipline: "superstep", channels: { answer: { kind: "value" } } }));
    advance(run, ended(2, { verbs: [{ write: "answer", value: 2 }] }));
    const error = errorOf(advance(run, ended(1, { verbs: [{ write: "answer", value: 1 }] })));

    assert.equal(error.code, "CHANNEL_CONFLICT");
    assert.deepEqual(error.data, { channel: "answer", tasks: ["a", "b"] });
    assert.match(error.message, /Tasks "a" and "b" both wrote channel "answer" in one round/);
  });
});

test("a limit says how many, and which task was not started", () => {
  const { run } = start(plan({ a: task("a"), b: task("b", "a") }, { limits: { activations: 1 } }));
  const error = errorOf(advance(run, ended(1)));

  assert.equal(error.code, "STEP_LIMIT");
  assert.match(error.message, /has started 1 activations, which is its limit; "b" was not started/);
});

test("a stall names each half-full join and what it waits for", () => {
  const { run } = start(plan({ a: task("a"), b: task("b", "a", "x"), x: verbsOnly() }));
  const error = errorOf(advance(run, ended(1)));

  assert.equal(error.code, "RUN_STALLED");
  assert.deepEqual(error.data, { joins: [{ trigger: "b.when", task: "b", scope: [], missing: ["x"] }] });
  assert.match(error.message, /"b.when" of "b" still waits for "x"/);
});
