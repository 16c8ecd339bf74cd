import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openSqliteStore, type SqliteStore } from "../../../src/stores/sqlite/sqlite-store.ts";
import { Writer } from "../../../src/stores/sqlite/writer/writer.ts";
import { FailingConnections } from "./failing-connection.ts";
import { runChild } from "./run-child.ts";
import { bodies, commit, create, expectedBodies, newRun, nextEvent } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

const full = 13;
const ioErrorFsync = 1034;
const ioErrorShmSize = 4874;
const corrupt = 11;
const readOnly = 8;

async function openFailing(path: string, failing: FailingConnections): Promise<SqliteStore> {
  const store = await openSqliteStore({ path }, { connect: failing.connect, inlineGroups: Number.POSITIVE_INFINITY });
  await create(store, newRun("run", "node"));
  return store;
}

describe("a full disk", () => {
  for (const [what, code] of [
    ["the database", full],
    ["the log's index", ioErrorShmSize],
  ] as const) {
    for (const at of ["COMMIT", "INSERT INTO heddle_journal"]) {
      test(`no room for ${what} at ${at}: STORE_FULL, nothing is committed, and later commits succeed`, async () => {
        const failing = new FailingConnections();
        await using store = await openFailing(newPath(), failing);
        failing.fail(new RegExp(`^${at}`), code, 2);

        for (let time = 0; time < 2; time++)
          await assert.rejects(commit(store, nextEvent("run", 1), nextEvent("run", 2)), { code: "STORE_FULL" });
        assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 1));
        assert.deepEqual(await commit(store, nextEvent("run", 1), nextEvent("run", 2)), [
          { status: "ok", seq: 2 },
          { status: "ok", seq: 3 },
        ]);
        assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 3));
      });
    }
  }

  for (const [where, inlineGroups] of [
    ["on the main thread", "Infinity"],
    ["in the writer's thread", "0"],
  ] as const) {
    test(`a small disk that really fills up, ${where}: nothing acknowledged is missing, and it goes on when there is room`, async (context) => {
      const folder = newPath();
      mkdirSync(folder);
      const mount = ["unshare", "--map-root-user", "--mount", "sh", "-c", `mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"`, folder];
      if (!canRun([...mount, "true"])) return context.skip("no small file system can be mounted here");
      const child = runChild("fill-disk.ts", [folder, inlineGroups], { wrapper: mount });
      const report = JSON.parse((await child.line("report")).slice("report ".length)) as {
        codes: string[];
        atFull: number;
        readable: number;
        afterRoom: number;
        there: number;
      };
      await child.ended();

      assert.deepEqual(report.codes, ["STORE_FULL", "STORE_FULL"]);
      assert.ok(report.atFull > 10, `${report.atFull} events before the disk was full`);
      assert.equal(report.readable, report.atFull, "what was acknowledged can be read while the disk is full");
      assert.equal(report.afterRoom, report.atFull + 5);
      assert.equal(report.there, report.afterRoom);
    });
  }
});

describe("a disk that fails", () => {
  for (const [what, code, expected] of [
    ["a flush", ioErrorFsync, "STORE_FAILED"],
    ["a damaged page", corrupt, "STORE_FAILED"],
    ["a disk that became read-only", readOnly, "STORE_READ_ONLY"],
  ] as const) {
    test(`${what}: everything is refused until the store is opened again`, async () => {
      const path = newPath();
      const failing = new FailingConnections();
      {
        await using store = await openFailing(path, failing);
        failing.fail(/^COMMIT/, code);
        await assert.rejects(commit(store, nextEvent("run", 1)), { code: expected });

        // The disk works again. That is not believed.
        await assert.rejects(commit(store, nextEvent("run", 1)), { code: expected });
        await assert.rejects(store.readJournal("run", 0), { code: expected });
        await assert.rejects(store.heartbeat("node", 1, 1), { code: expected });
        await assert.rejects(store.get("run"), { code: expected });
      }
      await using store = await openSqliteStore({ path });
      assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 1));
      assert.deepEqual(await commit(store, nextEvent("run", 1)), [{ status: "ok", seq: 2 }]);
    });
  }

  test("the writer itself does nothing more, whoever asks", async () => {
    const failing = new FailingConnections();
    const path = newPath();
    await using store = await openFailing(path, failing);
    const connection = failing.connect(path, { durability: "machine", busyMs: 0 });
    const writer = new Writer(connection, 0);
    failing.fail(/^COMMIT/, ioErrorFsync);
    const call = { type: "put-blob", hash: "hash", body: "body" } as const;
    assert.throws(() => writer.group([call], 1), { code: "STORE_FAILED" });

    assert.throws(() => writer.group([call], 1), { code: "STORE_FAILED" });
    assert.throws(() => writer.group([{ type: "probe" }], 1), { code: "STORE_FAILED" });
    connection.close();
    assert.equal(await store.getBlob("hash"), null);
  });

  test("a flush that fails although the data reached the disk: after opening again the journal says what is true", async () => {
    const path = newPath();
    const failing = new FailingConnections();
    {
      await using store = await openFailing(path, failing);
      failing.current!.afterIt = true;
      failing.fail(/^COMMIT/, ioErrorFsync);
      await assert.rejects(commit(store, nextEvent("run", 1)), { code: "STORE_FAILED" });
    }

    await using store = await openSqliteStore({ path });
    assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 2));
    assert.deepEqual(await commit(store, nextEvent("run", 1)), [{ status: "stale" }], "sent again, it is not doubled");
  });

  test("a rollback that fails ends the store", async () => {
    const failing = new FailingConnections();
    await using store = await openFailing(newPath(), failing);
    failing.current!.judge = (sql) => (sql.startsWith("INSERT INTO heddle_journal") ? full : sql === "ROLLBACK" ? ioErrorFsync : null);
    await assert.rejects(commit(store, nextEvent("run", 1)), { code: "STORE_FAILED" });

    failing.current!.judge = () => null;
    failing.current!.database.exec("ROLLBACK");
    await assert.rejects(commit(store, nextEvent("run", 1)), { code: "STORE_FAILED" });
  });

  for (const [where, inlineGroups] of [
    ["on the main thread", "Infinity"],
    ["in the writer's thread", "0"],
  ] as const) {
    test(`fsync that really fails once, ${where}: nothing is believed afterwards, and nothing acknowledged is lost`, async (context) => {
      const folder = newPath();
      mkdirSync(folder);
      const library = join(folder, "failing-fsync.so");
      const source = new URL("./children/failing-fsync.c", import.meta.url).pathname;
      if (process.platform !== "linux" || !canRun(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"]))
        return context.skip("no C compiler here");
      const trigger = join(folder, "fail");
      const path = join(folder, "store.db");
      const child = runChild("commit-past-failure.ts", [path, trigger, inlineGroups], {
        env: { LD_PRELOAD: library, HEDDLE_FAIL_FSYNC: trigger },
      });
      const report = JSON.parse((await child.line("report")).slice("report ".length)) as { acknowledged: number; codes: string[] };
      await child.ended();

      assert.deepEqual(new Set(report.codes), new Set(["STORE_FAILED"]));
      assert.equal(report.codes.length, 6, "refused although the disk works again");
      await using store = await openSqliteStore({ path });
      const there = await bodies(store, "run");
      assert.ok(there.length >= report.acknowledged && there.length <= report.acknowledged + 1);
      assert.deepEqual(there, expectedBodies("run", there.length));
    });
  }
});

function canRun([command = "", ...args]: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
