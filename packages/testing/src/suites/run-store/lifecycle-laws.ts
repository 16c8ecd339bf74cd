import assert from "node:assert/strict";
import type { RunId, RunStatus, StoreHint } from "@heddle/kernel";
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
  part,
  release,
  row,
  send,
  startMs,
} from "./sample.ts";

const ends = ["completed", "failed", "cancelled", "timed-out"] as const;

export function lifecycleLaws(law: Law): void {
  law("a release says status, wake time, dead-letter code and note, and the end's time is the part's", async (store) => {
    await createOwned(store, "parked");
    await append(
      store,
      part("parked", 1, { atMs: startMs + 3, release: { status: "waiting", wakeAtMs: startMs + 77, note: "for a person" } }),
    );
    assert.deepEqual(
      await row(store, "parked"),
      newRow("parked", { status: "waiting", epoch: 1, wakeAtMs: startMs + 77, note: "for a person" }),
    );

    for (const status of ends) {
      await createOwned(store, status);
      await append(
        store,
        part(status, 1, { events: ["end"], atMs: startMs + 3, release: { status, wakeAtMs: null, dead: "CODE", note: "why" } }),
      );
      assert.deepEqual(
        await row(store, status),
        newRow(status, { status, epoch: 1, wakeAtMs: null, endedAtMs: startMs + 3, dead: "CODE", note: "why" }),
      );
    }
  });

  law("setStatus moves a run that is not owned, from the statuses named only", async (store) => {
    await create(store, newRun("run"));
    assert.equal(await store.setStatus("run", ["waiting", "failed"], "paused", null, "x"), false);
    assert.equal(await store.setStatus("run", [], "paused", null, "x"), false);
    assert.equal(await store.setStatus("nobody", ["queued"], "paused", null, "x"), false);
    assert.deepEqual(await row(store, "run"), newRow("run"));

    assert.equal(await store.setStatus("run", ["waiting", "queued"], "paused", null, "by Ann"), true);
    assert.deepEqual(await row(store, "run"), newRow("run", { status: "paused", wakeAtMs: null, note: "by Ann" }));
    assert.equal(await store.setStatus("run", ["paused"], "queued", startMs + 5, null), true);
    assert.deepEqual(await row(store, "run"), newRow("run", { wakeAtMs: startMs + 5 }));
    assert.deepEqual(await claim(store, startMs + 5), ["run"]);
  });

  law("setStatus leaves an owned run alone", async (store) => {
    await createOwned(store, "run");
    const before = await row(store, "run");

    assert.equal(await store.setStatus("run", ["running", "queued", "waiting"], "paused", null, "x"), false);
    assert.deepEqual(await row(store, "run"), before);
  });

  law("a run that is put back from its end has no end time and no dead-letter code", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { release: { status: "failed", wakeAtMs: null, dead: "CODE", note: "why" } }));
    assert.equal(await store.setStatus("run", ["failed"], "queued", startMs, "again"), true);

    assert.deepEqual(await row(store, "run"), newRow("run", { epoch: 1, wakeAtMs: startMs, note: "again" }));
    assert.deepEqual(await store.list({ dead: true }), []);
    assert.deepEqual(await claim(store, startMs), ["run"]);
    assert.deepEqual(await append(store, part("run", 1, { epoch: 2, events: ["more"] })), { status: "ok", seq: 2 });
    assert.equal(await store.sweep(Number.MAX_SAFE_INTEGER, 10), 0);
  });

  law("a run that is put to an end has an end time", async (store) => {
    await create(store, newRun("run"));
    assert.equal(await store.setStatus("run", ["queued"], "cancelled", null, null), true);

    const ended = await row(store, "run");
    assert.equal(ended.status, "cancelled");
    assert.ok(ended.endedAtMs !== null);
    assert.deepEqual(await claim(store, startMs + 1_000), []);
    assert.equal(await send(store, message("run", "m")), "ended");
  });

  law("of many setStatus calls at once, one moves the run", async (store) => {
    await create(store, newRun("run"));

    const answers = await Promise.all(Array.from({ length: 20 }, () => store.setStatus("run", ["queued"], "paused", null, null)));
    assert.equal(answers.filter((answer) => answer).length, 1);
  });

  law("a deleted run leaves nothing, and its id can be used again", async (store) => {
    await createOwned(store, "run", { tags: { team: "red" }, parentId: "mother", dedupKey: "k" });
    await append(store, part("run", 1, { events: ["x"], snapshot: { body: "s" } }));
    await send(store, message("run", "m"));
    assert.equal(await store.delete("run"), false, "it is owned");
    await append(store, part("run", 2, { release: { status: "paused", wakeAtMs: null } }));

    assert.equal(await store.delete("run"), true);
    assert.equal(await store.delete("run"), false);
    assert.equal(await store.get("run"), null);
    assert.deepEqual([await store.readJournal("run", 0), await store.readMail("run"), await store.readSnapshot("run")], [[], [], null]);
    assert.deepEqual(await store.list({ tags: { team: "red" } }), []);
    assert.equal(await send(store, message("run", "m")), "unknown");
    assert.equal((await create(store, newRun("run", { dedupKey: "k" }))).status, "created");
    assert.equal(await send(store, message("run", "m")), "kept", "its mail ids are free again");
    assert.deepEqual([(await bodies(store, "run")).length, await store.readSnapshot("run")], [1, null]);
  });

  law("a late append to a run that was deleted and made again is stale", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { events: ["x"] }));
    await append(store, part("run", 2, { release: { status: "paused", wakeAtMs: null } }));
    await store.delete("run");
    await create(store, newRun("run", {}, { claimFor: "node-b" }));

    assert.deepEqual(await append(store, part("run", 2, { events: ["late"] })), { status: "stale" });
  });

  law("sweep removes runs that ended before a time, longest ended first, and no others", async (store) => {
    const end = async (runId: RunId, status: RunStatus & (typeof ends)[number], atMs: number): Promise<void> => {
      await createOwned(store, runId);
      await append(store, part(runId, 1, { atMs, release: { status, wakeAtMs: null } }));
    };
    await end("third", "failed", startMs + 30);
    await end("first", "completed", startMs + 10);
    await end("second", "cancelled", startMs + 20);
    await end("fourth", "timed-out", startMs + 40);
    await create(store, newRun("queued"));
    await createOwned(store, "running");
    await createOwned(store, "parked");
    await release(store, "parked", 1, "waiting");

    const left = async (): Promise<RunId[]> => (await store.list({ status: [...ends] })).map((one) => one.runId).toSorted();
    assert.equal(await store.sweep(startMs + 10, 10), 0);
    assert.equal(await store.sweep(startMs + 35, 2), 2);
    assert.deepEqual(await left(), ["fourth", "third"]);
    assert.equal(await store.sweep(startMs + 40, 10), 1);
    assert.deepEqual(await left(), ["fourth"]);
    assert.equal(await store.sweep(startMs + 1_000, 10), 1);
    assert.equal((await store.list({})).length, 3);
    assert.deepEqual(await store.readJournal("first", 0), []);
  });

  law("a blob is read by its hash, as it was put", async (store) => {
    assert.equal(await store.getBlob("hash"), null);
    await store.putBlob("hash", "body \u{1F9F5}\u0000");
    await store.putBlob("hash", "body \u{1F9F5}\u0000");
    await store.putBlob("other", "x".repeat(100_000));

    assert.equal(await store.getBlob("hash"), "body \u{1F9F5}\u0000");
    assert.equal((await store.getBlob("other"))?.length, 100_000);
  });

  law("watchers hear of runs that grew, got mail or may be due, after the call and not inside it", async (store) => {
    let heard: { readonly runId: RunId | null; readonly what: StoreHint }[] = [];
    using watcher = store.watch((runId, what) => heard.push({ runId, what }));
    const hears = async (runId: RunId, what: StoreHint, call: () => Promise<unknown>): Promise<void> => {
      heard = [];
      const answer = call();
      assert.deepEqual(heard, []);
      await answer;
      const isIt = (hint: (typeof heard)[number]): boolean => (hint.runId === null || hint.runId === runId) && hint.what === what;
      for (let turn = 0; turn < 1_000 && !heard.some(isIt); turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(heard.some(isIt), `a hint of ${what} for ${runId}`);
    };

    await hears("run", "grown", () => commit(store, { creates: [newRun("run", {}, { claimFor: "node-a" })] }));
    await hears("run", "grown", () => commit(store, { parts: [part("run", 1, { events: ["x"] })] }));
    await hears("run", "work", () => commit(store, { messages: [message("run", "m")] }));
    await hears("child", "work", () => commit(store, { parts: [part("run", 2, { children: [newRun("child")] })] }));
    await hears("child", "work", () => commit(store, { parts: [part("run", 2, { messages: [message("child", "m")] })] }));
    await hears("run", "grown", () =>
      commit(store, { parts: [part("run", 2, { events: ["y"], mailSeen: 1, release: { status: "paused", wakeAtMs: null } })] }),
    );
    await hears("parked", "work", () => commit(store, { creates: [newRun("parked")] }));
    await claim(store, startMs);
    await hears("parked", "work", () =>
      commit(store, { parts: [part("parked", 1, { release: { status: "waiting", wakeAtMs: startMs + 5 } })] }),
    );
    await hears("run", "work", () => store.setStatus("run", ["paused"], "queued", startMs, null));
    await claim(store, startMs);
    await hears("run", "work", () => store.leave("node-a", startMs));

    watcher[Symbol.dispose]();
    heard = [];
    await commit(store, { creates: [newRun("unheard")] });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heard, []);
  });

  law("watchers hear of work when a limit has a place again", async (store) => {
    await commit(store, { creates: ["one", "two"].map((runId) => newRun(runId, { limitKey: "k", limitMax: 1 }, { claimFor: "node-a" })) });
    let work = 0;
    using watcher = store.watch((_runId, what) => (work += Number(what === "work")));
    await commit(store, { parts: [part("one", 1, { release: { status: "completed", wakeAtMs: null } })] });

    for (let turn = 0; turn < 1_000 && work === 0; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(work > 0);
    watcher[Symbol.dispose]();
    assert.deepEqual(await claim(store, startMs), ["two"]);
  });

  law("every method of a closed store is refused, and it can be closed twice", async (store) => {
    await createOwned(store, "run");
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();

    const calls: Record<string, () => unknown> = {
      commit: () => store.commit({ parts: [part("run", 1, { events: ["x"] })] }),
      claim: () => store.claim({ node: "n", limit: 1, nowMs: startMs }),
      heartbeat: () => store.heartbeat("n", startMs, startMs),
      reapDeadNodes: () => store.reapDeadNodes(startMs),
      leave: () => store.leave("n", startMs),
      nextWakeMs: () => store.nextWakeMs(),
      takeDuty: () => store.takeDuty("d", "n", startMs, startMs),
      describeNode: () => store.describeNode("n", "{}"),
      nodes: () => store.nodes(),
      readJournal: () => store.readJournal("run", 0),
      ownedWithMail: () => store.ownedWithMail("n"),
      readLast: () => store.readLast("run", 1),
      readMail: () => store.readMail("run"),
      readSnapshot: () => store.readSnapshot("run"),
      get: () => store.get("run"),
      expectEnd: () => store.expectEnd("run"),
      list: () => store.list({}),
      setStatus: () => store.setStatus("run", ["queued"], "paused", null, null),
      delete: () => store.delete("run"),
      compact: () => store.compact("run", 1),
      sweep: () => store.sweep(startMs, 1),
      putBlob: () => store.putBlob("h", "b"),
      getBlob: () => store.getBlob("h"),
      watch: () => store.watch(() => {}),
    };
    for (const [name, call] of Object.entries(calls)) await assert.rejects(async () => call(), { code: "ENGINE_CLOSED" }, name);
  });

  law("closing waits for what was called before", async (store) => {
    await createOwned(store, "run");
    const answers = Array.from({ length: 20 }, (_, index) => append(store, part("run", index + 1, { events: [`e${index}`] })));
    await store[Symbol.asyncDispose]();

    assert.deepEqual(
      (await Promise.all(answers)).map((verdict) => verdict.status),
      answers.map(() => "ok"),
    );
  });
}
