import assert from "node:assert/strict";
import { placementText, preferenceMs, type ClaimOptions, type Placement, type RunId, type RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, create, createOwned, newRow, newRun, part, release, row, type RowFields, startMs } from "./sample.ts";

const leaseMs = 60_000;

/** A run that demands this of its node. */
async function demanding(store: RunStore, runId: RunId, placement: Placement, fields: RowFields = {}): Promise<void> {
  await create(store, newRun(runId, { placement: placementText(placement, "placement"), ...fields }));
}

async function taken(store: RunStore, options: Partial<ClaimOptions> = {}): Promise<RunId[]> {
  return (await store.claim({ node: "node-a", limit: 100, nowMs: startMs, ...options })).map(({ runId }) => runId);
}

export function placementLaws(law: Law): void {
  law("a claim takes runs of the queues that its node serves", async (store) => {
    await create(store, newRun("plain"));
    await create(store, newRun("gpu", { queue: "gpu" }));
    await create(store, newRun("mail", { queue: "mail" }));

    assert.deepEqual(await taken(store, { queues: [] }), []);
    assert.deepEqual(await taken(store, { queues: ["other"] }), []);
    assert.deepEqual(await taken(store, { queues: ["gpu"] }), ["gpu"]);
    assert.deepEqual((await row(store, "gpu")).queue, "gpu");
    assert.deepEqual((await taken(store, { queues: ["default", "mail"] })).toSorted(), ["mail", "plain"]);
  });

  law("a claim without queues takes runs of all of them, by priority, then the longest due", async (store) => {
    await create(store, newRun("late", { queue: "a", wakeAtMs: startMs - 1 }));
    await create(store, newRun("early", { queue: "b", wakeAtMs: startMs - 2 }));
    await create(store, newRun("high", { queue: "c", priority: 1 }));

    assert.deepEqual(await taken(store), ["high", "early", "late"]);
  });

  law("a run keeps its queue and placement when it is parked, freed and given another version", async (store) => {
    const placement = placementText({ gpus: 1 }, "placement");
    await createOwned(store, "run", { queue: "gpu", placement, version: "1" });
    await append(store, part("run", 1, { release: { status: "waiting", wakeAtMs: startMs, version: "2" } }));

    assert.deepEqual(await row(store, "run"), newRow("run", { queue: "gpu", placement, version: "2", status: "waiting", epoch: 1 }));
    assert.deepEqual(await taken(store, { queues: ["default"], capabilities: { gpus: 1 } }), []);
    assert.deepEqual(await taken(store, { queues: ["gpu"], capabilities: {} }), []);
    assert.deepEqual(await taken(store, { queues: ["gpu"], capabilities: { gpus: 1 }, workflows: ["sample@1"] }), []);
    assert.deepEqual(await taken(store, { queues: ["gpu"], capabilities: { gpus: 1 }, workflows: ["sample@2"] }), ["run"]);
  });

  law("a claim takes runs whose placement its node fits", async (store) => {
    await demanding(store, "two-gpus", { gpus: 2 });
    await demanding(store, "small", { memoryMb: { max: 1_000 } });
    await demanding(store, "zone", { labels: { zone: ["a", "b"] } });
    await demanding(store, "tools", { executors: ["docker", "wasm"] });
    await demanding(store, "elsewhere", { nodes: { forbid: ["node-a"] } });

    assert.deepEqual(await taken(store, { capabilities: { gpus: 1, memoryMb: 2_000 } }), []);
    assert.deepEqual(await taken(store, { capabilities: { gpus: 2, memoryMb: 2_000, labels: { zone: "c" } } }), ["two-gpus"]);
    assert.deepEqual(await taken(store, { capabilities: { labels: { zone: "b" }, executors: ["wasm"] } }), ["small", "zone"]);
    assert.deepEqual(await taken(store, { capabilities: { memoryMb: 2_000, executors: ["docker", "wasm"] } }), ["tools"]);
    assert.deepEqual(await taken(store, { node: "node-b" }), ["elsewhere"]);
  });

  law("no more runs that bound it are under way on one node, and each end or parking makes room", async (store) => {
    for (const runId of ["1", "2", "3", "4"]) await demanding(store, runId, { maxPerNode: 2 });
    await demanding(store, "other", { maxPerNode: 1 });
    await create(store, newRun("free"));

    assert.deepEqual((await taken(store)).toSorted(), ["1", "2", "free", "other"]);
    assert.deepEqual(await taken(store), []);
    assert.deepEqual(await taken(store, { node: "node-b", limit: 1 }), ["3"]);
    await release(store, "1", 1, "completed");
    assert.deepEqual(await taken(store), ["4"]);
    await release(store, "2", 1, "waiting", startMs);
    assert.deepEqual(await taken(store), ["2"]);
    assert.deepEqual(await taken(store), []);
  });

  law("a bound of a node counts each workflow, version and queue by itself", async (store) => {
    const fields: readonly RowFields[] = [{}, { version: "1" }, { workflow: "another" }, { queue: "gpu" }];
    for (const [index, each] of fields.entries()) {
      await demanding(store, `${index}-a`, { maxPerNode: 1 }, each);
      await demanding(store, `${index}-b`, { maxPerNode: 1 }, each);
    }

    assert.deepEqual((await taken(store)).toSorted(), ["0-a", "1-a", "2-a", "3-a"]);
  });

  law("while a node lives that a run prefers, others take it only when it has been due for a while", async (store) => {
    await store.heartbeat("node-b", startMs + leaseMs, startMs);
    await demanding(store, "run", { nodes: { prefer: ["node-b"] } });
    await demanding(store, "more", { nodes: { prefer: ["node-b"] } }, { wakeAtMs: startMs + 1 });

    assert.deepEqual(await taken(store, { nowMs: startMs + preferenceMs - 1 }), []);
    assert.deepEqual(await taken(store, { nowMs: startMs + preferenceMs }), ["run"]);
    assert.deepEqual(await taken(store, { nowMs: startMs + 1, node: "node-b" }), ["more"]);
  });

  law("placements go by the names that people gave nodes, whichever of their processes it is", async (store) => {
    await store.heartbeat("painter#2", startMs + leaseMs, startMs);
    await store.heartbeat("painters", startMs + leaseMs, startMs);
    await demanding(store, "run", { nodes: { prefer: ["painter"] } });
    await demanding(store, "other", { nodes: { prefer: ["paint"] } });
    await demanding(store, "never", { nodes: { forbid: ["painter"] } }, { wakeAtMs: startMs + 1 });

    assert.deepEqual(await taken(store, { node: "painter#1" }), ["run", "other"]);
    await release(store, "run", 1, "waiting", startMs);
    assert.deepEqual(await taken(store), []);
    assert.deepEqual(await taken(store, { nowMs: startMs + 1, node: "painters" }), ["never"]);
  });

  law("a run that prefers a node which does not live is taken at once", async (store) => {
    await store.heartbeat("node-b", startMs + 10, startMs);
    await demanding(store, "run", { nodes: { prefer: ["node-b", "nobody"] } });

    assert.deepEqual(await taken(store, { nowMs: startMs + 10 }), []);
    assert.deepEqual(await taken(store, { nowMs: startMs + 11 }), ["run"]);
  });

  law("nextWakeMs tells when a claim with the same options takes something", async (store) => {
    await store.heartbeat("node-b", startMs + leaseMs, startMs);
    await create(store, newRun("gpu", { queue: "gpu", wakeAtMs: startMs + 10 }));
    await demanding(store, "zone", { labels: { zone: "a" } }, { wakeAtMs: startMs + 20 });
    await demanding(store, "preferring", { nodes: { prefer: ["node-b"] } }, { wakeAtMs: startMs + 30 });
    await demanding(store, "first", { maxPerNode: 1 }, { wakeAtMs: startMs + 9_000 });
    await demanding(store, "second", { maxPerNode: 1 }, { wakeAtMs: startMs + 9_000 });
    const options = { node: "node-a", nowMs: startMs, queues: ["default"], capabilities: {} };

    assert.equal(await store.nextWakeMs({ ...options, queues: ["gpu"] }), startMs + 10);
    assert.equal(await store.nextWakeMs({ ...options, capabilities: { labels: { zone: "a" } } }), startMs + 20);
    assert.equal(await store.nextWakeMs({ ...options, node: "node-b" }), startMs + 30);
    assert.equal(await store.nextWakeMs(options), startMs + 30 + preferenceMs);
    assert.deepEqual(await taken(store, { ...options, nowMs: startMs + 5_000 }), ["preferring"]);
    assert.equal(await store.nextWakeMs(options), startMs + 9_000);
    assert.deepEqual(await taken(store, { ...options, nowMs: startMs + 9_000, limit: 1 }), ["first"]);
    assert.equal(await store.nextWakeMs(options), null);
    assert.equal(await store.nextWakeMs({ ...options, node: "node-b" }), startMs + 9_000);
    await release(store, "first", 1, "completed");
    assert.equal(await store.nextWakeMs(options), startMs + 9_000);
  });
}
