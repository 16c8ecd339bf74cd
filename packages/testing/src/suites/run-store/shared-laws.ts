import assert from "node:assert/strict";
import { test } from "node:test";
import type { PartVerdict, RunId, RunStore } from "@heddle/kernel";
import { eventually } from "../../clock/eventually.ts";
import { append, bodies, claim, commit, create, createOwned, message, newRun, part, release, row, send, startMs } from "./sample.ts";

/** Laws of stores that keep beyond their process. `reopen` closes the store and opens the same data again. */
export function durableLaws(open: () => Promise<RunStore>, reopen: (store: RunStore) => Promise<RunStore>): void {
  test("everything acknowledged is there after the store was closed and opened again", async () => {
    const first = await open();
    await first.heartbeat("node-a", startMs + 1_000, startMs);
    await createOwned(first, "run", { tags: { team: "red" }, dedupKey: "k", limitKey: "l", limitMax: 1, version: "3" });
    await create(first, newRun("held", { limitKey: "l", limitMax: 1 }));
    await claim(first, startMs);
    await append(first, part("run", 1, { events: ["two", "three"], snapshot: { body: "s" } }));
    await send(first, message("run", "m"));
    await first.putBlob("hash", "blob");
    const before = [
      await first.get("run"),
      await first.readJournal("run", 0),
      await first.readMail("run"),
      await first.readSnapshot("run"),
      await first.list({}),
    ];

    await using store = await reopen(first);
    assert.deepEqual(
      [
        await store.get("run"),
        await store.readJournal("run", 0),
        await store.readMail("run"),
        await store.readSnapshot("run"),
        await store.list({}),
      ],
      before,
    );
    assert.equal(await store.getBlob("hash"), "blob");
    assert.equal(await send(store, message("run", "m")), "duplicate");
    assert.equal((await create(store, newRun("again", { dedupKey: "k" }))).status, "exists");
    assert.deepEqual(await append(store, part("run", 3, { events: ["four"] })), { status: "ok", seq: 4 }, "the owner's epoch holds");
    assert.deepEqual(await claim(store, startMs), [], "the limit is full as before");
    assert.equal(await store.reapDeadNodes(startMs + 1_001), 1);
    assert.equal(await store.heartbeat("node-a", startMs + 9_000, startMs + 1_001), false);
  });
}

