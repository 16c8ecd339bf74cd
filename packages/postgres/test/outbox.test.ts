import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { open, workflow, type Engine } from "heddle";
import { PostgresServer } from "@heddle/testing";
import pg from "pg";

const ship = workflow("ship", async (ctx, order: { readonly id: number }) => {
  const word = await ctx.receive<string>("word", "word");
  return `${order.id} ${word}`;
});

describe("starting and signalling inside a transaction of the user's", () => {
  let server: PostgresServer;
  let client: pg.Client;
  let address: string;
  let engine: Engine;

  before(async () => {
    server = await PostgresServer.start();
    client = new pg.Client(server.address);
    await client.connect();
    await client.query("CREATE TABLE orders (id integer PRIMARY KEY)");
    address = server.newAddress();
    engine = await open(address, { workflows: [ship] });
  });
  after(async () => {
    await engine.close();
    await client.end();
    await server[Symbol.asyncDispose]();
  });

  test("what was started and sent counts when the transaction is committed, with what else it did", async () => {
    const outbox = engine.within(client);
    await client.query("BEGIN");
    await client.query("INSERT INTO orders VALUES (1)");
    const { id } = await outbox.start(ship, { id: 1 }, { id: "order-1" });
    await outbox.signal(id, "word", "go");
    await assert.rejects(engine.get(id), { code: "RUN_UNKNOWN" }, "nobody sees it before");
    await client.query("COMMIT");

    assert.equal(await (await engine.get(id)).result(), "1 go");
  });

  test("what was started and sent is gone when the transaction is rolled back", async () => {
    const waiting = await engine.start(ship, { id: 2 }, { id: "order-2" });
    const outbox = engine.within(client);
    await client.query("BEGIN");
    await outbox.start(ship, { id: 3 }, { id: "order-3" });
    await outbox.signal("order-2", "word", "never");
    await client.query("ROLLBACK");

    await assert.rejects(engine.get("order-3"), { code: "RUN_UNKNOWN" });
    await engine.signal("order-2", "word", "later");
    assert.equal(await waiting.result(), "2 later");
  });

  test("a start with the id of a run that is there gives that one, or refuses another input", async () => {
    await engine.start(ship, { id: 4 }, { id: "order-4" });
    const outbox = engine.within(client);

    assert.deepEqual(await outbox.start(ship, { id: 4 }, { id: "order-4" }), { id: "order-4" });
    await assert.rejects(outbox.start(ship, { id: 5 }, { id: "order-4" }), { code: "RUN_EXISTS" });
  });

  test("a signal to no run, and to one that has ended, is refused", async () => {
    const outbox = engine.within(client);

    await assert.rejects(outbox.signal("nobody", "word"), { code: "RUN_UNKNOWN" });
    const ended = workflow("ended", async () => "done");
    await (await engine.start(ended, undefined, { id: "ended" })).result();
    await assert.rejects(outbox.signal("ended", "word"), { code: "RUN_ENDED" });
  });

  test("a start that names an unknown workflow or a bad option says so before anything is written", async () => {
    const outbox = engine.within(client);

    await assert.rejects(outbox.start("nothing", {}), { code: "WORKFLOW_UNKNOWN" });
    await assert.rejects(outbox.start(ship, { id: 1 }, { id: "not an id" }), { code: "OPTION_INVALID" });
  });

  test("a connection to another database is told from one to the store's", async () => {
    await client.query("CREATE DATABASE elsewhere");
    const elsewhere = new pg.Client(server.address.replace("/postgres", "/elsewhere"));
    await elsewhere.connect();

    await assert.rejects(engine.within(elsewhere).signal("order-2", "word"), { code: "TRANSACTION_FOREIGN" });
    // Nor does it help that a store of the same name is there.
    await (await open(address.replace("/postgres?", "/elsewhere?"))).close();
    await assert.rejects(engine.within(elsewhere).signal("order-2", "word"), { code: "TRANSACTION_FOREIGN" });
    await elsewhere.end();
  });

  test("what is no connection is refused, and so is a store that no transaction can reach", async () => {
    await assert.rejects(engine.within({}).signal("order-2", "word"), { code: "TRANSACTION_FOREIGN" });
    await using memory = await open("memory:", { workflows: [ship] });
    await assert.rejects(memory.within(client).start(ship, { id: 1 }), { code: "TRANSACTION_UNSUPPORTED" });
  });
});
