import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Checkpoint, emptyCheckpoint, MemorySaver, type SerializerProtocol, uuid6 } from "@langchain/langgraph-checkpoint";
import { HeddleSaver } from "@heddle/langgraph";
import type { RunStore } from "@heddle/kernel";
import { open, workflow } from "heddle";
import { openMemoryStore } from "heddle/internal";

const metadata = { source: "loop", step: 1, parents: {} } as const;

function checkpoint(values: Readonly<Record<string, unknown>>): Checkpoint {
  return {
    ...emptyCheckpoint(),
    id: uuid6(0),
    channel_values: values,
    channel_versions: Object.fromEntries(Object.keys(values).map((name) => [name, 1])),
  };
}

const thread = (id: string) => ({ configurable: { thread_id: id, checkpoint_ns: "" } });

/** What a thread kept of one value. */
async function keep(saver: HeddleSaver, id: string, values: Readonly<Record<string, unknown>>): Promise<ReturnType<typeof thread>> {
  const kept = checkpoint(values);
  return (await saver.put(thread(id), kept, metadata, kept.channel_versions)) as ReturnType<typeof thread>;
}

describe("threads in a store", () => {
  test("a thread is a run of its own, whatever its id; one that no run can have is hashed, and stands in the run's tags and first event", async () => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store);
    const odd = ["user/7 of ACME", "ü", "x".repeat(300), "__proto__", "nul\0", "half \ud83e"];

    for (const id of ["plain-1", ...odd]) await keep(saver, id, { id });

    assert.equal((await store.get("langgraph:plain-1"))?.workflow, "langgraph-thread");
    for (const id of odd) assert.deepEqual((await saver.getTuple(thread(id)))?.checkpoint.channel_values, { id });
    const found = await Array.fromAsync(saver.list({}));
    assert.deepEqual(found.map(({ config }) => String(config.configurable?.["thread_id"])).toSorted(), ["plain-1", ...odd].toSorted());
    const rows = await store.list({ workflow: "langgraph-thread" });
    assert.deepEqual(rows.flatMap(({ tags }) => tags["thread"] ?? []).toSorted(), ["plain-1", ...odd.slice(0, 4)].toSorted());
    assert.ok(rows.every(({ runId }) => /^[\w.:-]{1,128}$/.test(runId)));
  });

  test("a deleted thread is gone, for other savers that know it too, and its id begins anew", async () => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store);
    await using other = await HeddleSaver.open(store);
    const config = await keep(saver, "t", { word: "old" });
    await saver.putWrites(config, [["word", "next"]], "task");
    assert.equal((await other.getTuple(thread("t")))?.pendingWrites?.length, 1);

    await other.deleteThread("t");
    await other.deleteThread("t");

    assert.equal(await saver.getTuple(thread("t")), undefined);
    assert.equal(await store.get("langgraph:t"), null);
    await keep(saver, "t", { word: "new" });
    assert.deepEqual(
      (await Array.fromAsync(other.list(thread("t")))).map(({ checkpoint: { channel_values: values } }) => values["word"]),
      ["new"],
    );
  });

  test("a thread that was deleted and made anew is read from its beginning by a saver that knew the one before", async () => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store);
    await using other = await HeddleSaver.open(store);
    await keep(saver, "t", { word: "old" });
    assert.notEqual(await other.getTuple(thread("t")), undefined);

    await saver.deleteThread("t");
    for (const word of ["new", "newer"]) await keep(saver, "t", { word });

    const found = await Array.fromAsync(other.list(thread("t")));
    assert.deepEqual(
      found.map(({ checkpoint: { channel_values: values } }) => values["word"]),
      ["newer", "new"],
    );
  });

  test("a graph whose thread is deleted while it runs keeps its whole state with its next checkpoint", async () => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store);
    await using other = await HeddleSaver.open(store);
    const config = await keep(saver, "t", { kept: "long ago", word: "old" });
    await saver.putWrites(config, [], "nothing");
    await other.deleteThread("t");

    const next = { ...checkpoint({ kept: "long ago", word: "new" }), channel_versions: { kept: 1, word: 2 } };
    await saver.put(config, next, metadata, { word: 2 });

    assert.deepEqual((await other.getTuple(thread("t")))?.checkpoint.channel_values, { kept: "long ago", word: "new" });
  });

  test("the newest checkpoint is the one that was kept last, also when the clock that made its id was set back", async () => {
    await using saver = await HeddleSaver.open("memory:");
    const first = { ...checkpoint({ nth: 1 }), id: "1ef4f797-8335-6428-8001-8a1503f9b875" };
    const second = { ...checkpoint({ nth: 2 }), id: "1ef00000-8335-6428-8001-8a1503f9b875" };
    const config = await saver.put(thread("t"), first, metadata, { nth: 1 });

    await saver.put(config, second, metadata, { nth: 2 });

    assert.deepEqual((await saver.getTuple(thread("t")))?.checkpoint.channel_values, { nth: 2 });
    const before = await Array.fromAsync(
      saver.list(thread("t"), { before: { configurable: { thread_id: "t", checkpoint_id: second.id } } }),
    );
    assert.deepEqual(
      before.map(({ checkpoint: { id } }) => id),
      [first.id],
    );
  });

  test("a task's writes count once; an error and an answer replace the one before", async () => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store);
    const config = await keep(saver, "t", {});
    await saver.putWrites(
      config,
      [
        ["word", "first"],
        ["__error__", "one"],
      ],
      "task",
    );
    await saver.putWrites(
      config,
      [
        ["word", "second"],
        ["__error__", "two"],
      ],
      "task",
    );
    const events = (await store.readJournal("langgraph:t", 0)).length;
    await saver.putWrites(
      config,
      [
        ["word", "first"],
        ["__error__", "two"],
      ],
      "task",
    );

    assert.deepEqual((await saver.getTuple(thread("t")))?.pendingWrites, [
      ["task", "word", "first"],
      ["task", "__error__", "two"],
    ]);
    assert.equal((await store.readJournal("langgraph:t", 0)).length, events, "what is kept already is not kept again");
  });

  test("what the graph changes in its values after it gave them is not what is kept", async () => {
    await using saver = await HeddleSaver.open("memory:");
    const list = ["a"];
    const kept = keep(saver, "t", { list });
    list.push("b");
    await kept;
    assert.deepEqual((await saver.getTuple(thread("t")))?.checkpoint.channel_values, { list: ["a"] });
  });

  test("names of channels that are names of objects too make no harm", async () => {
    await using saver = await HeddleSaver.open("memory:");
    const values = Object.fromEntries<unknown>([
      ["constructor", 1],
      ["toString", 2],
    ]);
    await keep(saver, "t", values);
    await keep(saver, "u", Object.fromEntries([["__proto__", { polluted: true }]]));

    assert.deepEqual((await saver.getTuple(thread("t")))?.checkpoint.channel_values, values);
    const found = (await saver.getTuple(thread("u")))?.checkpoint.channel_values as { polluted?: boolean };
    assert.equal(found.polluted, undefined);
  });

  test("a value that only looks like an instruction to make an object stays what it is", async () => {
    await using saver = await HeddleSaver.open("memory:");
    const trap = { lc: 2, type: "constructor", id: ["Function"], method: null, args: ["return process"], kwargs: {} };
    await keep(saver, "t", { trap, set: new Set([1]) });
    const values = (await saver.getTuple(thread("t")))?.checkpoint.channel_values;
    assert.deepEqual(values, { trap, set: new Set([1]) });
  });
});

