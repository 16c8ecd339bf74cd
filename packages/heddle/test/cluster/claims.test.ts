import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CommitVerdict, RunRow } from "@heddle/kernel";
import { newRunRow } from "@heddle/testing";
import { clusterPlaces } from "./cluster-places.ts";

const rounds = process.env["HEDDLE_SLOW"] === undefined ? 150 : 1_000;
const names = ["a", "b", "c"];
const ids = ["r0", "r1", "r2"];

for (const place of clusterPlaces) {
  describe(`claims of three processes on ${place.name}`, () => {
    test(`case 14: in ${rounds} rounds in which they claim at the same instant each run has one owner for each epoch, and epochs grow by one`, async () => {
      await using cluster = await place.open();
      const nodes = await Promise.all(names.map((name) => cluster.start(name, { knows: [] })));
      await Promise.all(nodes.map((node) => node.call("heartbeat", `${node.name}-claimer`, Number.MAX_SAFE_INTEGER, Date.now())));
      await cluster.store.commit({
        creates: ids.map((runId) => ({
          row: newRunRow(runId, { workflow: "round", wakeAtMs: 1, createdAtMs: 1 }),
          events: ['{"type":"run-started","atMs":1,"workflow":"round","planHash":""}'],
        })),
      });
      let ownersOfAll = 0;
      for (let round = 1; round <= rounds; round++) {
        const nowMs = Date.now();
        const claimed = await Promise.all(
          nodes.map((node) => node.call<RunRow[]>("claim", { node: `${node.name}-claimer`, limit: 2, nowMs, workflows: ["round"] })),
        );
        const rows = claimed.flat();
        assert.equal(new Set(rows.map(({ runId }) => runId)).size, rows.length, `round ${round}: no run was given twice`);
        for (const { epoch, runId } of rows) assert.equal(epoch, (await cluster.row(runId)).epoch);
        ownersOfAll += claimed.filter((own) => own.length > 0).length;
        for (const [index, own] of claimed.entries()) {
          if (own.length === 0) continue;
          const parts = own.map(({ runId, epoch }) => ({
            ...{ runId, epoch, expectedSeq: null, events: [], atMs: nowMs },
            release: { status: "queued", wakeAtMs: 1 },
          }));
          const verdict = await nodes[index]?.call<CommitVerdict>("commit", { parts });
          assert.ok(verdict?.parts.every(({ status }) => status === "ok"));
        }
      }
      const epochs = await Promise.all(ids.map(async (id) => (await cluster.row(id)).epoch));
      assert.equal(
        epochs.reduce((sum, epoch) => sum + epoch, 0),
        cluster.witness.claims.length,
        "each claim raised an epoch by one",
      );
      assert.ok(ownersOfAll > rounds, `several of them got something: ${ownersOfAll}`);
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
