import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunId, RunStore, RunTail } from "@heddle/kernel";
import type { StoreDamage } from "./damage-laws.ts";
import type { Law } from "./law.ts";
import { append, createOwned, message, part, release, send } from "./sample.ts";

/** What the methods for one run say. */
async function readOneByOne(store: RunStore, runId: RunId): Promise<RunTail> {
  const snapshot = await store.readSnapshot(runId);
  return { snapshot, events: await store.readJournal(runId, snapshot?.seq ?? 0), mail: await store.readMail(runId) };
}

/** Laws of stores that read several runs at once. */
export function tailLaws(law: Law): void {
  law("what is read of several runs at once is what is read of each", async (store) => {
    if (store.readTails === undefined) return;
    await createOwned(store, "young");
    await createOwned(store, "grown");
    await append(store, part("grown", 1, { events: ["two \u0000 \ud800", "three"], snapshot: { body: "at 3" } }));
    await append(store, part("grown", 3, { events: ["four", "five"] }));
    await createOwned(store, "compacted");
    await append(store, part("compacted", 1, { events: ["two", "three"], snapshot: { body: "at 3 \u0000" } }));
    await store.compact("compacted", 3);
    await createOwned(store, "mailed");
    for (const id of ["a", "b \u0001", "c"]) await send(store, message("mailed", id, { body: `body of ${id}` }));
    await append(store, part("mailed", 1, { mailSeen: 1 }));
    await createOwned(store, "ended");
    await release(store, "ended", 1, "completed");
    const runIds = ["mailed", "grown", "compacted", "ended", "young"];

    const tails = await store.readTails(runIds, 10);
    assert.deepEqual(tails, await Promise.all(runIds.map((runId) => readOneByOne(store, runId))));
    assert.equal(tails[0]?.mail.length, 2);
    assert.deepEqual([tails[1]?.snapshot?.seq, tails[1]?.events.length], [3, 2]);
    assert.deepEqual(await store.readTails([], 10), []);
  });

  law("a run that is not there, or has grown beyond what is read at once, is to be read by itself", async (store) => {
    if (store.readTails === undefined) return;
    await createOwned(store, "short");
    await createOwned(store, "long");
    await append(store, part("long", 1, { events: ["two", "three"] }));

    const [unknown, short, long] = await store.readTails(["unknown", "short", "long"], 2);
    assert.deepEqual([unknown, short?.events.length, long], [null, 1, null]);
    assert.equal((await store.readTails(["long"], 3))[0]?.events.length, 3);
  });
}

export function damagedTailLaws(open: () => Promise<RunStore>, damage: StoreDamage): void {
  test("a run of which something is damaged is to be read by itself; the others are read at once", async () => {
    await using store = await open();
    if (store.readTails === undefined) return;
    const runIds = ["event", "lost", "last", "snapshot", "sound"];
    for (const runId of runIds) {
      await createOwned(store, runId);
      await append(store, part(runId, 1, { events: ["two"], snapshot: { body: "at 2" } }));
      await append(store, part(runId, 2, { events: ["three", "four", "five"] }));
    }
    await damage.event(store, "event", 4);
    await damage.loseEvent(store, "lost", 3);
    await damage.snapshot(store, "snapshot", 2);

    const tails = await store.readTails(runIds, 10);
    assert.deepEqual(
      tails.map((tail) => tail?.events.length ?? null),
      [null, null, 3, null, 3],
    );
  });
}