describe("a serializer of one's own", () => {
  const upside: SerializerProtocol = {
    dumpsTyped: async (value) => ["flipped", new TextEncoder().encode(JSON.stringify(value) ?? "null").map((byte) => byte ^ 0xff)],
    loadsTyped: async (_, data) => JSON.parse(new TextDecoder().decode((data as Uint8Array).map((byte) => byte ^ 0xff))) as unknown,
  };

  test("nothing of what it hides is in the store, and another one is told by name that it cannot read it", async () => {
    await using store = openMemoryStore();
    await using saver = await HeddleSaver.open(store, { serde: upside });
    await keep(saver, "t", { secret: "hunter2" });
    const bodies = (await store.readJournal("langgraph:t", 0)).map(({ body }) => body).join("\n");

    assert.deepEqual((await saver.getTuple(thread("t")))?.checkpoint.channel_values, { secret: "hunter2" });
    assert.ok(!bodies.includes("hunter2"));
    await using other = await HeddleSaver.open(store);
    await assert.rejects(other.getTuple(thread("t")), { code: "VALUE_UNREADABLE", message: /thread t\b.*its head/ });
  });
});

describe("wrong use and damage", () => {
  test("what is missing or cannot be kept is said by name, and harms nobody else's write", async () => {
    const usual = new MemorySaver().serde;
    const serde: SerializerProtocol = {
      dumpsTyped: (value) => (value === "bad" ? Promise.reject(new TypeError("no such value")) : usual.dumpsTyped(value)),
      loadsTyped: (type, data) => usual.loadsTyped(type, data),
    };
    await using saver = await HeddleSaver.open("memory:", { serde });

    const results = await Promise.allSettled([keep(saver, "t", { word: "bad" }), keep(saver, "t", { word: "good" })]);

    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "fulfilled"],
    );
    await assert.rejects(saver.put({}, checkpoint({}), metadata, {}), { code: "OPTION_INVALID", message: /thread_id/ });
    await assert.rejects(saver.putWrites(thread("t"), [], "task"), { code: "OPTION_INVALID", message: /checkpoint_id/ });
    await assert.rejects(saver.getTuple({ configurable: { thread_id: {} } }), { code: "OPTION_INVALID" });
    await assert.rejects(HeddleSaver.open("memory:", { waitMs: -1 }), { code: "OPTION_INVALID", message: /waitMs/ });
    await assert.rejects(HeddleSaver.open("nowhere:"), { code: "STORE_URL_INVALID" });
  });

  test("a closed saver says so", async () => {
    const saver = await HeddleSaver.open("memory:");
    await saver.close();
    await saver.close();
    await assert.rejects(saver.getTuple(thread("t")), { code: "ENGINE_CLOSED" });
    await assert.rejects(keep(saver, "t", {}), { code: "ENGINE_CLOSED" });
  });

  /** A store whose journals are read with one event changed. */
  function damaged(store: RunStore, change: (body: string, seq: number) => string): RunStore {
    return new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "readJournal")
          return async (...args: Parameters<RunStore["readJournal"]>) =>
            (await target.readJournal(...args)).map((event) => ({ ...event, body: change(event.body, event.seq) }));
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  const damages: readonly (readonly [what: string, code: string, change: (body: string, seq: number) => string])[] = [
    ["an event that is no JSON", "JOURNAL_CORRUPT", (body, seq) => (seq === 2 ? body.slice(1) : body)],
    ["an event of something else", "JOURNAL_CORRUPT", (body, seq) => (seq === 2 ? '{"type":"task-ended"}' : body)],
    [
      "an event whose first field is of another kind",
      "JOURNAL_CORRUPT",
      (body, seq) => (seq === 2 ? body.replace('"ns":""', '"ns":7') : body),
    ],
    ["a text that copies from one that is not there", "JOURNAL_CORRUPT", (body) => body.replace(/"from":\[\d+/, '"from":[99')],
    ["a first event of a newer version", "STORE_NEWER", (body) => body.replace('"format":1', '"format":2')],
    ["a value that the serializer cannot read", "VALUE_UNREADABLE", (body) => body.replace('"text":"\\"one', '"text":"one')],
  ];
  for (const [what, code, change] of damages)
    test(`${what} is told as ${code}, naming the thread, and other threads go on`, async () => {
      await using store = openMemoryStore();
      await using saver = await HeddleSaver.open(store);
      const long = `one ${"and more of it ".repeat(20)}`;
      const config = await keep(saver, "t", { word: long });
      const next = checkpoint({ word: `${long} again` });
      await saver.put(config, next, metadata, { word: 2 });

      await using reader = await HeddleSaver.open(damaged(store, change));

      await assert.rejects(reader.getTuple(config), { code, message: /\bt\b/ });
    });
});

