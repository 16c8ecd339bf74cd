import assert from "node:assert/strict";
import { test } from "node:test";
import { openPostgresStore } from "@heddle/postgres";
import { Cluster, eventually, PostgresServer } from "@heddle/testing";
import { query } from "./query.ts";

const leaseMs = 1_000;

test("case 10: stopped in the middle of a transaction that holds locks, a process does not hold up the others for as long as it stands still", async () => {
  await using server = await PostgresServer.start();
  const address = server.newAddress();
  const store = await openPostgresStore({ url: address });
  await using cluster = await Cluster.open({ program: new URL("./children/chaos-node.ts", import.meta.url), address, store });
  await query(address, "CREATE TABLE ledger (run text NOT NULL)");
  const a = await cluster.start("a", { leaseMs });
  await a.call("start", "ledger", null, { id: "r" });
  await eventually(async () => {
    await a.stop();
    const held = await query(address, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'heddle' AND state = 'idle in transaction'");
    if (held.length === 0) a.resume();
    return held.length > 0;
  }, "it stands still between BEGIN and COMMIT");
  const b = await cluster.start("b", { leaseMs });
  await b.call("signal", "r", "stop", "enough");

  const written = await b.call("result", "r");
  const entries = await query(address, "SELECT run FROM ledger");
  assert.equal(entries.length, written, "each was committed once");
  a.resume();
  await a.call("start", "part", 3, { id: "other" });
  assert.equal(await a.call("result", "other"), 3);
  assert.deepEqual(await cluster.faults(), []);
});
