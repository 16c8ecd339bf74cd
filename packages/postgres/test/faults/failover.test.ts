import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { openPostgresStore } from "@heddle/postgres";
import { eventually, newRunRow, PostgresServer, postgresInstallations } from "@heddle/testing";
import { open, workflow, type Engine } from "heddle";
import pg from "pg";
import { soundJournal } from "./journals.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { untilStatus } from "./until-status.ts";

async function ask(address: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(address);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A server with programs to make another that follows it; not every installation has them. */
async function replicated(): Promise<PostgresServer | null> {
  for (const installation of postgresInstallations()) {
    const server = await PostgresServer.start({ installation });
    if (server.hasStandbys) return server;
    await server[Symbol.asyncDispose]();
  }
  return null;
}

test("case 18: a read replica is refused, and so is a user who may not write", async (t) => {
  await using server = await PostgresServer.start();
  await ask(server.address, "CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on");
  await assert.rejects(openPostgresStore({ url: server.address.replace("heddle@", "reader@") }), {
    code: "STORE_READ_ONLY",
    message: /takes no writes from this user \(default_transaction_read_only is on\): give the address of the primary/,
  });
  await using primary = await replicated();
  if (primary === null) {
    t.skip("no installation here has pg_basebackup");
    return;
  }
  await using standby = await primary.standby();
  await assert.rejects(openPostgresStore({ url: standby.address }), {
    code: "STORE_READ_ONLY",
    message: /is a read replica: give the address of the primary\.$/,
  });
});

/** Runs that wait, run and have ended, and what is done for them after the copy was taken. */
class Work {
  readonly effects: string[] = [];
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  readonly job = workflow("job", async (ctx, id: string) => {
    const one = await ctx.step("one", () => this.#effect(id, 1));
    const word = await ctx.receive<number>("word", "word");
    const two = await ctx.step("two", async () => {
      await this.#gates.get(id)?.promise;
      return this.#effect(id, 2);
    });
    return one + word + two + (await ctx.receive<number>("last", "last"));
  });

  /** The second step of a run waits. Returns what lets it go on. */
  gate(id: string): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gates.set(id, gate);
    return gate.resolve;
  }

  #effect(id: string, value: number): number {
    this.effects.push(`${id} ${value}`);
    return value;
  }
}

/** Send until it is kept, as somebody does who was told that the server went back. */
async function finish(engine: Engine, id: string): Promise<void> {
  await engine.signal(id, "word", 10, { id: "word" });
  await engine.signal(id, "last", 100, { id: "last" });
}

test("case 29: when a standby without the newest commits takes over, a running node reads its runs again and ends them all", async (t) => {
  await using primary = await replicated();
  if (primary === null) {
    t.skip("no installation here has pg_basebackup");
    return;
  }
  await using standby = await primary.standby();
  await using proxy = await TcpProxy.start(primary.port);
  const url = primary.newAddress();
  const address = proxy.by(url);
  const work = new Work();
  await using engine = await open(address, { workflows: [work.job], leaseMs: 600 });
  for (const id of ["early", "moved", "open", "ended"]) await engine.start(work.job, id, { id });
  const release = work.gate("open");
  await engine.signal("open", "word", 10, { id: "word" });
  for (const id of ["early", "moved", "ended"]) await untilStatus(engine, id, "waiting");
  await eventually(
    async () => (await soundJournal(url, "open")).some(({ type }) => type === "op-ended"),
    "an operation of the open run ended",
  );
  const [now] = await ask(url, "SELECT pg_current_wal_lsn()::text AS lsn");
  await eventually(
    async () =>
      (await ask(standby.address, `SELECT pg_last_wal_replay_lsn() >= '${String(now?.["lsn"])}' AS there`))[0]?.["there"] === true,
    "the standby has it all",
  );
  // From here on nothing reaches the standby.
  await ask(standby.address, "ALTER SYSTEM SET primary_conninfo = ''");
  await ask(standby.address, "SELECT pg_reload_conf()");
  await eventually(
    async () => (await ask(url, "SELECT count(*)::integer AS feeds FROM pg_stat_replication"))[0]?.["feeds"] === 0,
    "the standby is fed no more",
  );

  await engine.signal("moved", "word", 10, { id: "word" });
  await eventually(
    async () =>
      (await soundJournal(url, "moved")).length > 3 &&
      (await engine.list()).some((run) => run.runId === "moved" && run.status === "waiting"),
    "the signalled run waits again",
  );
  await finish(engine, "ended");
  assert.equal(await (await engine.get("ended")).result(), 113);
  await engine.start(work.job, "late", { id: "late" });
  await primary.kill();
  proxy.close();
  await ask(standby.address, "SELECT pg_promote(true, 60)");
  proxy.leadTo(standby.port);
  proxy.open();
  release();

  // What was lost is what reached the store after the standby was cut off: signals, and a start.
  await assert.rejects(engine.get("late"), { code: "RUN_UNKNOWN" });
  for (const id of ["early", "moved", "open", "ended"]) await finish(engine, id);
  for (const id of ["early", "moved", "open", "ended"]) assert.equal(await (await engine.get(id)).result(), 113, id);
  const promoted = new URL(url);
  promoted.port = String(standby.port);
  for (const id of ["early", "moved", "open", "ended"]) await soundJournal(promoted.href, id);
});

