import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PostgresServer } from "@heddle/testing";
import { open } from "heddle";
import pg from "pg";
import { ChildProcesses } from "./child-processes.ts";
import { soundJournal } from "./journals.ts";

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

/** Processes that die at their first point, their second, and so on, each on what the one before has left, until one comes to its end. Returns how many died. */
async function liveAndDie(address: string, what: string): Promise<number> {
  using children = new ChildProcesses("transact-and-die.ts");
  for (let died = 0; ; died++) {
    const child = children.start(address, what, `life-${died + 1}`, String(died + 1));
    const lived = await child.said("done").then(
      () => true,
      () => false,
    );
    await child.ended();
    if (lived) return died;
  }
}

async function ids(table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`);
  return rows.map(({ id }) => id);
}

test("case 6: wherever a process dies that starts runs within its own transactions, rows and runs are the same, and each run ended once", async () => {
  const address = server.newAddress();
  const schema = new URL(address).searchParams.get("schema")!;
  await (await open(address)).close();
  await client.query(`CREATE TABLE "${schema}".orders (id text); CREATE TABLE "${schema}".shipped (id text)`);
  const died = await liveAndDie(address, "outbox");

  assert.ok(died >= 5, `${died} points`);
  const orders = await ids(`"${schema}".orders`);
  const { rows } = await client.query<{ id: string; status: number }>(`SELECT id, status FROM "${schema}".run ORDER BY id`);
  assert.deepEqual(
    rows.map(({ id }) => id),
    orders,
  );
  assert.ok(orders.length >= 1 && orders.length < died + 1, `${orders.length} orders`);
  assert.deepEqual(await ids(`"${schema}".shipped`), await ids(`"${schema}".orders`));
  for (const id of orders) assert.equal((await soundJournal(address, id)).at(-1)?.type, "run-ended");
});

test("case 2: wherever a process dies around a transaction on the user's own table, the row is there once, and so is its record", async () => {
  const address = server.newAddress();
  const schema = new URL(address).searchParams.get("schema")!;
  await (await open(address)).close();
  await client.query(`CREATE TABLE "${schema}".shipped (id text)`);
  const died = await liveAndDie(address, "transaction");

  assert.ok(died >= 9, `${died} points`);
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM "${schema}".run ORDER BY id`);
  assert.deepEqual(
    rows.map(({ id }) => id),
    await ids(`"${schema}".shipped`),
  );
  for (const { id } of rows) assert.equal((await soundJournal(address, id)).filter(({ type }) => type === "op-ended").length, 1);
});
