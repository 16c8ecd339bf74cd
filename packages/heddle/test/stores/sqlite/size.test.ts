import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { test } from "node:test";
import { openSqliteStore } from "../../../src/stores/sqlite/sqlite-store.ts";
import { newRun } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

const count = 4_000;
const hash = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const started = `{"type":"run-started","workflow":"parked","planHash":"${hash}","input":{"order":1234},"atMs":1700000000000}`;
const opened = '{"type":"op-opened","of":1,"key":"approval","op":"receive","signal":"approved","atMs":1700000000001}';

/** Ids as the engine makes them: 22 characters with no order. */
function randomId(index: number): string {
  return createHash("sha256").update(String(index)).digest("base64url").slice(0, 22);
}

test("a parked run with two small events takes less than 600 bytes, its mail a little more", async () => {
  const path = newPath();
  {
    await using store = await openSqliteStore({ path, durability: "process" });
    const runIds = Array.from({ length: count }, (_, index) => randomId(index));
    assert.equal(new Set(runIds).size, count);
    for (let start = 0; start < count; start += 250) {
      const some = runIds.slice(start, start + 250);
      await store.commit({
        creates: some.map((runId) => ({
          ...newRun(runId, "node", { workflow: "parked", inputHash: hash, createdAtMs: 1_700_000_000_000 }),
          events: [started],
        })),
      });
      await store.commit({
        parts: some.map((runId) => ({
          runId,
          epoch: 1,
          expectedSeq: 1,
          events: [opened],
          atMs: 1_700_000_000_001,
          release: { status: "waiting" as const, wakeAtMs: null },
        })),
      });
    }
  }
  const perRun = statSync(path).size / count;
  assert.ok(perRun < 600, `${perRun.toFixed(0)} bytes a run`);
});

test("the log beside the file stays bounded while the store is written", async () => {
  const path = newPath();
  await using store = await openSqliteStore({ path, durability: "process" });
  const runIds = Array.from({ length: 200 }, (_, index) => `run-${index}`);
  await store.commit({ creates: runIds.map((runId) => newRun(runId, "node")) });
  const body = "x".repeat(1_500);
  let largest = 0;
  for (let seq = 1; seq < 120; seq++) {
    await store.commit({ parts: runIds.map((runId) => ({ runId, epoch: 1, expectedSeq: seq, events: [body], atMs: 1 })) });
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }

  const { checkpoints, rows } = store.counters();
  assert.ok(checkpoints > 3 && checkpoints < 30, `${checkpoints} checkpoints for ${rows} rows`);
  assert.ok(largest < 32_000_000, `the log grew to ${largest} bytes`);
});

test("a small step takes less than 300 bytes", async () => {
  const path = newPath();
  const step =
    '{"type":"op-ended","atMs":1700000000000,"of":1,"key":"step-12345","op":"step","outcome":{"status":"completed","value":12345}}';
  {
    await using store = await openSqliteStore({ path, durability: "process" });
    await store.commit({ creates: [newRun("run", "node")] });
    for (let seq = 1; seq < 10_000; seq += 100)
      await store.commit({
        parts: [{ runId: "run", epoch: 1, expectedSeq: seq, events: Array.from({ length: 100 }, () => step), atMs: 1_700_000_000_000 }],
      });
  }
  const perStep = statSync(path).size / 10_000;
  assert.ok(perStep < 300, `${perStep.toFixed(0)} bytes a step`);
});