describe("beside an engine", () => {
  const greet = workflow("greet", async (_ctx, name: string) => `Hello, ${name}`);

  test("an engine on the same store leaves threads alone, sweeps none of them, and shows them", async () => {
    await using store = openMemoryStore({ keepEnded: 0 });
    await using engine = await open(store, { workflows: [greet], retention: 0 });
    await using saver = await HeddleSaver.open(store);
    const config = await keep(saver, "t", { word: "kept" });
    assert.equal(await (await engine.start(greet, "Ada")).result(), "Hello, Ada");
    await saver.putWrites(config, [["word", "next"]], "task");

    const run = await engine.get("langgraph:t");
    const { note, ...summary } = await run.summary();
    const events = await Array.fromAsync(run.events({ live: false }));

    assert.equal(summary.workflow, "langgraph-thread");
    assert.deepEqual(summary.tags, { thread: "t" });
    assert.deepEqual(
      events.map(({ type }) => type),
      ["run-started", "emitted", "emitted"],
    );
    assert.equal((await run.state()).input instanceof Object, true);
    await store.sweep(Number.MAX_SAFE_INTEGER, 100);
    assert.deepEqual((await saver.getTuple(thread("t")))?.checkpoint.channel_values, { word: "kept" });
    assert.equal(note === undefined || note === "1 checkpoint of LangGraph", true);
  });

  test("signals and cancellations sent to a thread change nothing of it", async () => {
    await using store = openMemoryStore();
    await using engine = await open(store, { workflows: [greet] });
    const saver = await HeddleSaver.open(store);
    await keep(saver, "t", { word: "kept" });
    await engine.signal("langgraph:t", "hello", 1);
    await engine.cancel("langgraph:t", "no more");
    await keep(saver, "t", { word: "more" });
    await engine.signal("langgraph:t", "hello", 2);
    await saver.close();

    const row = await store.get("langgraph:t");
    assert.deepEqual([row?.status, row?.wakeAtMs, row?.note], ["waiting", null, "2 checkpoints of LangGraph"]);
    assert.equal((await store.readMail("langgraph:t")).length, 0);
  });
});
