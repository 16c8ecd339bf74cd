import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunId, RunStore, WholeRun } from "@heddle/kernel";
import type { Law } from "./law.ts";
import {
  append,
  bodies,
  claim,
  commit,
  create,
  createOwned,
  message,
  newRow,
  newRun,
  only,
  part,
  release,
  row,
  send,
  startMs,
} from "./sample.ts";

const moved = { code: "STORE_MOVED", message: /elsewhere/ };

/** A run with something of everything, that waits. */
async function rich(store: RunStore, runId: RunId): Promise<void> {
  const tags = { team: "red", __proto__x: "\u0000 \u{1F9F5}" };
  const fields = {
    workflow: "rich",
    version: "3",
    priority: 7,
    dedupKey: "k",
    parentId: "parent",
    limitKey: "l",
    limitMax: 2,
    tags,
    queue: "gpu",
    placement: '{"maxPerNode":3}',
    tenant: "acme",
  };
  await createOwned(store, runId, fields);
  await append(store, part(runId, 1, { events: ["two", "three \u0000 ü"], atMs: startMs + 5, snapshot: { body: "at 3" } }));
  await append(store, part(runId, 3, { events: ["four", "five"], atMs: startMs + 6, snapshot: { body: "at 5" } }));
  for (const id of ["m1", "m2", "m3"]) await send(store, message(runId, id, { atMs: startMs + 7 }));
  await append(store, part(runId, 5, { events: ["six"], atMs: startMs + 8, mailSeen: 2 }));
  await store.compact(runId, 2);
  await release(store, runId, 6, "queued", startMs + 1_000, { release: { status: "queued", wakeAtMs: startMs + 1_000, note: "a note" } });
}

async function exported(store: RunStore, runId: RunId): Promise<WholeRun> {
  const whole = await store.exportRun(runId);
  assert.ok(whole !== null);
  return { ...whole, mailIds: whole.mailIds.toSorted() };
}

