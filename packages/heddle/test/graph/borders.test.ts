import assert from "node:assert/strict";
import { test } from "node:test";
import { append, fold, graph, mergeBy, remove, hasCode, open, send, START, sum, value, workflow, type Schema } from "heddle";

/** Text to number, as a schema that transforms: a number does not fit it. */
const numeric: Schema<unknown, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (given) => (typeof given === "string" ? { value: Number(given) } : { issues: [{ message: "it is no text" }] }),
  },
};

test("a schema is asked once for what comes in, and once for what a node writes", async () => {
  const checked = graph("checked", { n: value(0, { schema: numeric }), list: append<number>([], { schema: numeric }) })
    .node("a", () => ({ list: ["2" as never] }))
    .edge(START, "a");
  assert.deepEqual((await checked.invoke({ n: "5" as never, list: ["1" as never] })).state, { n: 5, list: [1, 2] });
  await assert.rejects(checked.invoke({ n: 5 }), (error) => hasCode(error, "INPUT_INVALID"));

  const wrong = graph("wrong", { n: value(0, { schema: numeric }) })
    .node("a", () => ({ n: 7 }))
    .edge(START, "a");
  await assert.rejects(wrong.invoke({}), (error: Error) => hasCode(error.cause, "OUTPUT_INVALID") && /in a:/.test(error.message));

  const later = graph("later", { n: value(0, { schema: numeric }) })
    .node("a", async () => ({ n: 7 }))
    .edge(START, "a");
  await assert.rejects(later.invoke({}), (error: Error) => hasCode(error.cause, "OUTPUT_INVALID") && /in a:/.test(error.message));

  const rescued = graph("rescued", { n: value(0, { schema: numeric }) })
    .node(
      "a",
      () => {
        throw new Error("first");
      },
      { onError: async () => ({ n: 7 }) },
    )
    .edge(START, "a");
  await assert.rejects(rescued.invoke({}), (error: Error) => hasCode(error.cause, "OUTPUT_INVALID") && /in a:/.test(error.message));
});

test("a node may have any name that it can have, and fails like any other", async () => {
  const named = graph("named", { n: sum() })
    .node("constructor", () => {
      throw new Error("broken");
    })
    .edge(START, "constructor");
  await assert.rejects(named.invoke({}), /broken/);
  const proto = graph("proto", { n: sum() })
    .node("__proto__", () => undefined)
    .edge(START, "__proto__");
  assert.ok(proto.validate().faults.some(({ code }) => code === "node-name"));
});

test("labels with a colon, and stops at START, are faults", () => {
  const odd = graph("odd", { n: sum() }, { interruptBefore: [START] })
    .node("a", () => undefined)
    .node("b", () => undefined)
    .edge(START, "a")
    .route("a", () => "goto:b", { "goto:b": "b" });
  assert.deepEqual(
    odd
      .validate()
      .faults.map(({ code }) => code)
      .toSorted(),
    ["label-name", "node-unknown"],
  );
});

test("keys that a subgraph cannot be passed by themselves are faults, unless they are mapped", () => {
  const child = graph("child", { log: append(["begun"]), best: fold(Math.max, 0), kind: value(""), n: sum() })
    .node("a", () => undefined)
    .edge(START, "a");
  const keys = { log: append<string>(), best: fold(Math.max, 0), kind: sum(), n: sum() };
  const plain = graph("plain", keys).node("child", child).edge(START, "child");
  assert.deepEqual(
    plain.validate().faults.map(({ code, at }) => `${code} ${at}`),
    ["key-shared log", "key-shared best", "key-shared kind"],
  );
  const mapped = graph("mapped", keys)
    .node("child", child, { input: () => ({}), output: ({ n }) => ({ n }) })
    .edge(START, "child");
  assert.deepEqual(mapped.validate().faults, []);
  const double = workflow("double", async (_, input: number) => input * 2);
  const other = graph("other", { n: sum() })
    .node("double", double, { input: ({ n }) => n })
    .edge(START, "double");
  assert.deepEqual(
    other.validate().faults.map(({ code, at }) => `${code} ${at}`),
    ["key-shared double"],
  );
});

test("what is sent to a subgraph is its input, and what its input needs is asked for", async () => {
  const child = graph("child", { topic: value<string>(), notes: append<string>() }, { input: ["topic"] })
    .node("read", ({ topic }) => ({ notes: [`about ${topic}`] }))
    .edge(START, "read");
  const parent = graph("parent", { notes: append<string>() })
    .node("child", child)
    .route(START, () => ["a", "b"].map((topic) => send("child", { topic })), {}, { sends: ["child"] });
  assert.deepEqual((await parent.invoke({})).state, { notes: ["about a", "about b"] });

  const missing = graph("missing", { notes: append<string>() }).node("child", child).edge(START, "child");
  await assert.rejects(missing.invoke({}), (error: Error) => hasCode(error.cause, "INPUT_INVALID") && /topic/.test(error.message));
});

test("what a waiting run shows is what the graph gives, and a paused one says so", async () => {
  const held = graph("held", { open: value("open"), hidden: value("hidden") }, { private: ["hidden"], interruptBefore: ["a"] })
    .node("a", () => undefined)
    .edge(START, "a");
  await using engine = await open("memory:", { workflows: [held] });
  const { state, status, runId } = await held.invoke({}, { engine });
  assert.deepEqual([status, state], ["waiting", { open: "open" }]);

  await engine.pause(runId, "not now");
  const run = await engine.get(runId);
  assert.equal((await run.settled()).status, "paused");
});

test("a route from START sees what the state begins with, and the input on top of it", async () => {
  const routed = graph("routed", { mode: value("b"), seen: append<string>(["first"]), total: sum(2), out: value("") })
    .node("a", () => ({ out: "a" }))
    .node("b", () => ({ out: "b" }))
    .route(START, ({ mode, seen, total }) => (mode === "b" && seen.length + total === 3 ? "b" : "a"), { a: "a", b: "b" });
  assert.equal((await routed.invoke({})).state.out, "b");
  assert.equal((await routed.invoke({ mode: "c" })).state.out, "a");
  assert.equal((await routed.invoke({ seen: ["second"] })).state.out, "a");
});

test("items of one update are put and taken out in the order of the list, for routes and for the state", async () => {
  const seen: unknown[] = [];
  const kept = graph("kept", { items: mergeBy<{ id: string; n: number }>("id", [{ id: "old", n: 0 }]) })
    .node("change", () => ({
      items: [{ id: "a", n: 1 }, { id: "b", n: 1 }, remove("a"), remove("old"), { id: "old", n: 2 }, { id: "b", n: 2 }, remove("never")],
    }))
    .node("end", () => ({}))
    .edge(START, "change")
    .route("change", ({ items }) => (seen.push(items), "end"), { end: "end" });
  const { state } = await kept.invoke({});
  assert.deepEqual(state.items, [
    { id: "b", n: 2 },
    { id: "old", n: 2 },
  ]);
  assert.deepEqual(seen, [state.items]);
});
