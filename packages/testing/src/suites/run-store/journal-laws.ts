import assert from "node:assert/strict";
import type { PartVerdict } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, bodies, claim, commit, createOwned, message, newRun, part, release, row, startMs } from "./sample.ts";

export function journalLaws(law: Law): void {
  law("a journal reads back in append order with seq 1, 2, 3 and its times", async (store) => {
    await createOwned(store, "run");
    assert.deepEqual(await append(store, part("run", 1, { events: ["b", "c"], atMs: startMs + 5 })), { status: "ok", seq: 3 });
    assert.deepEqual(await append(store, part("run", 3, { events: ["d"], atMs: startMs + 4 })), { status: "ok", seq: 4 });

    assert.deepEqual(await store.readJournal("run", 0), [
      { seq: 1, atMs: startMs, body: '{"type":"run-started"}' },
      { seq: 2, atMs: startMs + 5, body: "b" },
      { seq: 3, atMs: startMs + 5, body: "c" },
      { seq: 4, atMs: startMs + 4, body: "d" },
    ]);
  });

  law("one event appended at once is fenced as a part is; a store that outlives its process has no such way", async (store) => {
    if (store.features.durability !== "none") assert.ok(!("appendNow" in store));
    if (!("appendNow" in store)) return;
    await createOwned(store, "run");
    assert.equal(store.appendNow?.("run", 1, 1, startMs + 5, { text: () => "b" }), true);
    assert.equal(store.appendNow?.("run", 1, 1, startMs + 5, { text: () => "again" }), false, "another seq");
    assert.equal(store.appendNow?.("run", 2, 2, startMs + 5, { text: () => "ahead" }), false, "another epoch");
    assert.equal(store.appendNow?.("nobody", 1, 0, startMs + 5, { text: () => "x" }), false);
    assert.deepEqual(await append(store, part("run", 2, { events: ["c"], atMs: startMs + 6 })), { status: "ok", seq: 3 });
    await release(store, "run", 3, "waiting");
    assert.equal(store.appendNow?.("run", 1, 3, startMs + 7, { text: () => "late" }), false, "nobody owns it");

    assert.deepEqual(
      (await store.readJournal("run", 1)).map(({ seq, atMs, body }) => [seq, atMs, body]),
      [
        [2, startMs + 5, "b"],
        [3, startMs + 6, "c"],
      ],
    );
  });

  law("any well-formed text comes back as it is", async (store) => {
    const texts = [
      "",
      " ",
      "\u0000",
      "a\u0000b",
      "\uFEFFbom",
      "é",
      "\u{1F9F5} thread",
      "\u0800\uFFFF",
      "'; DROP TABLE run; --",
      "line\nline\r\n",
      "x".repeat(300_000),
    ];
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: texts }));

    assert.deepEqual((await bodies(store, "run")).slice(1), texts);
  });

  law("reading begins after a seq and ends at a limit", async (store) => {
    await createOwned(store, "run");
    const texts = Array.from({ length: 299 }, (_, index) => `é${index + 2}`);
    for (let start = 0; start < texts.length; start += 23)
      await append(store, part("run", start + 1, { events: texts.slice(start, start + 23) }));

    const seqs = async (afterSeq: number, limit?: number): Promise<number[]> => {
      const events = await store.readJournal("run", afterSeq, limit);
      for (const event of events) if (event.seq > 1) assert.equal(event.body, `é${event.seq}`);
      return events.map((event) => event.seq);
    };
    assert.deepEqual(
      await seqs(0),
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    assert.deepEqual(await seqs(126, 5), [127, 128, 129, 130, 131]);
    assert.deepEqual(await seqs(298), [299, 300]);
    assert.deepEqual(await seqs(300), []);
    assert.deepEqual(await seqs(1_000), []);
    assert.deepEqual(await seqs(0, 0), []);
  });

  law("the last events are read, oldest first", async (store) => {
    for (const runId of ["before", "run", "behind"]) await createOwned(store, runId);
    for (let seq = 1; seq < 300; seq += 23) {
      const events = Array.from({ length: Math.min(23, 300 - seq) }, (_, index) => `é${seq + index + 1}`);
      for (const runId of ["run", "behind"]) await append(store, part(runId, seq, { events, atMs: startMs + seq }));
    }
    const seqs = async (count: number): Promise<number[]> => (await store.readLast("run", count)).map((event) => event.seq);

    assert.deepEqual(await store.readLast("run", 1), [{ seq: 300, atMs: startMs + 277, body: "é300" }]);
    assert.deepEqual(await seqs(3), [298, 299, 300]);
    assert.deepEqual(await store.readLast("run", 200), await store.readJournal("run", 100));
    assert.deepEqual(await store.readLast("run", 1_000), await store.readJournal("run", 0));
    assert.deepEqual([(await store.readLast("before", 5)).length, await seqs(0)], [1, []]);
    await append(store, part("run", 300, { snapshot: { body: "at 300" } }));
    await store.compact("run", 298);
    assert.deepEqual(await seqs(5), [299, 300]);
    await store.compact("run", 300);
    assert.deepEqual(await seqs(5), []);
  });

  law("an unknown run has an empty journal, no mail, no snapshot and no row", async (store) => {
    assert.deepEqual(await store.readJournal("nobody", 0), []);
    assert.deepEqual(await store.readLast("nobody", 5), []);
    assert.deepEqual(await store.readMail("nobody"), []);
    assert.equal(await store.readSnapshot("nobody"), null);
    assert.equal(await store.get("nobody"), null);
  });

  law("the second of two appends with the same expected seq is stale", async (store) => {
    await createOwned(store, "run");
    assert.deepEqual(await append(store, part("run", 1, { events: ["first"] })), { status: "ok", seq: 2 });

    assert.deepEqual(await append(store, part("run", 1, { events: ["second"] })), { status: "stale" });
    assert.deepEqual((await bodies(store, "run")).slice(1), ["first"]);
  });

  law("an append that expects a seq beyond the last is stale", async (store) => {
    await createOwned(store, "run");

    assert.deepEqual(await append(store, part("run", 2, { events: ["late"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 0, { events: ["early"] })), { status: "stale" });
    assert.equal((await bodies(store, "run")).length, 1);
  });

  law("an append with another epoch than the present one is stale", async (store) => {
    await createOwned(store, "run");
    await release(store, "run", 1, "waiting", startMs);
    await claim(store, startMs, 1);

    assert.deepEqual(await append(store, part("run", 1, { epoch: 1, events: ["zombie"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 1, { epoch: 3, events: ["prophet"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 1, { epoch: 2, events: ["owner"] })), { status: "ok", seq: 2 });
    assert.deepEqual((await bodies(store, "run")).slice(1), ["owner"]);
  });

  law("only the owner of a running run can append", async (store) => {
    await commit(store, { creates: [newRun("queued")] });
    await createOwned(store, "parked");
    await release(store, "parked", 1, "waiting");
    await createOwned(store, "ended");
    await release(store, "ended", 1, "completed");

    assert.deepEqual(await append(store, part("queued", 1, { epoch: 0, events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("parked", 1, { events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("ended", 1, { events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("nobody", 0, { events: ["x"] })), { status: "stale" });
    for (const runId of ["queued", "parked", "ended"]) assert.equal((await bodies(store, runId)).length, 1);
  });

  law("a stale part leaves the other parts of its batch unharmed, and verdicts stand in order", async (store) => {
    for (const runId of ["a", "b", "c"]) await createOwned(store, runId);

    const verdict = await commit(store, {
      creates: [newRun("d"), newRun("a")],
      parts: [part("a", 1, { events: ["a2"] }), part("b", 7, { events: ["b2"] }), part("c", 1, { events: ["c2", "c3"] })],
      messages: [message("b", "m"), message("nobody", "m")],
    });
    assert.deepEqual(
      verdict.creates.map((one) => one.status),
      ["created", "exists"],
    );
    assert.deepEqual(verdict.parts, [{ status: "ok", seq: 2 }, { status: "stale" }, { status: "ok", seq: 3 }]);
    assert.deepEqual(verdict.messages, [{ status: "kept" }, { status: "unknown" }]);
    assert.deepEqual([(await bodies(store, "a")).length, (await bodies(store, "b")).length, (await bodies(store, "c")).length], [2, 1, 3]);
  });

  law("a stale part leaves nothing behind: no event, child, mail, snapshot, release or progress", async (store) => {
    await createOwned(store, "run");
    await createOwned(store, "other");
    const before = await row(store, "run");

    const verdict = await append(
      store,
      part("run", 9, {
        events: ["x", "y"],
        children: [newRun("child")],
        messages: [message("other", "m")],
        snapshot: { body: "s" },
        release: { status: "completed", wakeAtMs: null, note: "done" },
        progress: true,
      }),
    );
    assert.deepEqual(verdict, { status: "stale" });
    assert.deepEqual(await row(store, "run"), before);
    assert.equal(await store.get("child"), null);
    assert.deepEqual(await store.readMail("other"), []);
    assert.equal(await store.readSnapshot("run"), null);
    assert.equal((await bodies(store, "run")).length, 1);
  });

  law("two parts of one run in a batch follow each other", async (store) => {
    await createOwned(store, "run");

    const verdict = await commit(store, {
      parts: [part("run", 1, { events: ["b"] }), part("run", 1, { events: ["no"] }), part("run", 2, { events: ["c"] })],
    });
    assert.deepEqual(verdict.parts, [{ status: "ok", seq: 2 }, { status: "stale" }, { status: "ok", seq: 3 }]);
    assert.deepEqual((await bodies(store, "run")).slice(1), ["b", "c"]);
  });

  law("a part without events is fenced like any other", async (store) => {
    await createOwned(store, "run");

    assert.deepEqual(await append(store, part("run", 1)), { status: "ok", seq: 1 });
    assert.deepEqual(await append(store, part("run", 0)), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 1, { epoch: 2 })), { status: "stale" });
  });

  law("a part that expects no seq is fenced by its epoch, and brings no events", async (store) => {
    await createOwned(store, "run");

    assert.deepEqual(await append(store, part("run", null, { events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", null, { epoch: 2 })), { status: "stale" });
    assert.equal((await bodies(store, "run")).length, 1);
    assert.deepEqual(await append(store, part("run", null, { release: { status: "paused", wakeAtMs: null } })), { status: "ok", seq: 1 });
    assert.equal((await row(store, "run")).status, "paused");
  });

  law("an empty batch has empty verdicts", async (store) => {
    assert.deepEqual(await commit(store, {}), { creates: [], parts: [], messages: [] });
    assert.deepEqual(await commit(store, { creates: [], parts: [], messages: [] }), { creates: [], parts: [], messages: [] });
  });

  law("commits that are not awaited take effect in the order of the calls", async (store) => {
    const runIds = ["a", "b", "c", "d", "e"];
    for (const runId of runIds) await createOwned(store, runId);

    const answers: Promise<{ readonly parts: readonly PartVerdict[] }>[] = [];
    for (let seq = 1; seq <= 100; seq++)
      for (const runId of runIds) answers.push(commit(store, { parts: [part(runId, seq, { events: [`${runId}${seq + 1}`] })] }));
    const verdicts = (await Promise.all(answers)).map((answer) => answer.parts[0]!);

    assert.ok(verdicts.every((verdict) => verdict.status === "ok"));
    for (const runId of runIds) {
      assert.deepEqual(
        (await bodies(store, runId)).slice(1),
        Array.from({ length: 100 }, (_, index) => `${runId}${index + 2}`),
      );
    }
  });

  law("a batch of many runs is one commit", async (store) => {
    const runIds = Array.from({ length: 400 }, (_, index) => `run-${index}`);
    const made = await commit(store, { creates: runIds.map((runId) => newRun(runId, {}, { claimFor: "node-a" })) });
    assert.ok(made.creates.every((verdict) => verdict.status === "created" && verdict.claimed));

    const verdict = await commit(store, { parts: runIds.map((runId) => part(runId, 1, { events: [runId] })) });
    assert.ok(verdict.parts.every((one) => one.status === "ok" && one.seq === 2));
    for (const runId of runIds) assert.deepEqual((await bodies(store, runId)).slice(1), [runId]);
  });
}
