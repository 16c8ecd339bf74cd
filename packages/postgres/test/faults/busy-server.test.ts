import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PostgresServer, SeededRandom } from "@heddle/testing";
import { open, workflow } from "heddle";
import pg from "pg";
import { soundJournal } from "./journals.ts";

let server: PostgresServer;
let client: pg.Client;

before(async () => {
  server = await PostgresServer.start({ settings: { max_connections: "14", deadlock_timeout: "10ms" } });
  client = new pg.Client(server.address);
  client.on("error", () => {});
  await client.connect();
});
after(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
});

/** Called by each step that is done. */
let stepDone = async (): Promise<void> => {};

const sum = workflow("sum", async (ctx, input: { readonly id: string; readonly steps: number }) => {
  let total = 0;
  for (let step = 0; step < input.steps; step++)
    total += await ctx.step(`add ${step}`, async () => {
      await stepDone();
      return step;
    });
  return total + (await ctx.receive<number>("more", "more"));
});

test("case 30: connections that are ended at random cost nobody his run", async () => {
  const address = server.newAddress();
  const random = new SeededRandom(30);
  await using engine = await open(address, { workflows: [sum], leaseMs: 2_000 });
  let done = 0;
  let ended = 0;
  const endOne = async (): Promise<void> => {
    const { rows } = await client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'heddle' ORDER BY pid");
    const one = rows[Math.floor(random.next() * rows.length)];
    if (one !== undefined) await client.query("SELECT pg_terminate_backend($1)", [one.pid]);
    ended++;
  };
  // With each fortieth step, and before it is recorded: there is progress between two of them.
  stepDone = async () => {
    if (++done % 40 === 0) await endOne();
  };
  const ids = Array.from({ length: 40 }, (_, index) => `run-${index}`);
  const results = await Promise.all(
    ids.map(async (id) => {
      const run = await engine.start(sum, { id, steps: 10 }, { id });
      await engine.signal(id, "more", 100);
      return run.result();
    }),
  );
  stepDone = async () => {};

  assert.deepEqual(
    results,
    ids.map(() => 145),
  );
  assert.ok(ended >= 5, `${ended} connections were ended`);
  for (const id of ids) await soundJournal(address, id);
});

test("case 30: with no connection left at the server, work waits for one", async () => {
  const address = server.newAddress();
  await using engine = await open(address, { workflows: [sum], leaseMs: 2_000 });
  const held: pg.Client[] = [];
  const take = async (): Promise<boolean> => {
    const another = new pg.Client(server.address);
    another.on("error", () => {});
    try {
      await another.connect();
      held.push(another);
      return true;
    } catch {
      return false;
    }
  };
  while (await take());
  await client.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'heddle'");
  while (await take());
  const run = engine.start(sum, { id: "full", steps: 3 }, { id: "full" }).then(async (handle) => {
    await engine.signal("full", "more", 1);
    return handle.result();
  });
  // It has asked, and was refused.
  let refused = false;
  while (!refused) refused = !(await take());
  for (const each of held) await each.end();

  assert.equal(await run, 4);
  await soundJournal(address, "full");
});

for (const [state, what] of [
  ["40P01", "deadlock"],
  ["40001", "serialization failure"],
  ["55P03", "lock that is not to be had"],
  ["57014", "statement that takes too long"],
] as const)
  test(`case 30: a ${what} (${state}) is tried again inside, in commits and in transactions`, async () => {
    const address = server.newAddress();
    const schema = new URL(address).searchParams.get("schema")!;
    let begun = 0;
    const job = workflow("job", async (ctx) => {
      begun++;
      await ctx.step("one", () => 1);
      await ctx.transaction("pay", (tx) => tx.run("INSERT INTO paid VALUES (1)"));
      return ctx.receive<number>("word", "word");
    });
    await using engine = await open(address, { workflows: [job] });
    // The first two writes to each of these tables are refused. The counters are no part of a transaction, and go on.
    await client.query(`CREATE TABLE "${schema}".paid (id integer)`);
    const tables = { journal: "INSERT", run: "UPDATE", paid: "INSERT" };
    for (const [table, write] of Object.entries(tables))
      await client.query(`
        CREATE SEQUENCE "${schema}".${table}_writes;
        CREATE FUNCTION "${schema}".refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('"${schema}".${table}_writes') <= 2 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '${state}'; END IF;
          RETURN NULL;
        END $$;
        CREATE TRIGGER refuse BEFORE ${write} ON "${schema}".${table} FOR EACH STATEMENT EXECUTE FUNCTION "${schema}".refuse_${table}()`);
    const run = await engine.start(job, undefined, { id: "job" });
    await engine.signal("job", "word", 5);

    assert.equal(await run.result(), 5);
    assert.equal(begun, 1, "the run did not change hands");
    await soundJournal(address, "job");
    const { rows } = await client.query<{ paid: number }>(`SELECT count(*)::integer AS paid FROM "${schema}".paid`);
    assert.equal(rows[0]?.paid, 1);
    for (const table of Object.keys(tables)) {
      const counted = await client.query<{ writes: number }>(`SELECT last_value::integer AS writes FROM "${schema}".${table}_writes`);
      assert.ok((counted.rows[0]?.writes ?? 0) > 2, table);
    }
  });

test("case 30: two runs whose transactions lock the same rows in opposite order with a third party both end", async () => {
  const address = server.newAddress();
  const schema = new URL(address).searchParams.get("schema")!;
  const move = workflow("move", async (ctx, _round: number) =>
    ctx.transaction("move", (tx) => {
      tx.run("UPDATE account SET cents = cents - 1 WHERE id = 1");
      tx.run("SELECT pg_sleep(0.02)");
      tx.run("UPDATE account SET cents = cents + 1 WHERE id = 2");
    }),
  );
  await using engine = await open(address, { workflows: [move] });
  await client.query(
    `CREATE TABLE "${schema}".account (id integer PRIMARY KEY, cents integer); INSERT INTO "${schema}".account VALUES (1, 0), (2, 0)`,
  );
  const other = new pg.Client(address);
  await other.connect();
  const deadlocks = async (): Promise<number> => {
    await client.query("SELECT pg_stat_clear_snapshot()");
    const { rows } = await client.query<{ deadlocks: string }>("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'");
    return Number(rows[0]?.deadlocks);
  };
  const before = await deadlocks();
  let against = 0;
  let busy = true;
  const opposing = (async () => {
    while (busy) {
      try {
        await other.query("BEGIN");
        await other.query("UPDATE account SET cents = cents + 1 WHERE id = 2");
        await other.query("SELECT pg_sleep(0.02)");
        await other.query("UPDATE account SET cents = cents - 1 WHERE id = 1");
        await other.query("COMMIT");
        against++;
      } catch {
        await other.query("ROLLBACK");
      }
    }
  })();
  let moved = 0;
  while (moved < 10 || (await deadlocks()) === before) {
    await (await engine.start(move, moved)).result();
    moved++;
  }
  busy = false;
  await opposing;
  const { rows } = await client.query<{ cents: number }>(`SELECT cents FROM "${schema}".account ORDER BY id`);
  await other.end();

  assert.deepEqual(
    rows.map(({ cents }) => cents),
    [-moved - against, moved + against],
  );
});