export function moveLaws(law: Law, open: () => Promise<RunStore>): void {
  law("a run is exported whole", async (store) => {
    await rich(store, "run");

    assert.deepEqual(await exported(store, "run"), {
      row: await row(store, "run"),
      compactedThrough: 2,
      events: [
        { seq: 3, atMs: startMs + 5, body: "three \u0000 ü" },
        { seq: 4, atMs: startMs + 6, body: "four" },
        { seq: 5, atMs: startMs + 6, body: "five" },
        { seq: 6, atMs: startMs + 8, body: "six" },
      ],
      mail: [{ mailSeq: 3, id: "m3", atMs: startMs + 7, body: '{"id":"m3"}' }],
      mailIds: ["m1", "m2", "m3"],
      snapshots: [
        { seq: 3, body: "at 3" },
        { seq: 5, body: "at 5" },
      ],
    });
    assert.equal(await store.exportRun("nobody"), null);
  });

  law("what was imported is what was exported", async (store) => {
    await rich(store, "run");
    await create(store, newRun("plain"));
    await createOwned(store, "failed");
    await release(store, "failed", 1, "failed", null, { atMs: startMs + 3, release: { status: "failed", wakeAtMs: null, dead: "CODE" } });
    const runs = await Promise.all(["run", "plain", "failed"].map((runId) => exported(store, runId)));

    await using other = await open();
    assert.deepEqual(await other.importRuns(runs), [{ status: "imported" }, { status: "imported" }, { status: "imported" }]);
    assert.deepEqual(await Promise.all(["run", "plain", "failed"].map((runId) => exported(other, runId))), runs);
    assert.deepEqual(await other.importRuns([]), []);
    assert.deepEqual(await other.list({ tags: { team: "red" }, parentId: "parent" }), [runs[0]!.row]);
    assert.deepEqual(await other.list({ dead: true, status: ["failed"] }), [runs[2]!.row]);
    assert.deepEqual(
      (await other.list({ oldestFirst: true })).map(({ runId }) => runId),
      ["run", "plain", "failed"],
      "created in the order of the import",
    );
    assert.deepEqual(await other.readSnapshot("run"), { seq: 5, body: "at 5" });
    assert.deepEqual(await other.readSnapshot("run", 5), { seq: 3, body: "at 3" });
  });

  law("an imported run goes on where it stood", async (store) => {
    await rich(store, "run");
    await using other = await open();
    await other.importRuns([await exported(store, "run")]);

    assert.equal(await send(other, message("run", "m1")), "duplicate", "also of mail that was consumed before");
    assert.equal((await create(other, newRun("again", { workflow: "rich", dedupKey: "k" }))).status, "exists");
    assert.deepEqual(await claim(other, startMs + 1_000, 100), ["run"]);
    const { epoch } = await row(store, "run");
    assert.equal((await row(other, "run")).epoch, epoch + 1);
    assert.deepEqual(await append(other, part("run", 5, { epoch: epoch + 1, events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(other, part("run", 6, { epoch, events: ["x"] })), { status: "stale" });
    assert.deepEqual(await append(other, part("run", 6, { epoch: epoch + 1, events: ["seven"] })), { status: "ok", seq: 7 });
    assert.equal(await send(other, message("run", "m4")), "kept");
    assert.deepEqual(
      (await other.readMail("run")).map(({ mailSeq }) => mailSeq),
      [3, 4],
    );
    assert.deepEqual((await bodies(other, "run")).slice(-2), ["six", "seven"]);
  });

  law("a run whose journal was compacted to its end is imported with its place", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: ["two"], snapshot: { body: "at 2" } }));
    await release(store, "run", 2, "waiting", startMs);
    await store.compact("run", 2);
    await using other = await open();
    await other.importRuns([await exported(store, "run")]);
    await claim(other, startMs);

    assert.deepEqual(await append(other, part("run", 2, { epoch: 2, events: ["three"] })), { status: "ok", seq: 3 });
    assert.deepEqual(await other.readJournal("run", 0), [{ seq: 3, atMs: startMs, body: "three" }]);
  });

  law("an import leaves a run alone whose id or dedup key is taken, and takes the others", async (store) => {
    await create(store, newRun("one", { inputHash: "other" }));
    await create(store, newRun("two", { dedupKey: "k" }));
    await using source = await open();
    await rich(source, "one");
    await create(source, newRun("three", { dedupKey: "k" }));
    await create(source, newRun("four"));
    const runs = await Promise.all(["one", "three", "four"].map((runId) => exported(source, runId)));
    const [one, two] = [newRow("one", { inputHash: "other" }), newRow("two", { dedupKey: "k" })];

    assert.deepEqual(await store.findTaken(runs.map((run) => run.row)), [one, two, null]);
    assert.deepEqual(await store.importRuns(runs), [
      { status: "exists", row: one },
      { status: "exists", row: two },
      { status: "imported" },
    ]);
    assert.equal((await bodies(store, "one")).length, 1);
    assert.equal(await store.get("three"), null);
    assert.deepEqual(await store.findTaken([newRow("one"), newRow("five", { workflow: "another", dedupKey: "k" })]), [one, null]);
  });

  law("a run that has an owner is not imported, nor any other with it", async (store) => {
    await createOwned(store, "owned");
    await create(store, newRun("free"));
    const runs = await Promise.all(["free", "owned"].map((runId) => exported(store, runId)));
    await using other = await open();

    await assert.rejects(other.importRuns(runs), { code: "OPTION_INVALID" });
    assert.deepEqual(await other.list({}), []);
  });

  law("runs are listed oldest first too, page by page", async (store) => {
    await commit(store, { creates: Array.from({ length: 7 }, (_, index) => newRun(`r${index}`, { tags: { odd: String(index % 2) } })) });
    const ids = async (options: Parameters<RunStore["list"]>[0]): Promise<string> =>
      (await store.list({ ...options, oldestFirst: true })).map(({ runId }) => runId).join(" ");

    assert.equal(await ids({}), "r0 r1 r2 r3 r4 r5 r6");
    assert.equal(await ids({ limit: 3 }), "r0 r1 r2");
    assert.equal(await ids({ limit: 3, after: "r2" }), "r3 r4 r5");
    assert.equal(await ids({ tags: { odd: "1" }, after: "r1", limit: 1 }), "r3");
    assert.equal(await ids({ status: ["queued", "failed"], after: "r4" }), "r5 r6");
    assert.equal(await ids({ prefix: "r", after: "r6" }), "");
  });

  law("the hashes of blobs are listed in order, page by page", async (store) => {
    for (const hash of ["b", "a", "c"]) await store.putBlob(hash, `body of ${hash}`);

    assert.deepEqual(await store.listBlobs(null, 2), ["a", "b"]);
    assert.deepEqual(await store.listBlobs("b", 2), ["c"]);
    assert.deepEqual(await store.listBlobs("c", 2), []);
  });

  law("a store whose runs were moved is read as before and takes no write", async (store) => {
    await rich(store, "run");
    const before = await exported(store, "run");
    assert.equal(await store.readMove(), null);
    assert.equal(await store.setMove({ to: "elsewhere", done: false }), true);

    for (const write of writes(store)) await assert.rejects(async () => await write(), moved);
    assert.deepEqual(await exported(store, "run"), before);
    assert.deepEqual(await store.list({}), [before.row]);
    assert.deepEqual(await store.expectEnd("run"), before.row);
    assert.equal(await store.getBlob("hash"), null);
    assert.deepEqual(await store.readMove(), { to: "elsewhere", done: false });
    assert.equal(await store.setMove({ to: "elsewhere", done: true }), true);
    assert.deepEqual(await store.readMove(), { to: "elsewhere", done: true });
  });

  law("a move that is taken back leaves the store as it was", async (store) => {
    await rich(store, "run");
    await store.setMove({ to: "elsewhere", done: false });
    assert.equal(await store.setMove(null), true);

    assert.equal(await store.readMove(), null);
    assert.deepEqual(await claim(store, startMs + 1_000), ["run"]);
    assert.equal(await send(store, message("run", "m")), "kept");
  });

  law("a store in which a run is owned is not closed", async (store) => {
    await createOwned(store, "run");

    assert.equal(await store.setMove({ to: "elsewhere", done: false }), false);
    assert.equal(await store.readMove(), null);
    assert.deepEqual(await append(store, part("run", 1, { events: ["two"] })), { status: "ok", seq: 2 });
  });
}

