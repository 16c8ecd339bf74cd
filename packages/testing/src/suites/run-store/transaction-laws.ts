import assert from "node:assert/strict";
import type { Law } from "./law.ts";
import type { SqlDialect } from "./sql-dialect.ts";
import { append, bodies, claim, commit, createOwned, newRun, part, row, send, message, startMs } from "./sample.ts";

const table = { sql: "CREATE TABLE account (name TEXT PRIMARY KEY, cents INTEGER NOT NULL CHECK (cents >= 0), note TEXT)" };
const all = { sql: "SELECT name, cents FROM account ORDER BY name" };

export function transactionLaws(law: Law, { parameter, harmful }: SqlDialect): void {
  const insert = (name: string, cents: number): { sql: string; parameters: (string | number)[] } => ({
    sql: `INSERT INTO account (name, cents) VALUES (${parameter(1, "text")}, ${parameter(2, "number")})`,
    parameters: [name, cents],
  });

  law("statements are committed with the append, and answer their rows; a store without tables refuses them", async (store) => {
    await createOwned(store, "run");
    const verdict = await append(store, part("run", 1, { events: ["made"], statements: [table, insert("ann", 5), all] }));
    if (!store.features.transactions) {
      assert.equal(verdict.status, "failed");
      assert.ok(verdict.status === "failed" && verdict.error.code === "TRANSACTION_UNSUPPORTED");
      assert.equal((await bodies(store, "run")).length, 1, "nothing of the part was committed");
      return;
    }

    assert.deepEqual(verdict, { status: "ok", seq: 2, rows: [[], [], [{ name: "ann", cents: 5 }]] });
    const change = {
      sql: `UPDATE account SET cents = cents + ${parameter(1, "number")} WHERE name = ${parameter(2, "text")} RETURNING cents`,
      parameters: [7, "ann"],
    };
    assert.deepEqual(await append(store, part("run", 2, { statements: [change] })), { status: "ok", seq: 2, rows: [[{ cents: 12 }]] });
  });

  law("a stale part runs none of its statements", async (store, context) => {
    if (!store.features.transactions) return context.skip("the store has no tables");
    await createOwned(store, "run");
    await append(store, part("run", 1, { statements: [table] }));

    assert.deepEqual(await append(store, part("run", 7, { statements: [insert("ann", 5)] })), { status: "stale" });
    assert.deepEqual(await append(store, part("run", 1, { statements: [all] })), { status: "ok", seq: 1, rows: [[]] });
  });

  law("a statement that fails takes back its own part and no other", async (store, context) => {
    if (!store.features.transactions) return context.skip("the store has no tables");
    for (const runId of ["a", "b", "c"]) await createOwned(store, runId);
    await append(store, part("a", 1, { statements: [table] }));
    await send(store, message("b", "m"));
    const before = await row(store, "b");

    const verdict = await commit(store, {
      parts: [
        part("a", 1, { events: ["a2"], statements: [insert("ann", 1)] }),
        part("b", 1, {
          events: ["b2", "b3"],
          mailSeen: 1,
          children: [newRun("child")],
          messages: [message("c", "m")],
          snapshot: { body: "s" },
          statements: [insert("bob", 1), insert("ann", 2)],
          release: { status: "completed", wakeAtMs: null },
        }),
        part("c", 1, { events: ["c2"], statements: [insert("cid", 3)] }),
      ],
    });
    const [first, failed, last] = verdict.parts;
    assert.deepEqual([first?.status, failed?.status, last?.status], ["ok", "failed", "ok"]);
    assert.ok(failed?.status === "failed" && failed.error.code === "TRANSACTION_FAILED" && failed.error.message.length > 0);
    assert.deepEqual(await row(store, "b"), before);
    assert.deepEqual([(await bodies(store, "b")).length, await store.get("child"), (await store.readMail("c")).length], [1, null, 0]);
    assert.deepEqual(await append(store, part("a", 2, { statements: [all] })), {
      status: "ok",
      seq: 2,
      rows: [
        [
          { name: "ann", cents: 1 },
          { name: "cid", cents: 3 },
        ],
      ],
    });
    assert.deepEqual(await append(store, part("b", 1, { events: ["b2"] })), { status: "ok", seq: 2 }, "the run goes on as it was");
  });

  law("statements that would end the transaction, leave the database or write the store's own tables fail", async (store, context) => {
    if (!store.features.transactions) return context.skip("the store has no tables");
    await createOwned(store, "run");
    await createOwned(store, "witness");
    await append(store, part("run", 1, { statements: [table, insert("ann", 1)] }));

    const refused = ["COMMIT", "ROLLBACK", "BEGIN", ...harmful, "no SQL", "", "SELECT 1; SELECT 2"];
    for (const sql of refused) {
      const verdict = await commit(store, {
        parts: [part("witness", 1), part("run", 1, { events: ["x"], statements: [insert("tmp", 1), { sql }] }), part("witness", 1)],
      });
      assert.deepEqual(
        verdict.parts.map((one) => one.status),
        ["ok", "failed", "ok"],
        sql,
      );
    }
    assert.deepEqual(await append(store, part("run", 1, { statements: [all] })), {
      status: "ok",
      seq: 1,
      rows: [[{ name: "ann", cents: 1 }]],
    });
  });

  law("values go in and come out as they are", async (store, context) => {
    if (!store.features.transactions) return context.skip("the store has no tables");
    await createOwned(store, "run");
    const parameters = [null, 1.5, 9_007_199_254_740_993n, "text \u{1F9F5}", new Uint8Array([0, 255])];
    const types = ["text", "number", "big", "text", "bytes"] as const;
    const names = ["none", "number", "big", "text", "bytes"];
    const sql = `SELECT ${names.map((name, index) => `${parameter(index + 1, types[index]!)} AS ${name}`).join(", ")}`;
    const verdict = await append(store, part("run", 1, { statements: [{ sql, parameters }] }));

    assert.ok(verdict.status === "ok");
    const found = verdict.rows?.[0]?.[0] ?? {};
    assert.deepEqual(
      { ...found, bytes: [...(found["bytes"] as Uint8Array)] },
      { none: null, number: 1.5, big: 9_007_199_254_740_993n, text: "text \u{1F9F5}", bytes: [0, 255] },
    );
    assert.deepEqual(await claim(store, startMs), []);
  });
}
