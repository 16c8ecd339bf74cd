import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { startMs } from "./sample.ts";

const leaseMs = 1_000;

function take(store: RunStore, node: string, nowMs: number, duty = "sweep"): Promise<boolean> {
  return store.takeDuty(duty, node, nowMs + leaseMs, nowMs);
}

async function dutiesOf(store: RunStore): Promise<Record<string, readonly string[]>> {
  return Object.fromEntries((await store.nodes()).map(({ node, duties }) => [node, duties]));
}

export function dutyLaws(law: Law): void {
  law("a duty is one node's until its time is over, and then another's", async (store) => {
    assert.equal(await take(store, "node-a", startMs), true);

    assert.equal(await take(store, "node-b", startMs), false);
    assert.equal(await take(store, "node-b", startMs + leaseMs), false);
    assert.equal(await take(store, "node-b", startMs + leaseMs + 1), true);
    assert.equal(await take(store, "node-a", startMs + leaseMs + 1), false, "it is no longer the first one's");
  });

  law("whoever has a duty keeps it by taking it again, also when its time was over and nobody came", async (store) => {
    await take(store, "node-a", startMs);

    assert.equal(await take(store, "node-a", startMs + 600), true);
    assert.equal(await take(store, "node-b", startMs + leaseMs + 1), false);
    assert.equal(await take(store, "node-a", startMs + 5 * leaseMs), true);
    assert.equal(await take(store, "node-b", startMs + 5 * leaseMs), false);
  });

  law("each duty is taken by itself, and nodes tell which they have", async (store) => {
    for (const node of ["node-a", "node-b"]) await store.describeNode(node, "{}");
    await take(store, "node-a", startMs, "sweep \u0000 ü");
    await take(store, "node-b", startMs, "schedule");
    await take(store, "node-b", startMs, "audit");

    assert.deepEqual(await dutiesOf(store), { "node-a": ["sweep \u0000 ü"], "node-b": ["audit", "schedule"] });
    await take(store, "node-a", startMs + leaseMs + 1, "audit");
    assert.deepEqual(await dutiesOf(store), { "node-a": ["audit", "sweep \u0000 ü"], "node-b": ["schedule"] });
  });

  law("the duties of a node that leaves are free at once", async (store) => {
    await store.describeNode("node-a", "{}");
    for (const duty of ["one", "two"]) await take(store, "node-a", startMs, duty);
    await take(store, "node-c", startMs, "three");
    await store.leave("node-a", startMs + 1);

    assert.deepEqual(await dutiesOf(store), { "node-a": [] });
    for (const duty of ["one", "two"]) assert.equal(await take(store, "node-b", startMs + 1, duty), true);
    assert.equal(await take(store, "node-b", startMs + 1, "three"), false, "others keep theirs");
  });

  law("the duties of a node that is declared dead are free, and it gets none before it gives a sign of life", async (store) => {
    for (const node of ["node-a", "node-b"]) await store.heartbeat(node, startMs + 100, startMs);
    await store.heartbeat("node-c", startMs + leaseMs, startMs);
    await take(store, "node-a", startMs);
    await take(store, "node-c", startMs, "other");
    await store.reapDeadNodes(startMs + 101);

    assert.equal(await take(store, "node-a", startMs + 101), false);
    assert.equal(await take(store, "node-c", startMs + 101), true);
    assert.equal(await take(store, "node-b", startMs + 101, "other"), false);
    await store.heartbeat("node-b", startMs + 9_000, startMs + 101);
    assert.equal(await take(store, "node-b", startMs + 101), false, "of those that live each keeps its own");
    assert.equal(await take(store, "node-b", startMs + 101, "third"), true);
  });

  law("a duty that was taken by a clock that has been set back since is free", async (store) => {
    await take(store, "node-a", startMs + 60 * leaseMs);

    assert.equal(await take(store, "node-b", startMs + 60 * leaseMs - 1), false);
    assert.equal(await take(store, "node-b", startMs), true);
  });
}

/** Laws of duties, of stores that several processes open. */
export function sharedDutyLaws(open: () => Promise<RunStore>, beside: (store: RunStore) => Promise<RunStore>): void {
  test("of many that want a duty at the same moment one gets it, and all stores know who", async () => {
    await using one = await open();
    await using other = await beside(one);
    for (let round = 0; round < 5; round++) {
      const nowMs = startMs + round * 2 * leaseMs;
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, index) => take(index % 2 === 0 ? one : other, `node-${index}`, nowMs)),
      );
      assert.equal(taken.filter(Boolean).length, 1);
      const holder = taken.indexOf(true);

      for (const store of [one, other]) {
        assert.equal(await take(store, "late", nowMs), false);
        assert.equal(await take(store, `node-${holder}`, nowMs), true);
      }
    }
  });
}
