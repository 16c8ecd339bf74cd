import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RunId, StoreHint } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { PostgresServer } from "@heddle/testing";
import { open, workflow } from "heddle";
import pg from "pg";
import { soundJournal } from "./journals.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { TransactionPooler } from "./transaction-pooler.ts";
import { untilStatus } from "./until-status.ts";

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

const job = workflow("job", async (ctx) => {
  const one = await ctx.receive<number>("one", "one");
  const two = await ctx.step("two", () => 2);
  return one + two + (await ctx.receive<number>("three", "three"));
});

/** The next word about a run by name; looking once a second only says that there may be work. */
function nextHintOf(store: { watch(call: (runId: RunId | null, what: StoreHint) => void): Disposable }, runId: string): Promise<void> {
  return new Promise((resolve) => {
    const heard = store.watch((id) => {
      if (id !== runId) return;
      heard[Symbol.dispose]();
      resolve();
    });
  });
}

test("case 31: on a road that swallows everything, a node finds out in its time, and its runs go on", async () => {
  await using proxy = await TcpProxy.start(server.port);
  const address = server.newAddress();
  const store = await openPostgresStore({ url: proxy.by(address), silenceMs: 200 });
  await using engine = await open(store, { workflows: [job], leaseMs: 2_000 });
  await using sender = await open(address, { passive: true });
  const run = await engine.start(job, undefined, { id: "job" });
  await untilStatus(engine, "job", "waiting");

  proxy.jam();
  await sender.signal("job", "one", 1);
  await untilStatus(sender, "job", "waiting");
  proxy.jam();
  await sender.signal("job", "three", 3);

  assert.equal(await run.result(), 6);
  await soundJournal(address, "job");
});

test("case 31: after the road was swallowed the store hears others again", async () => {
  await using proxy = await TcpProxy.start(server.port);
  const address = server.newAddress();
  await using store = await openPostgresStore({ url: proxy.by(address), silenceMs: 200 });
  await using sender = await open(address, { workflows: [job] });
  await sender.start(job, undefined, { id: "heard" });
  await untilStatus(sender, "heard", "waiting");
  const watching = store.watch(() => {});
  let done = false;
  for (let round = 0; round < 2; round++) {
    done = false;
    const heard = nextHintOf(store, "heard").then(() => (done = true));
    // Words are lost while nobody hears them: say it until one has come through.
    for (let word = 0; !done; word++) {
      await sender.signal("heard", "other", word);
      await client.query("SELECT pg_sleep(0.05)");
    }
    await heard;
    proxy.jam();
  }
  watching[Symbol.dispose]();
});

test("case 31: a server that is busy for longer than a silent one is waited for, and its connection is kept", async () => {
  const address = server.newAddress();
  const schema = new URL(address).searchParams.get("schema")!;
  await using store = await openPostgresStore({ url: address, silenceMs: 50 });
  const pids = async (): Promise<string> => {
    const { rows } = await client.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'heddle' AND wait_event_type = 'Lock'",
    );
    return rows.map(({ pid }) => pid).join();
  };
  await client.query(`BEGIN; LOCK TABLE "${schema}".node IN ACCESS EXCLUSIVE MODE`);
  const beat = store.heartbeat("node", Date.now() + 60_000, Date.now());
  let waiting = "";
  while (waiting === "") waiting = await pids();
  // Ten times as long as it takes to give a silent one up.
  await client.query("SELECT pg_sleep(1)");
  assert.equal(await pids(), waiting);
  await client.query("COMMIT");

  assert.equal(await beat, true);
});

for (const size of [1, 2, 3])
  test(`case 32: behind a pooler in transaction mode with ${size} sessions runs begin, hear each other and end, by looking`, async () => {
    await using pooler = await TransactionPooler.start(server.port, { user: "heddle", database: "postgres", size });
    const address = server.newAddress();
    const schema = new URL(address).searchParams.get("schema")!;
    const paying = workflow("paying", async (ctx, id: string) => {
      const value = await ctx.step("one", () => 1);
      await ctx.transaction("pay", (tx) => tx.run(`INSERT INTO "${schema}".paid VALUES ($1)`, id));
      return value + (await ctx.receive<number>("word", "word"));
    });
    await using engine = await open(pooler.by(address), { workflows: [paying] });
    await using sender = await open(pooler.by(address), { passive: true });
    await client.query(`CREATE TABLE "${schema}".paid (id text)`);
    const ids = Array.from({ length: 10 }, (_, index) => `run-${index}`);
    const runs = await Promise.all(ids.map((id) => engine.start(paying, id, { id })));
    for (const id of ids) await sender.signal(id, "word", 41);

    assert.deepEqual(
      await Promise.all(runs.map((run) => run.result())),
      ids.map(() => 42),
    );
    for (const id of ids) await soundJournal(address, id);
    const { rows } = await client.query<{ paid: number }>(`SELECT count(*)::integer AS paid FROM "${schema}".paid`);
    assert.equal(rows[0]?.paid, 10);
  });

test("case 32: a pooler that gives sessions away is told from one that lends them for as long as they are used, and from none", async () => {
  const address = server.newAddress();
  await using speaker = await openPostgresStore({ url: address });
  const hears = async (url: string): Promise<boolean> => {
    await using store = await openPostgresStore({ url, silenceMs: 1_000 });
    let byName = false;
    let looks = 0;
    const watching = store.watch((runId) => {
      if (runId === "nobody") byName = true;
      else looks++;
    });
    while (!byName && looks < 3) {
      await speaker.commit({ messages: [{ runId: "nobody", id: "m", atMs: 0, body: "{}" }] });
      await client.query("SELECT pg_sleep(0.02)");
    }
    watching[Symbol.dispose]();
    return byName;
  };
  await using lending = await TransactionPooler.start(server.port, { user: "heddle", database: "postgres", size: 12, lends: "sessions" });
  await using giving = await TransactionPooler.start(server.port, { user: "heddle", database: "postgres", size: 12 });

  assert.deepEqual([await hears(address), await hears(lending.by(address)), await hears(giving.by(address))], [true, true, false]);
});

test("case 32: behind a pooler a user whose commits are not durable is refused, since no session can be set up otherwise", async () => {
  await client.query("CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET synchronous_commit = off; CREATE SCHEMA hasty AUTHORIZATION hasty");
  await using pooler = await TransactionPooler.start(server.port, { user: "hasty", database: "postgres", size: 2 });
  const url = new URL(server.address);
  url.username = "hasty";
  url.searchParams.set("schema", "hasty");

  await assert.rejects(openPostgresStore({ url: pooler.by(url.href) }), {
    code: "STORE_UNSUPPORTED",
    message: /pooler in transaction mode .* synchronous_commit = off is set for this user: take that back with ALTER ROLE/,
  });
  await (await openPostgresStore({ url: url.href }))[Symbol.asyncDispose]();
});
