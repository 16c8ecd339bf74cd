import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, PostgresServer } from "@heddle/testing";
import pg from "pg";
import { endBackend, lookAt } from "../src/backends.ts";
import type { Backend } from "../src/connection.ts";

let server: PostgresServer;
let pool: pg.Pool;
const withinMs = 60_000;

before(async () => {
  server = await PostgresServer.start();
  pool = new pg.Pool({ connectionString: server.address });
  // The server is stopped before the last of its connections knows that it was closed.
  pool.on("error", () => {});
});
after(async () => {
  await pool.end();
  await server[Symbol.asyncDispose]();
});

interface Other extends AsyncDisposable {
  readonly client: pg.Client;
  readonly backend: Backend;
}

async function connected(): Promise<Other> {
  const client = new pg.Client(server.address);
  client.on("error", () => {});
  await client.connect();
  const { rows } = await client.query<Backend>(
    `SELECT pid, backend_start::text AS "startedAt" FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
  );
  return { client, backend: rows[0]!, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}

test("the server's process of a lost connection is ended, with what it was doing and what it held", async () => {
  await using lost = await connected();
  await using own = await connected();
  await own.client.query("CREATE TABLE IF NOT EXISTS kept (n integer)");
  await lost.client.query("BEGIN");
  await lost.client.query("LOCK TABLE kept");
  const busy = assert.rejects(lost.client.query("SELECT pg_sleep(600)"), { code: "57P01" });
  await eventually(async () => (await lookAt(pool, lost.backend, withinMs)) === "working", "it sleeps");
  await endBackend(own.client, lost.backend);

  await busy;
  assert.equal(await lookAt(pool, lost.backend, withinMs), "gone");
  await own.client.query("INSERT INTO kept VALUES (1)");
});

test("a process that has only the number of the one that was lost is left alone, and so is who asks", async () => {
  await using other = await connected();
  await using own = await connected();
  await endBackend(own.client, { ...other.backend, startedAt: "2001-01-01 00:00:00+00" });

  assert.equal((await other.client.query("SELECT 1")).rowCount, 1);
  assert.equal(await lookAt(pool, { ...other.backend, startedAt: "2001-01-01 00:00:00+00" }, withinMs), "gone");
});

test("to end one that is gone, or over a connection that is gone itself, is no error", async () => {
  const lost = await connected();
  await lost[Symbol.asyncDispose]();
  const own = await connected();
  await eventually(async () => (await lookAt(pool, lost.backend, withinMs)) === "gone", "it has gone");
  await endBackend(own.client, lost.backend);
  await own[Symbol.asyncDispose]();

  await endBackend(own.client, lost.backend);
});

test("one that works is told from one that waits for us, and that from one in the middle of a transaction", async () => {
  await using other = await connected();
  const idle = async (): Promise<string> => (await lookAt(pool, other.backend, withinMs)).replace(/ \d{4}-.*$/u, "");
  await eventually(async () => (await idle()) === "idle idle", "it waits");
  await other.client.query("BEGIN");
  await eventually(async () => (await idle()) === "idle idle in transaction", "it waits with a transaction");
  await using third = await connected();
  await third.client.query("BEGIN");
  await third.client.query("SELECT pg_advisory_xact_lock(1)");
  const waiting = other.client.query("SELECT pg_advisory_xact_lock(1)");
  await eventually(async () => (await idle()) === "working", "one that waits for a lock is at work");
  await third.client.query("COMMIT");
  await waiting;
});

test("a server that cannot be asked is out of reach; one that refuses is there", async () => {
  await using other = await connected();
  const nowhere = new pg.Pool({ host: "127.0.0.1", port: 1, user: "heddle" });
  const refused = new pg.Pool({ connectionString: server.address, options: "-cdefault_transaction_read_only=nonsense" });

  assert.equal(await lookAt(nowhere, other.backend, withinMs), "idle out of reach");
  assert.equal(await lookAt(refused, other.backend, withinMs), "working");
  await Promise.all([nowhere.end(), refused.end()]);
});
