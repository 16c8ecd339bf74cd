import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPostgresStore } from "@heddle/postgres";
import { PostgresServer } from "@heddle/testing";
import pg from "pg";
import { ChildProcesses } from "./child-processes.ts";

let server: PostgresServer;
let client: pg.Client;

before(async () => {
  server = await PostgresServer.start();
  client = new pg.Client(server.address);
  await client.connect();
});
after(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
});

/** What is there of a schema: itself, tables, views, indexes and functions. */
async function parts(schema: string): Promise<readonly unknown[]> {
  const { rows } = await client.query<{ what: string }>(
    `SELECT relkind::text || ' ' || relname AS what FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1
     UNION ALL SELECT 'schema' FROM pg_namespace WHERE nspname = $1 UNION ALL SELECT 'function ' || proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = $1 ORDER BY 1`,
    [schema],
  );
  return rows.map(({ what }) => what);
}

test("case 8: three processes that open a fresh schema at the same moment make one store, and all have it", async () => {
  using children = new ChildProcesses("open-store.ts");
  const whole = server.newAddress();
  await (await openPostgresStore({ url: whole }))[Symbol.asyncDispose]();
  for (let round = 0; round < 3; round++) {
    const address = server.newAddress();
    const opened = [1, 2, 3].map(() => children.start(address));
    // They are loaded and wait for the word.
    for (const child of opened) await child.said("ready");
    for (const child of opened) child.tell("go");

    const ids = await Promise.all(opened.map((child) => child.said("opened")));
    assert.equal(new Set(ids).size, 1);
    assert.deepEqual(await parts(new URL(address).searchParams.get("schema")!), await parts(new URL(whole).searchParams.get("schema")!));
    for (const child of opened) await child.ended();
  }
});

test("case 8: a process that is killed while it brings the schema up leaves nothing half done, and the next one does it", async () => {
  using children = new ChildProcesses("open-store.ts");
  const address = server.newAddress();
  const schema = new URL(address).searchParams.get("schema")!;
  // It stops where the first table is made, and the first function.
  for (const catalog of ["pg_class", "pg_proc"]) {
    await client.query(`BEGIN; LOCK TABLE pg_catalog.${catalog} IN EXCLUSIVE MODE`);
    const child = children.start(address);
    await child.said("ready");
    child.tell("go");
    for (let waiting = 0; waiting === 0; ) {
      const { rows } = await client.query<{ waiting: number }>(
        "SELECT count(*)::integer AS waiting FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND application_name = 'heddle'",
      );
      waiting = rows[0]!.waiting;
    }
    child.kill();
    await child.ended();
    await client.query("ROLLBACK");
    await client.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'heddle'");
    assert.deepEqual(await parts(schema), []);
  }

  await (await openPostgresStore({ url: address }))[Symbol.asyncDispose]();
  assert.ok((await parts(schema)).length > 20);
});

test("case 8: a store that a newer Heddle brought up is left alone, also by a process that had it open", async () => {
  const address = server.newAddress();
  const schema = new URL(address).searchParams.get("schema")!;
  await using store = await openPostgresStore({ url: address });
  await store.heartbeat("old", Date.now() + 60_000, Date.now());
  await client.query(`UPDATE "${schema}".heddle_store SET version = version + 1`);

  await assert.rejects(openPostgresStore({ url: address }), { code: "STORE_NEWER" });
  // Whoever brings a schema up ends the sessions of older versions.
  await client.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'heddle'");
  await assert.rejects(store.heartbeat("old", Date.now() + 60_000, Date.now()), { code: "STORE_NEWER" });
});