test("case 34: when an older copy of the store is put back, a running node cannot write on from what it knew", async () => {
  await using server = await PostgresServer.start();
  const address = server.newAddress();
  const work = new Work();
  await using engine = await open(address, { workflows: [work.job], leaseMs: 600 });
  for (const id of ["waits", "moved", "open", "ended"]) await engine.start(work.job, id, { id });
  const release = work.gate("open");
  for (const id of ["waits", "moved", "ended"]) await untilStatus(engine, id, "waiting");
  await server.kill();
  const copy = `${server.data}-yesterday`;
  execFileSync("cp", ["-a", server.data, copy]);
  await server.restart();

  await engine.signal("moved", "word", 10, { id: "word" });
  await eventually(async () => (await soundJournal(address, "moved")).length > 3, "the signalled run moved");
  await finish(engine, "ended");
  assert.equal(await (await engine.get("ended")).result(), 113);
  await engine.signal("open", "word", 10, { id: "word" });
  await eventually(
    async () => (await ask(address, "SELECT count(*)::integer AS n FROM run WHERE id = 'open' AND status = 2"))[0]?.["n"] === 1,
    "the open run is under way",
  );
  const yesterday = await (async () => {
    await server.kill();
    rmSync(server.data, { recursive: true });
    execFileSync("cp", ["-a", copy, server.data]);
    await server.restart();
    return soundJournal(address, "moved");
  })();
  release();
  for (const id of ["waits", "moved", "open", "ended"]) await finish(engine, id);

  for (const id of ["waits", "moved", "open", "ended"]) assert.equal(await (await engine.get(id)).result(), 113, id);
  for (const id of ["waits", "moved", "open", "ended"]) await soundJournal(address, id);
  assert.deepEqual((await soundJournal(address, "moved")).slice(0, yesterday.length), yesterday);
});

test("case 34: rows of an older copy that are put back under open connections are not written on either", async () => {
  await using server = await PostgresServer.start();
  const address = server.newAddress();
  await using store = await openPostgresStore({ url: address });
  const part = (expectedSeq: number) => ({
    parts: [{ runId: "r", epoch: 1, expectedSeq, atMs: 1, events: [`{"n":${expectedSeq + 1}}`] }],
  });
  await store.heartbeat("n", Date.now() + 600_000, Date.now());
  await store.commit({
    creates: [
      {
        row: newRunRow("r", { workflow: "w" }),
        events: ['{"n":1}'],
        claimFor: "n",
      },
    ],
  });
  assert.equal((await store.commit(part(1))).parts[0]?.status, "ok");
  await ask(address, "CREATE TABLE yesterday AS TABLE journal");
  for (const seq of [2, 3]) assert.equal((await store.commit(part(seq))).parts[0]?.status, "ok");
  await ask(address, "BEGIN; TRUNCATE journal; INSERT INTO journal SELECT * FROM yesterday; COMMIT");

  assert.deepEqual((await store.commit(part(4))).parts, [{ status: "stale" }]);
  assert.deepEqual((await store.commit(part(2))).parts, [{ status: "ok", seq: 3 }]);
  assert.deepEqual((await store.commit(part(3))).parts, [{ status: "ok", seq: 4 }], "and it goes on as before");
});

test("case 29: an epoch that a server forgot and gave to another node is not the first one's to write under", async () => {
  await using server = await PostgresServer.start();
  await using proxy = await TcpProxy.start(server.port);
  const address = server.newAddress();
  await using first = await openPostgresStore({ url: proxy.by(address) });
  await using second = await openPostgresStore({ url: address });
  const row = newRunRow("r", { workflow: "w" });
  for (const [store, node] of [
    [first, "one"],
    [second, "two"],
  ] as const)
    await store.heartbeat(node, Date.now() + 600_000, Date.now());
  await first.commit({ creates: [{ row, events: ['{"n":1}'] }] });
  assert.equal((await first.claim({ node: "one", limit: 1, nowMs: 1 }))[0]?.epoch, 1);
  // The claim was among what the server lost.
  await ask(address, "UPDATE run SET status = 0, epoch = 0, owner = NULL, wake_at = 0");
  assert.equal((await second.claim({ node: "two", limit: 1, nowMs: 1 }))[0]?.epoch, 1);
  proxy.cut();
  const part = { runId: "r", epoch: 1, expectedSeq: 1, atMs: 1, events: ['{"n":2}'] };
  await assert.rejects(async () => first.commit({ parts: [part] }), { code: "STORE_UNAVAILABLE" });

  assert.deepEqual((await first.commit({ parts: [part] })).parts, [{ status: "stale" }]);
  assert.deepEqual((await second.commit({ parts: [part] })).parts, [{ status: "ok", seq: 2 }]);
});
