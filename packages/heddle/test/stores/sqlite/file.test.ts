import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { checksum } from "../../../src/stores/sqlite/checksum.ts";
import { type Connect, Connection } from "../../../src/stores/sqlite/connection.ts";
import { migrate, migrations } from "../../../src/stores/sqlite/schema.ts";
import { openSqliteStore } from "../../../src/stores/sqlite/sqlite-store.ts";
import { runChild } from "./run-child.ts";
import { withSecondSchema } from "./second-schema.ts";
import { bodies, commit, create, expectedBodies, newRun, nextEvent } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

async function filled(path: string): Promise<void> {
  await using store = await openSqliteStore({ path });
  await create(store, newRun("run", "node"));
}

describe("opening a file", () => {
  test("makes the folder, the file and the schema", async () => {
    const path = join(newPath(), "deep", "store.db");
    await filled(path);

    await using store = await openSqliteStore({ path });
    assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 1));
  });

  test("with create: false says that there is none", async () => {
    const path = newPath();
    await assert.rejects(openSqliteStore({ path, create: false }), { code: "FILE_UNKNOWN" });
    assert.ok(!existsSync(path));

    await filled(path);
    await using store = await openSqliteStore({ path, create: false });
    assert.equal((await store.list({})).length, 1);
  });

  test("an empty file becomes a store", async () => {
    const path = newPath();
    writeFileSync(path, "");
    await filled(path);
    assert.ok(readFileSync(path).length > 0);
  });

  test("a file that becomes a store while it is looked at is no stranger's", async () => {
    const path = newPath();
    let other: unknown = "not tried";
    const connectBeside: Connect = (at, options) => {
      const connection = new Connection(at, options);
      const { database } = connection;
      const prepare = database.prepare.bind(database);
      database.prepare = (sql) => {
        if (sql === "PRAGMA user_version" && other === "not tried") {
          const beside = new Connection(at, { ...options, busyMs: 0 });
          try {
            other = migrate(beside);
          } catch (error) {
            other = error;
          }
          beside.close();
        }
        return prepare(sql);
      };
      return connection;
    };

    await using store = await openSqliteStore({ path }, { connect: connectBeside });
    assert.notEqual(other, "not tried");
    await create(store, newRun("run", "node"));
  });

  test("a path that is no file path is refused", async () => {
    for (const path of ["", ":memory:"]) await assert.rejects(openSqliteStore({ path }), { code: "OPTION_INVALID" });
    const folder = newPath();
    mkdirSync(folder);
    await assert.rejects(openSqliteStore({ path: folder }), { code: "STORE_NOT_A_STORE" });
    await assert.rejects(
      openSqliteStore({ path: join(folder, "file", "x.db") }).then(async () =>
        openSqliteStore({ path: join(folder, "file", "x.db", "y.db") }),
      ),
      {
        code: "STORE_READ_ONLY",
      },
    );
  });

  test("a file that is no database is refused, and left as it is", async () => {
    for (const content of [
      "Dear diary, this is no database at all. ".repeat(300),
      "x",
      "SQLite format 3\0 but then nothing that fits".padEnd(4_096, "z"),
    ]) {
      const path = newPath();
      writeFileSync(path, content);

      await assert.rejects(openSqliteStore({ path }), { code: "STORE_NOT_A_STORE" });
      assert.equal(readFileSync(path, "latin1"), content);
    }
  });

  test("somebody else's database is refused, and left as it is", async () => {
    for (const sql of ["CREATE TABLE note (text)", "PRAGMA application_id = 7", "PRAGMA user_version = 3"]) {
      const path = newPath();
      {
        using database = new DatabaseSync(path);
        database.exec(`CREATE TABLE kept (a); DROP TABLE kept; ${sql}`);
      }
      const before = readFileSync(path);

      await assert.rejects(openSqliteStore({ path }), { code: "STORE_NOT_A_STORE" });
      assert.deepEqual(readFileSync(path), before);
    }
  });

  test("case 57: a store of a newer version is refused, and left as it is", async () => {
    const path = newPath();
    await filled(path);
    {
      using database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    }
    const before = readFileSync(path);

    await assert.rejects(openSqliteStore({ path }), { code: "STORE_NEWER", message: /newer/ });
    assert.deepEqual(readFileSync(path), before);
  });

  test("a file that may not be written is refused", async (context) => {
    const path = newPath();
    await filled(path);
    chmodSync(path, 0o444);
    chmodSync(dirname(path), 0o755);
    if (process.getuid?.() === 0) {
      // Root may write everything: take its rights away in a child.
      const child = runChild("open-as-nobody.ts", [path]);
      const line = await child.line("refused").catch((error: unknown) => String(error));
      if (line.includes("cannot become nobody")) return context.skip("cannot give up being root here");
      assert.equal(line, "refused STORE_READ_ONLY");
      await child.ended();
      return;
    }
    await assert.rejects(openSqliteStore({ path }), { code: "STORE_READ_ONLY" });
  });

  test("an older schema is brought up, with what is in it", async () => {
    const path = newPath();
    await filled(path);
    {
      await using store = await openSqliteStore({ path }, { migrations: withSecondSchema });
      assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 1));
    }

    await assert.rejects(openSqliteStore({ path }), { code: "STORE_NEWER" });
    assert.equal(secondTables(path), 1);
  });

  test("a journal that stands by run and seq is brought up whole, and snapshots of ended runs go", async () => {
    const path = newPath();
    const before = migrations.slice(0, 7);
    const old = new Connection(path, { durability: "process", busyMs: 0 });
    migrate(old, before);
    const { database } = old;
    const large = "x".repeat(10_000);
    database.exec("INSERT INTO heddle_kind (kind, workflow) VALUES (1, 'w'); INSERT INTO heddle_node (node, name) VALUES (1, 'node')");
    // Status, last seq that was compacted away, number of events. Numbers of runs grow large in a store that has lived long.
    const runs = [
      [3, 2, 0, 900],
      [2 ** 24, 4, 0, 3],
      [2 ** 30, 4, 2, 3],
      [2 ** 30 + 1, 3, 0, 3],
    ] as const;
    for (const [run, status, base, count] of runs) {
      database
        .prepare(
          `INSERT INTO heddle_run (run, id, kind, status, epoch, base, owner, priority, created_at, ended_at, input_hash) VALUES (?, ?, 1, ?, 1, ?, ?, 0, 1, ?, '')`,
        )
        .run(run, `r${run}`, status, base, status === 2 ? 1 : null, status === 4 ? 5 : null);
      for (let seq = base + 1; seq <= count; seq++) {
        const body = `r${run} ${seq}${seq % 100 === 50 ? large : ""}`;
        database
          .prepare("INSERT INTO heddle_journal (run, seq, at, crc, body) VALUES (?, ?, ?, ?, ?)")
          .run(run, seq, 7, checksum(run, seq, 7, body), body);
      }
      database.prepare("INSERT INTO heddle_snapshot (run, seq, crc, body) VALUES (?, 2, ?, 's')").run(run, checksum(run, 2, 0, "s"));
    }
    old.close();

    await using store = await openSqliteStore({ path });
    for (const [run, , base, count] of runs) {
      const expected = Array.from({ length: count - base }, (_, index) => index + base + 1);
      const body = (seq: number): string => `r${run} ${seq}${seq % 100 === 50 ? large : ""}`;
      assert.deepEqual(
        await store.readJournal(`r${run}`, 0),
        expected.map((seq) => ({ seq, atMs: 7, body: body(seq) })),
      );
    }
    const kept = await Promise.all(runs.map(async ([run]) => (await store.readSnapshot(`r${run}`))?.seq));
    assert.deepEqual(kept, [2, undefined, 2, 2]);
    assert.deepEqual(await commit(store, nextEvent("r3", 900)), [{ status: "ok", seq: 901 }]);
    assert.equal(await store.delete(`r${2 ** 30}`), true);
    assert.equal((await store.readJournal(`r${2 ** 30 + 1}`, 0)).length, 3, "the next run's events are left");
    assert.deepEqual(
      (await store.readLast("r3", 2)).map(({ body }) => body),
      ["r3 900", "r3 901"],
    );
  });

  test("case 8: a migration that fails leaves the old schema", async () => {
    const path = newPath();
    await filled(path);
    const broken = [
      ...migrations,
      ({ database }: { database: DatabaseSync }) => database.exec("CREATE TABLE heddle_second (a); CREATE TABLE heddle_second (b)"),
    ];
    await assert.rejects(openSqliteStore({ path }, { migrations: broken }), { code: "STORE_FAILED" });

    await using store = await openSqliteStore({ path });
    assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 1));
  });

  test("case 8: killed inside a migration a store has the old schema, killed behind it the new one; each binary knows which it can open", async () => {
    for (const [when, tables] of [
      ["inside", 0],
      ["behind", 1],
    ] as const) {
      const path = newPath();
      await filled(path);
      const child = runChild("migrate-and-die.ts", [path, when]);
      await assert.rejects(child.ended());
      assert.equal(child.process.signalCode, "SIGKILL");

      using database = new DatabaseSync(path);
      assert.equal(secondTables(path), tables);
      const version = Number(Object.values(database.prepare("PRAGMA user_version").get()!)[0]);
      assert.equal(version, migrations.length + tables);
      database.close();
      if (tables === 0) {
        await using store = await openSqliteStore({ path });
        assert.deepEqual(await commit(store, nextEvent("run", 1)), [{ status: "ok", seq: 2 }], "the older one goes on");
      } else await assert.rejects(openSqliteStore({ path }), { code: "STORE_NEWER" });
      await using store = await openSqliteStore({ path }, { migrations: withSecondSchema });
      const events = await bodies(store, "run");
      assert.deepEqual(events, expectedBodies("run", tables === 0 ? 2 : 1));
      assert.deepEqual(await commit(store, nextEvent("run", events.length)), [{ status: "ok", seq: events.length + 1 }]);
      assert.equal(secondTables(path), 1);
    }
  });

  test("case 8: killed while it makes a fresh file a store, it leaves a file that the next makes one of", async () => {
    const path = newPath();
    const child = runChild("migrate-and-die.ts", [path, "inside"]);
    await assert.rejects(child.ended());
    assert.equal(child.process.signalCode, "SIGKILL");

    await filled(path);
    assert.equal(secondTables(path), 0);
  });

  test("case 8: an older and a newer process open one file at the same moment: the schema is whole, and nothing acknowledged is lost", async () => {
    for (const state of ["fresh", "older"]) {
      const path = newPath();
      if (state === "older") await filled(path);
      const at = String(Date.now() + 500);
      const children = ["older", "newer", "older"].map((known, index) =>
        runChild("append-with-schema.ts", [path, `${known}-${index}`, known, at, "40"]),
      );
      const reports = await Promise.all(
        children.map(
          async (child) => JSON.parse((await child.line("report")).slice("report ".length)) as { appended: number; code: string | null },
        ),
      );
      await Promise.all(children.map((child) => child.ended()));

      assert.deepEqual(reports[1], { appended: 40, code: null }, "the newer one wins");
      assert.equal(secondTables(path), 1);
      await using store = await openSqliteStore({ path }, { migrations: withSecondSchema });
      for (const [index, { appended, code }] of reports.entries()) {
        const name = `${index === 1 ? "newer" : "older"}-${index}`;
        assert.equal(code, appended === 40 ? null : "STORE_NEWER", `${state}, ${name}`);
        assert.deepEqual(await bodies(store, name), expectedBodies(name, appended), `${state}, ${name}`);
      }
    }
  });

  for (const [where, inlineGroups] of [
    ["on the main thread", Number.POSITIVE_INFINITY],
    ["in the writer's thread", 0],
  ] as const) {
    test(`case 8: an older process that has the file open while a newer one brings it up, ${where}, writes nothing more`, async () => {
      const path = newPath();
      await using older = await openSqliteStore({ path }, { inlineGroups });
      await create(older, newRun("run", "node"));
      {
        await using newer = await openSqliteStore({ path }, { migrations: withSecondSchema });
        await create(newer, newRun("other", "node"));
      }

      for (let time = 0; time < 2; time++)
        await assert.rejects(commit(older, nextEvent("run", 1)), { code: "STORE_NEWER", message: /while this process had it open/ });
      await assert.rejects(older.heartbeat("node", 1, 1), { code: "STORE_NEWER" });
      await using newer = await openSqliteStore({ path }, { migrations: withSecondSchema });
      assert.deepEqual(await bodies(newer, "run"), expectedBodies("run", 1));
    });
  }
});

function secondTables(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  return Number(database.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'heddle_second'").get()?.["count"]);
}
