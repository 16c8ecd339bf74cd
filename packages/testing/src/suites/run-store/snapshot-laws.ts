import assert from "node:assert/strict";
import type { RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, bodies, claim, createOwned, part, release, row, startMs } from "./sample.ts";

async function grow(store: RunStore, fromSeq: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => `e${fromSeq + index + 1}`);
  assert.equal((await append(store, part("run", fromSeq, { events }))).status, "ok");
}

const snapshot = (store: RunStore, seq: number, body: string): Promise<unknown> => append(store, part("run", seq, { snapshot: { body } }));

export function snapshotLaws(law: Law): void {
  law("the newest snapshot is read, with the seq of the last event that it holds", async (store) => {
    await createOwned(store, "run");
    assert.equal(await store.readSnapshot("run"), null);
    await append(store, part("run", 1, { events: ["e2", "e3"], snapshot: { body: "at 3" } }));
    assert.deepEqual(await store.readSnapshot("run"), { seq: 3, body: "at 3" });

    for (let seq = 3; seq < 8; seq++) await append(store, part("run", seq, { events: ["x"], snapshot: { body: `at ${seq + 1}` } }));
    assert.deepEqual(await store.readSnapshot("run"), { seq: 8, body: "at 8" });
    await snapshot(store, 8, "at 8, better");
    assert.deepEqual(await store.readSnapshot("run"), { seq: 8, body: "at 8, better" });
  });

  law("the snapshot before another is read, as long as the events after it are kept", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: ["e2", "e3"], snapshot: { body: "at 3" } }));
    await append(store, part("run", 3, { events: ["e4", "e5"], snapshot: { body: "at 5" } }));
    assert.deepEqual(await store.readSnapshot("run", 6), { seq: 5, body: "at 5" });
    assert.deepEqual(await store.readSnapshot("run", 5), { seq: 3, body: "at 3" });
    assert.equal(await store.readSnapshot("run", 3), null);
    await store.compact("run", 3);
    assert.deepEqual(await store.readSnapshot("run", 5), { seq: 3, body: "at 3" });
    await store.compact("run", 4);

    assert.equal(await store.readSnapshot("run", 5), null);
    assert.deepEqual(await store.readSnapshot("run"), { seq: 5, body: "at 5" });
  });

  law("compact removes events up to a seq and no more", async (store) => {
    await createOwned(store, "run");
    await grow(store, 1, 299);
    await snapshot(store, 300, "s");
    await store.compact("run", 200);

    assert.deepEqual(
      await bodies(store, "run"),
      Array.from({ length: 100 }, (_, index) => `e${index + 201}`),
    );
    assert.deepEqual(
      (await store.readJournal("run", 50, 2)).map((event) => event.seq),
      [201, 202],
    );
    assert.deepEqual(
      (await store.readJournal("run", 250, 2)).map((event) => event.seq),
      [251, 252],
    );
    await store.compact("run", 100);
    assert.equal((await bodies(store, "run")).length, 100, "an earlier seq changes nothing");
  });

  law("compact never goes past the newest snapshot", async (store) => {
    await createOwned(store, "run");
    await grow(store, 1, 9);
    await store.compact("run", 10);
    assert.equal((await bodies(store, "run")).length, 10, "there is no snapshot");
    await snapshot(store, 10, "s");
    await grow(store, 10, 2);
    await store.compact("run", 12);

    assert.deepEqual(await bodies(store, "run"), ["e11", "e12"]);
    assert.deepEqual(await store.readSnapshot("run"), { seq: 10, body: "s" });
    await store.compact("nobody", 5);
  });

  law("an end takes the snapshots of its run away, and one that comes with it is not kept", async (store) => {
    for (const runId of ["run", "other"]) {
      await createOwned(store, runId);
      await append(store, part(runId, 1, { events: ["e2", "e3"], snapshot: { body: "at 3" } }));
      await append(store, part(runId, 3, { events: ["e4"], snapshot: { body: "at 4" } }));
    }
    await append(store, part("run", 4, { release: { status: "paused", wakeAtMs: null } }));
    assert.equal((await store.readSnapshot("run"))?.seq, 4, "a pause is no end");
    await store.setStatus("run", ["paused"], "queued", startMs, null);
    await claim(store, startMs);
    const end = part("run", 4, { epoch: 2, events: ["e5"], snapshot: { body: "at 5" }, release: { status: "failed", wakeAtMs: null } });
    assert.deepEqual(await append(store, end), { status: "ok", seq: 5 });

    assert.equal(await store.readSnapshot("run"), null);
    assert.deepEqual((await store.exportRun("run"))?.snapshots, []);
    assert.deepEqual((await bodies(store, "run")).slice(1), ["e2", "e3", "e4", "e5"]);
    assert.deepEqual(await store.readSnapshot("other"), { seq: 4, body: "at 4" });
    await store.compact("run", 4);
    assert.equal((await bodies(store, "run")).length, 5, "nothing takes the place of its events");
  });

  law("an end of nothing but events takes the snapshots away too", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: ["e2"], snapshot: { body: "at 2" } }));
    await append(store, part("run", 2, { events: ["e3"], release: { status: "completed", wakeAtMs: null } }));

    assert.equal(await store.readSnapshot("run"), null);
  });

  law("a run whose journal was compacted keeps its snapshots at its end", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: ["e2", "e3"], snapshot: { body: "at 3" } }));
    await store.compact("run", 2);
    await append(store, part("run", 3, { events: ["e4"], release: { status: "completed", wakeAtMs: null } }));

    assert.deepEqual(await store.readSnapshot("run"), { seq: 3, body: "at 3" });
    assert.deepEqual(await bodies(store, "run"), ["e3", "e4"]);
    assert.equal(await store.setStatus("run", ["completed"], "queued", startMs, null), true);
    await claim(store, startMs);
    assert.deepEqual(await append(store, part("run", 4, { epoch: 2, events: ["e5"] })), { status: "ok", seq: 5 });
  });

  law("a run that goes on after its end has snapshots again", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: ["e2"], snapshot: { body: "at 2" } }));
    await append(store, part("run", 2, { events: ["e3"], release: { status: "failed", wakeAtMs: null } }));
    await store.setStatus("run", ["failed"], "queued", startMs, null);
    await claim(store, startMs);
    await append(store, part("run", 3, { epoch: 2, events: ["e4"], snapshot: { body: "at 4" } }));

    assert.deepEqual(await store.readSnapshot("run"), { seq: 4, body: "at 4" });
    await append(store, part("run", 4, { epoch: 2, events: ["e5"], release: { status: "completed", wakeAtMs: null } }));
    assert.equal(await store.readSnapshot("run"), null);
  });

  law("a run whose journal was compacted to its end goes on with the next seq", async (store) => {
    await createOwned(store, "run");
    await grow(store, 1, 9);
    await snapshot(store, 10, "s");
    await store.compact("run", 10);
    assert.deepEqual(await bodies(store, "run"), []);
    await release(store, "run", 10, "waiting", startMs);
    await claim(store, startMs);

    assert.deepEqual(await append(store, part("run", 9, { epoch: 2, events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 10, { epoch: 2, events: ["e11"] })), { status: "ok", seq: 11 });
    assert.deepEqual(await append(store, part("run", 10, { epoch: 2, events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 11, { epoch: 2, events: ["e12"] })), { status: "ok", seq: 12 });
    assert.deepEqual(await store.readJournal("run", 0), [
      { seq: 11, atMs: startMs, body: "e11" },
      { seq: 12, atMs: startMs, body: "e12" },
    ]);
    assert.equal((await row(store, "run")).epoch, 2);
  });
}
