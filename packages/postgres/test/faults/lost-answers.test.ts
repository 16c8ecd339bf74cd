import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FakeClock, PostgresServer } from "@heddle/testing";
import { openPostgresStore } from "@heddle/postgres";
import { open, workflow, type Engine } from "heddle";
import pg from "pg";
import { soundJournal } from "./journals.ts";
import { held } from "./held-store.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { untilStatus } from "./until-status.ts";

let server: PostgresServer;
let proxy: TcpProxy;

before(async () => {
  server = await PostgresServer.start();
  proxy = await TcpProxy.start(server.port);
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Statements go by their names, and a transaction of several ends by this word. */
const isCommit = (sent: Buffer): boolean => sent.includes("commit\0") || sent.includes("COMMIT\0");
const isClaim = (sent: Buffer): boolean => sent.includes("claim\0");

test("case 28: whichever commit's answer is lost, nothing is lost, doubled or done again", async () => {
  const address = server.newAddress();
  const effects = new Map<string, number>();
  const effect = (key: string): number => {
    effects.set(key, (effects.get(key) ?? 0) + 1);
    return 1;
  };
  const child = workflow("child", async (ctx, id: string) => ctx.step("inside", () => effect(`${id} inside`)));
  const begun: string[] = [];
  const parent = workflow("parent", async (ctx, id: string) => {
    begun.push(id);
    const one = await ctx.step("one", () => effect(`${id} one`));
    const called = await ctx.call("child", child, id);
    await ctx.transaction("pay", (tx) => tx.run("INSERT INTO paid VALUES ($1)", id));
    const word = await ctx.receive<number>("word", "word");
    const two = await ctx.step("two", () => effect(`${id} two`));
    return one + called + word + two;
  });
  await using engine = await open(proxy.by(address), { workflows: [parent, child] });
  const client = new pg.Client(address);
  await client.connect();
  await client.query("CREATE TABLE paid (id text)");
  let lostAt = 0;
  for (let at = 1; lostAt === at - 1; at++) {
    const id = `run-${at}`;
    const before = proxy.lost;
    let commits = 0;
    proxy.loseAnswerTo((sent) => isCommit(sent) && ++commits === at);
    const run = await engine.start(parent, id, { id });
    await engine.signal(id, "word", 1, { id: "word" });

    assert.equal(await run.result(), 4, id);
    assert.deepEqual(begun.splice(0), [id], "it did not lose its run");
    assert.deepEqual([effects.get(`${id} one`), effects.get(`${id} inside`), effects.get(`${id} two`)], [1, 1, 1], id);
    await soundJournal(address, id);
    await soundJournal(address, `${id}.child`);
    if (proxy.lost > before) lostAt = at;
    else assert.ok(at > 8, "each of the run's commits had its turn");
  }
  proxy.loseAnswerTo(() => false);
  const { rows } = await client.query<{ id: string; times: number }>("SELECT id, count(*)::integer AS times FROM paid GROUP BY id");
  assert.ok(rows.length > 8 && rows.every(({ times }) => times === 1));
  await client.end();
});

test("case 28: an owner that lost an answer and then its run is told so, and does nothing more for it", async () => {
  const clock = new FakeClock();
  const address = server.newAddress();
  const did: string[] = [];
  const job = workflow("job", async (ctx) => {
    await ctx.step("one", () => void did.push("one"));
    await ctx.step("two", () => void did.push("two"));
  });
  const store = await openPostgresStore({ url: proxy.by(address), clock });
  const engine: Engine = await open(held(store, clock), { workflows: [job], clock, node: "a", drainMs: 0 });
  const before = proxy.lost;
  proxy.loseAnswerTo((sent) => isCommit(sent) && sent.includes("op-ended"));
  await engine.start(job, undefined, { id: "job" });
  while (proxy.lost === before) await new Promise((resolve) => setImmediate(resolve));
  // Time stands still for "a" until here: it does not ask again before "b" has the run.
  await using other = await openPostgresStore({ url: address, clock });
  await other.heartbeat("b", clock.nowMs() + 3_600_000, clock.nowMs());
  // A node that is in the middle of a call is left to the next look.
  while ((await other.reapDeadNodes(clock.nowMs() + 60_000)) === 0);
  const [row] = await other.claim({ node: "b", limit: 1, nowMs: clock.nowMs() + 60_000 });
  assert.equal(row?.epoch, 2);
  const journal = await other.readJournal("job", 0);

  await clock.advance(1_000);
  assert.deepEqual(did, ["one"]);
  assert.deepEqual(await other.readJournal("job", 0), journal);
  assert.equal((await other.get("job"))?.owner, "b");
  await clock.runUntil(engine.close());
});

test("case 28: runs of a claim whose answer was lost are found, and go on", async () => {
  const address = server.newAddress();
  const job = workflow("job", async (ctx) => ctx.receive<number>("word", "word"));
  await using engine = await open(proxy.by(address), { workflows: [job], leaseMs: 600 });
  const runs = await Promise.all([1, 2, 3].map((each) => engine.start(job, undefined, { id: `run-${each}` })));
  for (const { id } of runs) await untilStatus(engine, id, "waiting");

  const before = proxy.lost;
  proxy.loseAnswerTo(isClaim);
  for (const { id } of runs) await engine.signal(id, "word", 7);
  assert.deepEqual(await Promise.all(runs.map((run) => run.result())), [7, 7, 7]);
  assert.equal(proxy.lost, before + 1);
});
