import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { NewMessage } from "@heddle/kernel";
import { openSqliteStore } from "../../../src/stores/sqlite/sqlite-store.ts";
import { runChild } from "./run-child.ts";
import { bodies, commit, create, expectedBodies, newRun, nextEvent } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

describe("the writer", () => {
  test("a step is one row by one statement, reads nothing, and a batch is one transaction", async () => {
    await using store = await openSqliteStore({ path: newPath() });
    const runIds = Array.from({ length: 50 }, (_, index) => `run-${index}`);
    await create(store, ...runIds.map((runId) => newRun(runId, "node")));
    await commit(store, ...runIds.map((runId) => nextEvent(runId, 1)));
    const before = store.counters();

    for (let seq = 2; seq < 12; seq++) await commit(store, ...runIds.map((runId) => nextEvent(runId, seq, { progress: true })));
    const after = store.counters();
    assert.equal(after.rows - before.rows, 500);
    assert.equal(after.commits - before.commits, 10);
    assert.equal(after.transactions - before.transactions, 10);
    assert.equal(after.reads - before.reads, 0);
    // BEGIN, the look for other writers, and COMMIT.
    assert.equal(after.statements - before.statements, 500 + 10 * 3);
  });

  test("batches that are there together share one transaction", async () => {
    await using store = await openSqliteStore({ path: newPath() });
    const runIds = Array.from({ length: 50 }, (_, index) => `run-${index}`);
    await create(store, ...runIds.map((runId) => newRun(runId, "node")));
    const before = store.counters();

    await Promise.all(runIds.map((runId) => commit(store, nextEvent(runId, 1))));
    const after = store.counters();
    assert.deepEqual([after.commits - before.commits, after.transactions - before.transactions], [50, 1]);
  });

  test("a claim that finds nothing, and a stale append, change nothing", async () => {
    await using store = await openSqliteStore({ path: newPath() });
    await create(store, newRun("run", "node"));
    await store.claim({ node: "node", limit: 5, nowMs: 10 });
    const before = store.counters().transactions;

    assert.deepEqual(await store.claim({ node: "node", limit: 5, nowMs: 10 }), []);
    assert.deepEqual(await commit(store, nextEvent("run", 7)), [{ status: "stale" }]);
    assert.equal(store.counters().transactions, before);
  });

  test("commits that are called while the thread takes over keep their order", async () => {
    for (const inlineGroups of [1, 2, 5]) {
      await using store = await openSqliteStore({ path: newPath() }, { inlineGroups });
      await create(store, newRun("run", "node"));
      const answers: Promise<unknown>[] = [];
      let answered = 0;
      // What the main thread commits is answered before the turn ends; what the thread commits is not.
      for (let byThread = 0, seq = 1; byThread < 50; seq++) {
        answers.push(
          commit(store, nextEvent("run", seq)).then((verdicts) => {
            assert.deepEqual(verdicts, [{ status: "ok", seq: seq + 1 }]);
            answered++;
          }),
        );
        if (seq % 7 !== 0) continue;
        await new Promise((resolve) => setImmediate(resolve));
        if (answered < seq) byThread++;
      }
      await Promise.all(answers);
      assert.deepEqual(await bodies(store, "run"), expectedBodies("run", answers.length + 1));
    }
  });

  test("commits that each set the next going do not keep the thread from coming up", async () => {
    for (const threadUrl of [undefined, new URL("file:///nowhere/writer.js")]) {
      await using store = await openSqliteStore(
        { path: newPath(), durability: "process" },
        { inlineGroups: 1, ...(threadUrl === undefined ? null : { threadUrl }) },
      );
      await create(store, newRun("run", "node"));
      let turns = 0;
      const turn = (): void => void (turns++, (next = setImmediate(turn)));
      let next = setImmediate(turn);
      for (let seq = 1; seq <= 100; seq++) assert.equal((await commit(store, nextEvent("run", seq)))[0]?.status, "ok");
      clearImmediate(next);
      assert.ok(turns >= 50, `the event loop went round ${turns} times`);
    }
  });

  test("a store can be closed at any moment of its thread's start", async () => {
    for (let delayMs = 0; delayMs < 300; delayMs += 20) {
      const path = newPath();
      {
        await using store = await openSqliteStore({ path }, { inlineGroups: 1 });
        await create(store, newRun("run", "node"));
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
      await using store = await openSqliteStore({ path });
      assert.equal((await bodies(store, "run")).length, 1);
    }
  });

  test("a thread that comes up while its store closes is not heard any more", async () => {
    const threadUrl = new URL("./children/early-writer.ts", import.meta.url);
    // Whether its message or its end is heard first is up to Node.
    for (let round = 0; round < 4; round++) {
      const store = await openSqliteStore({ path: newPath() }, { inlineGroups: 1, threadUrl });
      await create(store, newRun("run", "node"));
      // It says that it is up while this thread hears nothing: that comes behind the call that closes.
      while (store.counters().checkpoints === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      await store[Symbol.asyncDispose]();
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test("closing waits for calls that the starting thread will do", async () => {
    const path = newPath();
    const store = await openSqliteStore({ path }, { inlineGroups: 0 });
    const answer = create(store, newRun("run", "node"));
    await store[Symbol.asyncDispose]();

    assert.deepEqual((await answer).creates, [{ status: "created", claimed: true }]);
  });

  test("a thread that cannot start is told once, and the main thread goes on", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void (warning.name === "HeddleWarning" && warnings.push(warning.message));
    process.on("warning", listen);
    {
      await using store = await openSqliteStore({ path: newPath() }, { inlineGroups: 1, threadUrl: new URL("file:///nowhere/writer.js") });
      await create(store, newRun("run", "node"));
      for (let seq = 1; seq < 400 && warnings.length === 0; seq++) {
        assert.deepEqual(await commit(store, nextEvent("run", seq)), [{ status: "ok", seq: seq + 1 }]);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const { length } = await bodies(store, "run");
      for (let seq = length; seq < length + 40; seq++)
        assert.deepEqual(await commit(store, nextEvent("run", seq)), [{ status: "ok", seq: seq + 1 }]);
    }
    process.off("warning", listen);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /could not start/);
  });

  test("a call that waits for a thread that cannot start keeps its process alive", async () => {
    const child = runChild("commit-without-thread.ts", [newPath()]);
    assert.equal(await child.line("created"), "created created");
    await child.ended();
  });

  test("a thread that dies leaves nothing believed", async () => {
    const path = newPath();
    {
      await using store = await openSqliteStore(
        { path },
        { inlineGroups: 0, threadUrl: new URL("./children/dying-writer.ts", import.meta.url) },
      );
      const answers = await Promise.allSettled([create(store, newRun("run", "node"))]);
      assert.equal((answers[0] as PromiseRejectedResult).reason.code, "STORE_FAILED");
      await assert.rejects(commit(store, nextEvent("run", 1)), { code: "STORE_FAILED" });
    }
    await using store = await openSqliteStore({ path });
    assert.equal((await create(store, newRun("run", "node"))).creates[0]?.status, "created");
  });

  test("an idle store, watched or not, does not keep its process alive", async () => {
    for (const inlineGroups of ["0", "1", "Infinity"]) {
      const child = runChild("watch-and-stay.ts", [newPath(), inlineGroups]);
      assert.equal(await child.line("committed"), "committed ok");
      assert.equal(await child.ended(), 0);
    }
  });

  test("a call with a value that cannot be kept fails alone", async () => {
    for (const inlineGroups of [0, Number.POSITIVE_INFINITY]) {
      await using store = await openSqliteStore({ path: newPath() }, { inlineGroups });
      await create(store, newRun("a", "node"), newRun("b", "node"), newRun("c", "node"));
      const wrong = { ...message("c"), body: { not: "text" } as unknown as string };

      const [first, refused, mixed, last] = await Promise.allSettled([
        commit(store, nextEvent("a", 1)),
        store.commit({ messages: [message("b"), wrong] }),
        commit(store, nextEvent("b", 1, { messages: [wrong] }), nextEvent("c", 1)),
        commit(store, nextEvent("a", 2)),
      ]);
      assert.deepEqual(first, { status: "fulfilled", value: [{ status: "ok", seq: 2 }] });
      assert.equal((refused as PromiseRejectedResult).reason.code, "OPTION_INVALID");
      assert.ok(mixed.status === "fulfilled");
      assert.deepEqual(
        mixed.value.map(({ status }) => status),
        ["failed", "ok"],
      );
      assert.deepEqual(last, { status: "fulfilled", value: [{ status: "ok", seq: 3 }] });
      assert.deepEqual(
        [(await bodies(store, "a")).length, (await bodies(store, "b")).length, (await bodies(store, "c")).length],
        [3, 1, 2],
      );
      assert.deepEqual(await store.readMail("b"), []);
    }
  });

  test("a parameter that no database and no thread takes fails its part alone", async () => {
    for (const inlineGroups of [0, Number.POSITIVE_INFINITY]) {
      await using store = await openSqliteStore({ path: newPath() }, { inlineGroups });
      await create(store, newRun("a", "node"), newRun("b", "node"));
      for (const value of [() => 1, Symbol("x"), {}, new Date(0), true] as unknown[] as string[]) {
        const statements = [{ sql: "SELECT ?", parameters: [value] }];
        const verdicts = await commit(store, nextEvent("a", 1, { statements }), nextEvent("b", 1, { events: [] }));
        assert.deepEqual(
          verdicts.map(({ status }) => status),
          ["failed", "ok"],
        );
      }
      const wrong = { ...message("a"), body: (() => "x") as unknown as string };
      await assert.rejects(store.commit({ messages: [wrong] }), { code: "OPTION_INVALID" });
      assert.deepEqual(await commit(store, nextEvent("a", 1)), [{ status: "ok", seq: 2 }]);
    }
  });

  test("a deferred foreign key that a part leaves open fails that part alone", async () => {
    await using store = await openSqliteStore({ path: newPath() });
    await create(store, newRun("a", "node"), newRun("b", "node"), newRun("c", "node"));
    await commit(
      store,
      nextEvent("a", 1, {
        statements: [
          { sql: "CREATE TABLE owner (id INTEGER PRIMARY KEY)" },
          { sql: "CREATE TABLE pet (owner INTEGER REFERENCES owner (id) DEFERRABLE INITIALLY DEFERRED)" },
        ],
      }),
    );

    const verdicts = await commit(
      store,
      nextEvent("a", 2, { statements: [{ sql: "INSERT INTO pet VALUES (1)" }, { sql: "INSERT INTO owner VALUES (1)" }] }),
      nextEvent("b", 1, { statements: [{ sql: "INSERT INTO pet VALUES (2)" }] }),
      nextEvent("c", 1),
    );
    assert.deepEqual(
      verdicts.map(({ status }) => status),
      ["ok", "failed", "ok"],
    );
    const [pets] = await commit(store, nextEvent("a", 3, { statements: [{ sql: "SELECT owner FROM pet" }] }));
    assert.ok(pets?.status === "ok");
    assert.deepEqual(pets.rows, [[{ owner: 1 }]]);
  });

  test("the user's SQL can read the store's tables and not change them", async () => {
    await using store = await openSqliteStore({ path: newPath() });
    await create(store, newRun("run", "node"));
    const refused = [
      "INSERT INTO heddle_journal VALUES (9, 1, 1, 'x')",
      "UPDATE heddle_run SET status = 4",
      "DELETE FROM heddle_journal",
      "DROP TABLE heddle_mail",
      "ALTER TABLE heddle_run ADD COLUMN mine",
      "CREATE INDEX mine ON heddle_run (note)",
      "DROP INDEX heddle_run_due",
      "CREATE TABLE heddle_mine (a)",
      "CREATE TABLE Heddle_mine (a)",
      "CREATE TRIGGER mine AFTER INSERT ON heddle_journal BEGIN SELECT 1; END",
      "CREATE TEMP TRIGGER mine AFTER INSERT ON heddle_journal BEGIN SELECT 1; END",
      "PRAGMA user_version = 99",
      "PRAGMA writable_schema = ON",
      "ATTACH 'x.db' AS x",
      "VACUUM",
      "INSERT INTO HEDDLE_KIND VALUES (9, 'x', NULL)",
    ];
    for (const sql of refused) {
      const [verdict] = await commit(store, nextEvent("run", 1, { statements: [{ sql }] }));
      assert.ok(verdict?.status === "failed", `${sql} was ${verdict?.status}`);
      assert.equal(verdict.error.code, "TRANSACTION_FAILED");
      if (verdict.error.message.includes("not authorized"))
        assert.match(verdict.error.message, /may not begin or end a transaction.*heddle_$/);
    }
    const [made] = await commit(
      store,
      nextEvent("run", 1, {
        statements: [
          { sql: "CREATE TABLE mine (a)" },
          { sql: "CREATE TRIGGER sly AFTER INSERT ON mine BEGIN DELETE FROM heddle_journal; END" },
          { sql: "SELECT count(*) AS count FROM heddle_journal" },
        ],
      }),
    );
    assert.ok(made?.status === "ok", JSON.stringify(made));
    assert.deepEqual(made.rows?.[2], [{ count: 1 }]);
    const [sly] = await commit(store, nextEvent("run", 2, { statements: [{ sql: "INSERT INTO mine VALUES (1)" }] }));
    assert.equal(sly?.status, "failed");
    assert.equal((await bodies(store, "run")).length, 2);
  });

  test("claims, wake times and lists of what is rare meet no run that they do not look for", async () => {
    const path = newPath();
    await using store = await openSqliteStore({ path });
    await create(store, newRun("run"));
    await store.claim({ node: "node", limit: 1, nowMs: 5 });
    using database = new DatabaseSync(path, { readOnly: true });
    const plan = (sql: string): string =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => String(row["detail"]))
        .join("; ");

    const queries = [
      "SELECT run FROM heddle_run WHERE kind = 1 AND priority = 0 AND status < 2 AND held IS NULL AND wake_at <= 5 ORDER BY wake_at, run LIMIT 9",
      "SELECT count(*) FROM heddle_run WHERE limit_key = 'k' AND status = 2 AND status < 3",
      "SELECT run FROM heddle_run WHERE owner = 1",
      "SELECT run FROM heddle_run WHERE ended_at < 5 ORDER BY ended_at LIMIT 5",
      "SELECT run FROM heddle_run r WHERE r.run < 99 AND r.status = 3 AND r.status <> 4 ORDER BY r.run DESC LIMIT 5",
      "SELECT run FROM heddle_run r WHERE r.run < 99 AND r.parent = 'x' ORDER BY r.run DESC LIMIT 5",
      "SELECT run FROM heddle_run r WHERE r.run < 99 AND r.dead IS NOT NULL ORDER BY r.run DESC LIMIT 5",
    ];
    const tagged = `SELECT r.run FROM heddle_tag t0 CROSS JOIN heddle_run r ON r.run = t0.run
      WHERE t0.name = 'a' AND t0.value = 'b' AND t0.run < 99 ORDER BY t0.run DESC LIMIT 5`;
    assert.match(plan(tagged), /SEARCH t0 USING PRIMARY KEY \(name=\? AND value=\? AND run<\?\)/);
    assert.doesNotMatch(plan(tagged), /TEMP B-TREE/);
    for (const sql of queries) {
      assert.match(plan(sql), /USING (COVERING )?INDEX heddle_run_/, sql);
      assert.doesNotMatch(plan(sql), /TEMP B-TREE/, sql);
    }
  });
});

function message(runId: string): NewMessage {
  return { runId, id: "m", atMs: 1, body: "hello" };
}
