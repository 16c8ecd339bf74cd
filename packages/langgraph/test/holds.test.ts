import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HeddleError, type RunStore } from "@heddle/kernel";
import { FakeClock } from "@heddle/testing";
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { HeddleSaver } from "@heddle/langgraph";
import { openMemoryStore } from "heddle/internal";

const thread = { configurable: { thread_id: "t", checkpoint_ns: "" } };
const runId = "langgraph:t";

async function keep(saver: HeddleSaver, word: string): Promise<void> {
  const checkpoint = { ...emptyCheckpoint(), id: uuid6(0), channel_values: { word }, channel_versions: { word: 1 } };
  await saver.put(thread, checkpoint, { source: "loop", step: 1, parents: {} }, { word: 1 });
}

async function words(saver: HeddleSaver): Promise<unknown[]> {
  return (await Array.fromAsync(saver.list(thread))).map(({ checkpoint }) => checkpoint.channel_values["word"]);
}

/** The store, with calls of one of its methods done otherwise. */
function changed<K extends "commit">(store: RunStore, name: K, call: (original: RunStore[K]) => RunStore[K]): RunStore {
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      const bound: unknown = value.bind(target);
      return key === name ? call(bound as RunStore[K]) : bound;
    },
  });
}

describe("who writes a thread", () => {
  test("the process that was stopped while it held a thread is shut out by the next; when it goes on it reads what came, and nothing is lost", async () => {
    await using store = openMemoryStore();
    const stopped = new FakeClock();
    const clock = new FakeClock();
    await using first = await HeddleSaver.open(store, { clock: stopped });
    await using second = await HeddleSaver.open(store, { clock });
    await keep(first, "one");
    const owner = (await store.get(runId))?.owner;

    await clock.runUntil(keep(second, "two"));
    assert.notEqual((await store.get(runId))?.owner, owner);
    await clock.advance(1_000);
    await stopped.runUntil(keep(first, "three"));

    assert.deepEqual(await words(second), ["three", "two", "one"]);
    await stopped.advance(1_000);
  });

  test("whoever cannot have a thread for so long is told that it is busy, by which node, and kept nothing", async () => {
    await using store = openMemoryStore();
    const clock = new FakeClock();
    await using saver = await HeddleSaver.open(store, { clock, waitMs: 3_000 });
    await keep(saver, "one");
    await clock.advance(1_000);
    const nowMs = clock.nowMs();
    await store.heartbeat("somebody", nowMs + 1_000_000, nowMs);
    await store.setStatus(runId, ["waiting"], "queued", nowMs, null);
    assert.equal((await store.claim({ node: "somebody", limit: 1, nowMs })).length, 1);

    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof HeddleError);
      assert.deepEqual([error.code, error.data["owner"]], ["THREAD_BUSY", "somebody"]);
      return true;
    };
    await assert.rejects(clock.runUntil(keep(saver, "two")), refused);
    await assert.rejects(clock.runUntil(saver.deleteThread("t")), refused);

    await store.leave("somebody", clock.nowMs());
    await clock.runUntil(keep(saver, "three"));
    assert.deepEqual(await words(saver), ["three", "one"]);
    await clock.advance(1_000);
  });

  test("a paused run, such as one on its way in from another store, is not written", async () => {
    await using store = openMemoryStore();
    const clock = new FakeClock();
    await using saver = await HeddleSaver.open(store, { clock, waitMs: 1_000 });
    await keep(saver, "one");
    await clock.advance(1_000);
    await store.setStatus(runId, ["waiting"], "paused", null, "arrives");

    await assert.rejects(clock.runUntil(keep(saver, "two")), { code: "THREAD_BUSY", message: /paused/ });
    assert.deepEqual(await words(saver), ["one"]);
  });

  test("a commit whose answer is lost is looked for, and is there once", async () => {
    await using store = openMemoryStore();
    let lose = 0;
    const lossy = changed(store, "commit", (commit) => (batch) => {
      const answer = commit(batch);
      if (batch.parts?.some(({ events }) => events.length > 0) && lose-- > 0)
        throw new HeddleError("STORE_UNAVAILABLE", "The answer was lost.");
      return answer;
    });
    const clock = new FakeClock();
    await using saver = await HeddleSaver.open(lossy, { clock });
    await keep(saver, "one");
    lose = 2;
    await clock.runUntil(keep(saver, "two"));

    assert.deepEqual(await words(saver), ["two", "one"]);
    assert.equal((await store.readJournal(runId, 0)).length, 3);
    await clock.advance(1_000);
  });

  test("a thread at rest belongs to nobody, is due at no time, and costs no sign of life", async () => {
    await using store = openMemoryStore();
    const clock = new FakeClock();
    await using saver = await HeddleSaver.open(store, { clock });
    await keep(saver, "one");
    assert.equal((await store.get(runId))?.status, "running");

    await clock.advance(50);

    const row = await store.get(runId);
    assert.deepEqual([row?.status, row?.owner, row?.wakeAtMs, row?.note], ["waiting", null, null, "1 checkpoint of LangGraph"]);
    assert.equal(clock.pending, 0);
    assert.equal(await store.nextWakeMs(), null);
  });

  test("what several tasks write at the same moment is one commit", async () => {
    await using store = openMemoryStore();
    let commits = 0;
    const counted = changed(store, "commit", (commit) => (batch) => {
      commits++;
      return commit(batch);
    });
    await using saver = await HeddleSaver.open(counted);
    await keep(saver, "one");
    const config = (await saver.getTuple(thread))!.config;
    commits = 0;
    await Promise.all(Array.from({ length: 50 }, (_, nth) => saver.putWrites(config, [["word", nth]], `task-${nth}`)));

    assert.equal((await saver.getTuple(thread))?.pendingWrites?.length, 50);
    assert.ok(commits <= 2, `${commits} commits`);
  });
});
