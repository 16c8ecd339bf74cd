import { after } from "node:test";
import type { RunId, RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { PostgresServer, postgresInstallations, runStoreSuite, type StoreDamage } from "@heddle/testing";
import pg from "pg";

const addresses = new WeakMap<RunStore, string>();

async function openAt(url: string): Promise<RunStore> {
  // The laws give times of their own, which are not the server's.
  const store = await openPostgresStore({ url, clock: { nowMs: () => Date.now() } });
  addresses.set(store, url);
  return store;
}

async function spoil(store: RunStore, sql: (s: string) => string, ...values: unknown[]): Promise<void> {
  const url = new URL(addresses.get(store)!);
  const s = `"${url.searchParams.get("schema")}"`;
  url.search = "";
  const client = new pg.Client(url.href);
  await client.connect();
  const { rowCount } = await client.query(sql(s), values);
  await client.end();
  if (rowCount !== 1) throw new Error("spoilt nothing");
}

const run = (s: string): string => `(SELECT run FROM ${s}.run WHERE id = $1)`;
const damage: StoreDamage = {
  event: (store: RunStore, runId: RunId, seq: number) =>
    spoil(store, (s) => `UPDATE ${s}.journal SET body = 'T' || substr(body, 2) WHERE run = ${run(s)} AND seq = $2`, runId, seq),
  loseEvent: (store: RunStore, runId: RunId, seq: number) =>
    spoil(store, (s) => `DELETE FROM ${s}.journal WHERE run = ${run(s)} AND seq = $2`, runId, seq),
  snapshot: (store: RunStore, runId: RunId, seq: number) =>
    spoil(store, (s) => `UPDATE ${s}.snapshot SET body = 'A' || substr(body, 2) WHERE run = ${run(s)} AND seq = $2`, runId, seq),
};

for (const installation of postgresInstallations()) {
  const server = await PostgresServer.start({ installation });
  after(() => server[Symbol.asyncDispose]());
  runStoreSuite(`openPostgresStore on PostgreSQL ${installation.version}`, () => openAt(server.newAddress()), {
    reopen: async (store) => {
      await store[Symbol.asyncDispose]();
      return openAt(addresses.get(store)!);
    },
    beside: (store) => openAt(addresses.get(store)!),
    damage,
    dialect: {
      parameter: (number, type) => `$${number}::${{ text: "text", number: "double precision", big: "bigint", bytes: "bytea" }[type]}`,
      harmful: [
        "END",
        "ABORT",
        "/* now */ COMMIT AND CHAIN",
        "-- now\nROLLBACK",
        "SAVEPOINT x",
        "SET search_path = nowhere",
        "DELETE FROM journal",
        "DELETE FROM journal_1",
        "COPY account FROM stdin",
      ],
    },
    rounds: 4,
  });
}
