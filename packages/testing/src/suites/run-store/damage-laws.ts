import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunId, RunStore } from "@heddle/kernel";
import { append, bodies, claim, create, createOwned, newRun, part, row, startMs } from "./sample.ts";

/** How to spoil what an open store keeps, behind its back. */
export interface StoreDamage {
  /** Change a byte in the body of an event. */
  event(store: RunStore, runId: RunId, seq: number): Promise<void>;
  /** Make an event vanish. */
  loseEvent(store: RunStore, runId: RunId, seq: number): Promise<void>;
  /** Change a byte in the body of a snapshot. */
  snapshot(store: RunStore, runId: RunId, seq: number): Promise<void>;
}

export function damageLaws(open: () => Promise<RunStore>, damage: StoreDamage): void {
  const filled = async (): Promise<RunStore> => {
    const store = await open();
    for (const runId of ["spoilt", "sound"]) {
      await createOwned(store, runId);
      await append(store, part(runId, 1, { events: ["two", "three"], snapshot: { body: "at 3" } }));
      await append(store, part(runId, 3, { events: ["four", "five"], snapshot: { body: "at 5" } }));
    }
    return store;
  };
  const corrupt = { code: "JOURNAL_CORRUPT", data: { runId: "spoilt", seq: 2, lastSeq: 5 } };

  test("an event that fails its checksum is named, and its run can still be paused", async () => {
    await using store = await filled();
    await damage.event(store, "spoilt", 2);

    await assert.rejects(store.readJournal("spoilt", 0), corrupt);
    await assert.rejects(store.readJournal("spoilt", 1, 1), corrupt);
    assert.deepEqual(
      (await store.readJournal("spoilt", 2)).map((event) => event.seq),
      [3, 4, 5],
    );
    assert.equal((await bodies(store, "sound")).length, 5, "other runs are unharmed");
    assert.deepEqual(await append(store, part("spoilt", null, { release: { status: "paused", wakeAtMs: null } })), {
      status: "ok",
      seq: 5,
    });
    assert.equal((await row(store, "spoilt")).status, "paused");
  });

  test("a lost event is named", async () => {
    await using store = await filled();
    await damage.loseEvent(store, "spoilt", 2);

    await assert.rejects(store.readJournal("spoilt", 0), corrupt);
    await assert.rejects(store.readJournal("spoilt", 1), corrupt);
    assert.deepEqual(
      (await store.readJournal("spoilt", 2)).map((event) => event.seq),
      [3, 4, 5],
    );
  });

  test("a run with a damaged or lost event is not exported; the others are", async () => {
    await using store = await filled();
    await damage.event(store, "spoilt", 2);

    await assert.rejects(store.exportRun("spoilt"), corrupt);
    assert.equal((await store.exportRun("sound"))?.events.length, 5);
    await damage.loseEvent(store, "sound", 1);
    await assert.rejects(store.exportRun("sound"), { code: "JOURNAL_CORRUPT", data: { runId: "sound", seq: 1, lastSeq: 5 } });
  });

  test("damage among the last events is named, and damage before them does not matter", async () => {
    await using store = await filled();
    await damage.event(store, "spoilt", 2);

    assert.deepEqual(
      (await store.readLast("spoilt", 3)).map((event) => event.seq),
      [3, 4, 5],
    );
    await assert.rejects(store.readLast("spoilt", 4), corrupt);
    await damage.loseEvent(store, "sound", 4);
    await assert.rejects(store.readLast("sound", 2), { code: "JOURNAL_CORRUPT", data: { runId: "sound", seq: 4, lastSeq: 5 } });
  });

  test("a snapshot that fails its checksum is not exported", async () => {
    await using store = await filled();
    await damage.snapshot(store, "spoilt", 5);

    assert.deepEqual((await store.exportRun("spoilt"))?.snapshots, [{ seq: 3, body: "at 3" }]);
  });

  test("a snapshot that fails its checksum gives way to the one before", async () => {
    await using store = await filled();
    await damage.snapshot(store, "spoilt", 5);
    assert.deepEqual(await store.readSnapshot("spoilt"), { seq: 3, body: "at 3" });
    assert.deepEqual(await store.readSnapshot("sound"), { seq: 5, body: "at 5" });

    await damage.snapshot(store, "spoilt", 3);
    assert.equal(await store.readSnapshot("spoilt"), null);
  });

  test("compact keeps the events that no good snapshot holds", async () => {
    await using store = await filled();
    await damage.snapshot(store, "spoilt", 5);
    await store.compact("spoilt", 5);

    assert.deepEqual(
      (await store.readJournal("spoilt", 0)).map((event) => event.seq),
      [4, 5],
    );
    assert.deepEqual(await store.readSnapshot("spoilt"), { seq: 3, body: "at 3" });
  });

  test("a snapshot whose following events are gone is not offered", async () => {
    await using store = await filled();
    await store.compact("spoilt", 5);
    await damage.snapshot(store, "spoilt", 5);

    assert.equal(await store.readSnapshot("spoilt"), null);
  });

  test("claims and other runs go on beside a spoilt one", async () => {
    await using store = await filled();
    await damage.event(store, "spoilt", 5);
    await create(store, newRun("new"));

    assert.deepEqual(await claim(store, startMs), ["new"]);
    assert.deepEqual(await append(store, part("sound", 5, { events: ["six"] })), { status: "ok", seq: 6 });
  });
}