function writes(store: RunStore): readonly (() => unknown)[] {
  return [
    () => store.commit({ messages: [message("run", "new")] }),
    () => store.commit({ creates: [newRun("new")] }),
    () => store.claim({ node: "node-b", limit: 1, nowMs: startMs + 10_000 }),
    () => store.heartbeat("node-a", startMs + 1_000, startMs),
    () => store.takeDuty("duty", "node-a", startMs + 1_000, startMs),
    () => store.describeNode("node-a", "{}"),
    () => store.setStatus("run", ["queued"], "paused", null, null),
    () => store.delete("run"),
    () => store.putBlob("hash", "body"),
    () => store.importRuns([{ row: newRow("new"), compactedThrough: 0, events: [], mail: [], mailIds: [], snapshots: [] }]),
  ];
}

/** Laws of moves, of stores that several processes open. */
export function sharedMoveLaws(open: () => Promise<RunStore>, beside: (store: RunStore) => Promise<RunStore>): void {
  test("who has the store open while its runs are moved by another can write no more", async () => {
    await using one = await open();
    await using other = await beside(one);
    await rich(one, "run");
    assert.equal(await send(other, message("run", "m4")), "kept");
    await one.setMove({ to: "elsewhere", done: false });

    for (const write of writes(other)) await assert.rejects(async () => await write(), moved);
    await using third = await beside(one);
    await assert.rejects(async () => await third.commit({ messages: [message("run", "m5")] }), moved);
    assert.equal((await exported(third, "run")).row.mailSeq, 4);
    await third.setMove(null);
    assert.equal(await send(other, message("run", "m5")), "kept");
    assert.equal(await send(one, message("run", "m6")), "kept");
  });

  test("of claims and a move at once, either a run is owned and the store is not closed, or nobody owns one", async () => {
    for (let round = 0; round < 8; round++) {
      await using one = await open();
      await using other = await beside(one);
      await create(one, newRun("run"));

      const [taken, closed] = await Promise.all([
        other.claim({ node: "node-a", limit: 1, nowMs: startMs }).then(
          (rows) => rows.length,
          () => 0,
        ),
        one.setMove({ to: "elsewhere", done: false }),
      ]);
      assert.equal(taken === 1, !closed);
      assert.equal((await row(one, "run")).status, closed ? "queued" : "running");
    }
  });
}

/** A move of a store that keeps beyond its process. */
export function durableMoveLaws(open: () => Promise<RunStore>, reopen: (store: RunStore) => Promise<RunStore>): void {
  test("a store whose runs were moved is still closed when it is opened again", async () => {
    const first = await open();
    await create(first, newRun("run"));
    await first.setMove({ to: "elsewhere", done: true });

    await using store = await reopen(first);
    assert.deepEqual(await store.readMove(), { to: "elsewhere", done: true });
    await assert.rejects(async () => await store.claim({ node: "node-a", limit: 1, nowMs: startMs }), moved);
    assert.deepEqual(only(await store.list({})), newRow("run"));
  });
}
