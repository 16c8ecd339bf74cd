import assert from "node:assert/strict";
import type { NodeRow } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { createOwned, row, startMs } from "./sample.ts";

const leaseMs = 1_000;
const dayMs = 24 * 3_600_000;

function nodeRow(node: string, fields: Partial<NodeRow> = {}): NodeRow {
  return { node, info: "{}", seenAtMs: null, untilMs: null, diedAtMs: null, leftAtMs: null, owned: 0, duties: [], ...fields };
}

export function nodeRegistryLaws(law: Law): void {
  law("nodes are those that have described themselves, with their last sign of life and what they own", async (store) => {
    await store.heartbeat("silent", startMs + leaseMs, startMs);
    assert.deepEqual(await store.nodes(), []);
    await store.describeNode("node-b", '{"queues":["gpu"]}');
    await store.describeNode("node-a", "{}");
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await createOwned(store, "run", {}, "node-a");

    assert.deepEqual(await store.nodes(), [
      nodeRow("node-a", { seenAtMs: startMs, untilMs: startMs + leaseMs, owned: 1 }),
      nodeRow("node-b", { info: '{"queues":["gpu"]}' }),
    ]);
  });

  law("a description takes the place of the one before", async (store) => {
    await store.describeNode("node-a", "old");
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await createOwned(store, "run", {}, "node-a");

    await store.describeNode("node-a", "new");
    assert.deepEqual(await store.nodes(), [nodeRow("node-a", { info: "new", seenAtMs: startMs, untilMs: startMs + leaseMs, owned: 1 })]);
    assert.equal((await row(store, "run")).owner, "node-a");
  });

  law("nodes tell who was declared dead and who left, until they give a sign of life again", async (store) => {
    for (const node of ["node-a", "node-b"]) {
      await store.describeNode(node, "{}");
      await store.heartbeat(node, startMs + leaseMs, startMs);
    }
    await store.leave("node-b", startMs + 10);
    await store.reapDeadNodes(startMs + leaseMs + 1);

    assert.deepEqual(await store.nodes(), [
      nodeRow("node-a", { seenAtMs: startMs, diedAtMs: startMs + leaseMs + 1 }),
      nodeRow("node-b", { seenAtMs: startMs, leftAtMs: startMs + 10 }),
    ]);
    for (const node of ["node-a", "node-b"]) await store.heartbeat(node, startMs + 9 * leaseMs, startMs + 8 * leaseMs);
    const back = { seenAtMs: startMs + 8 * leaseMs, untilMs: startMs + 9 * leaseMs };
    assert.deepEqual(await store.nodes(), [nodeRow("node-a", back), nodeRow("node-b", back)]);
  });

  law("a node that left is forgotten after a day, one that died after thirty", async (store) => {
    for (const node of ["dead", "left"]) await store.describeNode(node, "{}");
    await store.heartbeat("dead", startMs, startMs - leaseMs);
    await store.reapDeadNodes(startMs + 1);
    await store.leave("left", startMs + 1);

    await store.reapDeadNodes(startMs + 1 + dayMs);
    assert.equal((await store.nodes()).length, 2);
    await store.reapDeadNodes(startMs + 2 + dayMs);
    assert.deepEqual(
      (await store.nodes()).map(({ node }) => node),
      ["dead"],
    );
    await store.reapDeadNodes(startMs + 2 + 30 * dayMs);
    assert.deepEqual(await store.nodes(), []);
  });

  law("a node that left and describes itself is back", async (store) => {
    await store.describeNode("node-a", "first");
    await store.heartbeat("node-a", startMs + leaseMs, startMs);
    await store.leave("node-a", startMs + 1);
    await store.describeNode("node-a", "second");

    assert.deepEqual(await store.nodes(), [nodeRow("node-a", { info: "second", seenAtMs: startMs })]);
  });
}