/** Laws of stores that several processes open. `beside` opens the same data once more. */
export function sharedLaws(open: () => Promise<RunStore>, beside: (store: RunStore) => Promise<RunStore>): void {
  test("of two stores over the same data, each sees what the other committed", async () => {
    await using one = await open();
    await using other = await beside(one);
    await createOwned(one, "run");
    assert.deepEqual(await append(other, part("run", 1, { events: ["other"] })), { status: "ok", seq: 2 });

    assert.deepEqual(await append(one, part("run", 1, { events: ["one"] })), { status: "stale" });
    assert.deepEqual(await append(one, part("run", 2, { events: ["one"] })), { status: "ok", seq: 3 });
    assert.deepEqual((await bodies(other, "run")).slice(1), ["other", "one"]);
    assert.equal(await send(other, message("run", "m")), "kept");
    assert.deepEqual(await append(one, part("run", 3, { release: { status: "waiting", wakeAtMs: null } })), { status: "mail" });
    await release(one, "run", 3, "waiting", null, { mailSeen: 1 });
    assert.deepEqual(await append(other, part("run", 3, { events: ["late"] })), { status: "stale" });
    assert.equal(await send(one, message("run", "n")), "kept");
    assert.deepEqual(await claim(other, startMs), ["run"]);
    assert.deepEqual(await append(one, part("run", 3, { epoch: 1, events: ["zombie"] })), { status: "stale" });
  });

  test("whoever expects the end of a run hears of it when another store brings it about", async () => {
    await using one = await open();
    await using other = await beside(one);
    await createOwned(one, "run");
    const heard: (RunId | null)[] = [];
    using watcher = one.watch((runId) => heard.push(runId));
    const hears = (): Promise<void> => eventually(() => heard.some((runId) => runId === null || runId === "run"), "it hears of the run");
    assert.equal(await send(other, message("run", "m")), "kept");
    await hears();

    assert.equal(await one.expectEnd("nobody"), null);
    assert.equal((await one.expectEnd("run"))?.endedAtMs, null);
    heard.length = 0;
    await release(other, "run", 1, "completed", null, { mailSeen: 1 });
    await hears();
    const ended = await one.expectEnd("run");
    assert.deepEqual([ended?.status, ended], ["completed", await other.get("run")]);

    // Another road: its owner's own store ends it, with an event.
    await createOwned(other, "run-2");
    await one.expectEnd("run-2");
    heard.length = 0;
    await append(other, part("run-2", 1, { events: ["end"], release: { status: "completed", wakeAtMs: null } }));
    await eventually(() => heard.includes("run-2") || heard.includes(null), "it hears of the second run");
    watcher[Symbol.dispose]();
  });

  test("an end that comes from who owned a run before is refused beside others that are taken, and leaves the run to its owner", async () => {
    await using one = await open();
    await using other = await beside(one);
    await one.heartbeat("node-a", startMs, startMs);
    for (const runId of ["lost", "ended"]) {
      await createOwned(one, runId);
      assert.deepEqual(await append(one, part(runId, 1, { events: ["two"] })), { status: "ok", seq: 2 });
    }
    assert.equal(await other.reapDeadNodes(startMs + 1), 2);
    assert.equal(await one.heartbeat("node-a", startMs + 1_000, startMs + 1), false);
    assert.deepEqual(await claim(other, startMs + 1, 9, undefined, "node-b"), ["lost", "ended"]);
    await createOwned(one, "own");

    const end = { status: "completed", wakeAtMs: null } as const;
    const verdict = await commit(one, {
      parts: [
        part("lost", 2, { events: ["late"], release: end }),
        part("own", 1, { events: ["last"], release: end }),
        part("ended", 2, { events: ["late"], release: end }),
      ],
    });
    assert.deepEqual(verdict.parts, [{ status: "stale" }, { status: "ok", seq: 2 }, { status: "stale" }]);
    assert.deepEqual(await bodies(one, "lost"), ['{"type":"run-started"}', "two"]);
    const { status, owner, epoch, endedAtMs } = await row(one, "lost");
    assert.deepEqual({ status, owner, epoch, endedAtMs }, { status: "running", owner: "node-b", epoch: 2, endedAtMs: null });
    assert.equal((await row(one, "own")).status, "completed");
  });

  test("claims of two stores at once never share a run", async () => {
    await using one = await open();
    await using other = await beside(one);
    await commit(one, { creates: Array.from({ length: 100 }, (_, index) => newRun(`run-${index}`)) });

    const claims = Array.from({ length: 30 }, (_, index) =>
      (index % 2 === 0 ? one : other).claim({ node: `node-${index}`, limit: 5, nowMs: startMs }),
    );
    const rows = (await Promise.all(claims)).flat();
    // What another had in its hands was left to it, and is there for the next.
    for (let left = await one.claim({ node: "node-0", limit: 5, nowMs: startMs }); left.length > 0; ) {
      rows.push(...left);
      left = await one.claim({ node: "node-0", limit: 5, nowMs: startMs });
    }
    assert.equal(rows.length, 100);
    assert.equal(new Set(rows.map((claimed) => claimed.runId)).size, 100);
  });

  test("two writers that race for each seq of one run never share one", async () => {
    await using one = await open();
    await using other = await beside(one);
    await createOwned(one, "run");

    const write = async (store: RunStore, name: string): Promise<number> => {
      let written = 0;
      for (let seq = 1; seq <= 60; seq++) {
        const verdict: PartVerdict = await append(store, part("run", seq, { events: [`${name} ${seq + 1}`] }));
        if (verdict.status === "ok") written++;
        else assert.equal(verdict.status, "stale");
      }
      return written;
    };
    const written = await Promise.all([write(one, "one"), write(other, "other")]);
    assert.equal(written[0] + written[1], 60);
    assert.deepEqual(
      (await one.readJournal("run", 0)).map((event) => event.seq),
      Array.from({ length: 61 }, (_, index) => index + 1),
    );
    assert.equal((await row(other, "run")).epoch, 1);
  });
}
