import assert from "node:assert/strict";
import type { Law } from "./law.ts";
import { append, bodies, claim, create, createOwned, newRow, newRun, part, release, row, startMs } from "./sample.ts";

const leaseMs = 1_000;

export function nodeLaws(law: Law): void {
  law("the runs of a node whose heartbeat ran out are due at once, and their crash counter grows", async (store) => {
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await store.heartbeat("node-b", startMs + 9 * leaseMs, startMs);
    await createOwned(store, "one", {}, "node-a");
    await createOwned(store, "two", {}, "node-a");
    await createOwned(store, "else", {}, "node-b");
    assert.equal(await store.reapDeadNodes(startMs + leaseMs), 0, "not before it ran out");

    assert.equal(await store.reapDeadNodes(startMs + leaseMs + 1), 2);
    assert.deepEqual(await row(store, "one"), newRow("one", { epoch: 1, crashes: 1, wakeAtMs: startMs + leaseMs + 1 }));
    assert.equal((await row(store, "else")).owner, "node-b");
    assert.equal(await store.reapDeadNodes(startMs + leaseMs + 1), 0);
    const [claimed] = await store.claim({ node: "node-b", limit: 1, nowMs: startMs + leaseMs + 1 });
    assert.deepEqual([claimed?.epoch, claimed?.crashes, claimed?.owner], [2, 1, "node-b"]);
  });

  law("a heartbeat from a time that lies ahead by more than its lease has run out: the clock was set back", async (store) => {
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await createOwned(store, "run");
    assert.equal(await store.reapDeadNodes(startMs - leaseMs), 0, "not yet by more");

    assert.equal(await store.reapDeadNodes(startMs - leaseMs - 1), 1);
    assert.deepEqual([(await row(store, "run")).status, (await row(store, "run")).crashes], ["queued", 1]);
    assert.equal(await store.heartbeat("node-a", startMs - leaseMs, startMs - 2 * leaseMs), false);
  });

  law("crashes add up until a completion is recorded", async (store) => {
    await store.heartbeat("node-a", startMs, startMs);
    await createOwned(store, "run");
    for (let crash = 1; crash <= 3; crash++) {
      await store.reapDeadNodes(startMs + crash);
      assert.equal((await row(store, "run")).crashes, crash);
      await store.heartbeat("node-a", startMs + crash, startMs);
      await claim(store, startMs + crash);
    }

    assert.deepEqual(await append(store, part("run", 1, { epoch: 4, events: ["no completion"] })), { status: "ok", seq: 2 });
    assert.equal((await row(store, "run")).crashes, 3);
    await append(store, part("run", 2, { epoch: 4, events: ["completion"], progress: true }));
    assert.equal((await row(store, "run")).crashes, 0);
  });

  law("a heartbeat returns false once after the node was declared dead", async (store) => {
    assert.equal(await store.heartbeat("node-a", startMs + leaseMs, startMs), true);
    assert.equal(await store.heartbeat("node-a", startMs + 2 * leaseMs, startMs), true);
    await store.reapDeadNodes(startMs + 3 * leaseMs);

    assert.equal(await store.heartbeat("node-a", startMs + 9 * leaseMs, startMs + 3 * leaseMs), false);
    assert.equal(await store.heartbeat("node-a", startMs + 9 * leaseMs, startMs + 3 * leaseMs), true);
    assert.equal(await store.reapDeadNodes(startMs + 4 * leaseMs), 0);
  });

  law("a heartbeat that comes late, but before the node is declared dead, keeps its runs", async (store) => {
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await createOwned(store, "run");

    assert.equal(await store.heartbeat("node-a", startMs + 9 * leaseMs, startMs + 5 * leaseMs), true);
    assert.equal(await store.reapDeadNodes(startMs + 5 * leaseMs), 0);
    assert.equal((await row(store, "run")).owner, "node-a");
  });

  law("the runs of a node that never had a heartbeat are freed", async (store) => {
    await createOwned(store, "run", {}, "silent");

    assert.equal(await store.reapDeadNodes(startMs), 1);
    assert.deepEqual([(await row(store, "run")).status, (await row(store, "run")).crashes], ["queued", 1]);
  });

  law("a dead node's appends are stale from the moment it is declared dead", async (store) => {
    await store.heartbeat("node-a", startMs, startMs);
    await createOwned(store, "run");
    await store.reapDeadNodes(startMs + 1);

    assert.deepEqual(await append(store, part("run", 1, { events: ["zombie"] })), { status: "stale" });
    assert.equal((await bodies(store, "run")).length, 1);
  });

  law("a dead node gets no run before its next heartbeat", async (store) => {
    await store.heartbeat("node-a", startMs, startMs);
    await store.reapDeadNodes(startMs + 1);
    assert.deepEqual(await create(store, newRun("run", {}, { claimFor: "node-a" })), { status: "created", claimed: false });
    assert.deepEqual(await claim(store, startMs + 1), []);

    await store.heartbeat("node-a", startMs + leaseMs, startMs + 1);
    assert.deepEqual(await claim(store, startMs + 1), ["run"]);
  });

  law("a node that claims its own lost run again cannot write under the old epoch", async (store) => {
    await store.heartbeat("node-a", startMs, startMs);
    await createOwned(store, "run");
    await store.reapDeadNodes(startMs + 1);
    await store.heartbeat("node-a", startMs + leaseMs, startMs + 1);
    assert.deepEqual(await claim(store, startMs + 1), ["run"]);

    assert.deepEqual(await append(store, part("run", 1, { epoch: 1, events: ["old"] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 1, { epoch: 2, events: ["new"] })), { status: "ok", seq: 2 });
  });

  law("what a node owns when it leaves is due at once, without a crash", async (store) => {
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await createOwned(store, "run");
    await createOwned(store, "parked");
    await release(store, "parked", 1, "waiting", null);
    await createOwned(store, "else", {}, "node-b");
    await store.leave("node-a", startMs + 5);

    assert.deepEqual(await row(store, "run"), newRow("run", { epoch: 1, wakeAtMs: startMs + 5 }));
    assert.equal((await row(store, "parked")).status, "waiting");
    assert.equal((await row(store, "else")).owner, "node-b");
    assert.deepEqual(await append(store, part("run", 1, { events: ["zombie"] })), { status: "stale" });
    assert.equal((await store.claim({ node: "node-b", limit: 9, nowMs: startMs + 5 })).find((one) => one.runId === "run")?.epoch, 2);
    assert.equal(await store.heartbeat("node-a", startMs + leaseMs, startMs + 5), true, "a node may come back");
    await store.leave("nobody", startMs);
  });

  law("a freed run with mail keeps it", async (store) => {
    await store.heartbeat("node-a", startMs, startMs);
    await createOwned(store, "run");
    await store.commit({ messages: [{ runId: "run", id: "m", atMs: startMs + 100, body: "x" }] });
    await store.reapDeadNodes(startMs + 1);

    assert.deepEqual(
      (await store.readMail("run")).map((one) => one.id),
      ["m"],
    );
    assert.equal((await row(store, "run")).wakeAtMs, startMs + 1);
  });
}
