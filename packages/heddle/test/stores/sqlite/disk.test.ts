import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { migrations } from "../../../src/stores/sqlite/schema.ts";
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
      test(`case 24: no room for ${what} at ${at}: STORE_FULL, nothing is committed, and later commits succeed`, async () => {
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
    for (const [what, diskBytes, ballastBytes, eventBytes, more] of [
      ["while it commits", 3_000_000, 1_000_000, 20_000, 5],
      // There is room for the log, which is copied at 16 MB, and not for the copy.
      ["while the log is copied into the database", 64_000_000, 44_000_000, 250_000, 20],
    ] as const) {
      test(`case 24: a small disk that really fills up ${what}, ${where}: nothing acknowledged is missing, and it goes on when there is room`, async (context) => {
        const folder = newPath();
        mkdirSync(folder);
        const mount = [
          "unshare",
          "--map-root-user",
          "--mount",
          "sh",
          "-c",
          `mount -t tmpfs -o size=${diskBytes} tmpfs "$0" && exec "$@"`,
          folder,
        ];
        if (!canRun([...mount, "true"])) return context.skip("no small file system can be mounted here");
        const child = runChild("fill-disk.ts", [folder, inlineGroups, ...[ballastBytes, eventBytes, more].map(String)], { wrapper: mount });
        const report = JSON.parse((await child.line("report")).slice("report ".length)) as Filled;
        await child.ended();

        assert.deepEqual(report.codes, ["STORE_FULL", "STORE_FULL"]);
        assert.ok(report.atFull > 10, `${report.atFull} events before the disk was full`);
        assert.equal(report.readable, report.atFull, "what was acknowledged can be read while the disk is full");
        assert.equal(report.afterRoom, report.atFull + more);
        assert.equal(report.there, report.afterRoom);
        if (eventBytes < 100_000) return;
        assert.ok(report.checkpoints > 0 && report.checkpointedAtFull < 8_000_000, `${report.checkpoints} copies were tried`);
        assert.ok(report.checkpointedAfterRoom > 15_000_000, `${report.checkpointedAfterRoom} bytes were copied when there was room`);
      });
    }
  }

  test("case 24: no room to copy the log into the database: commits go on, and it is copied when there is room", async () => {
    const path = newPath();
    const failing = new FailingConnections();
    await using store = await openFailing(path, failing);
    failing.fail(/wal_checkpoint/, full, 2);
    const text = "x".repeat(5_000_000);
    const sizes: number[] = [];
    for (let seq = 1; seq <= 6; seq++) {
      assert.deepEqual(await commit(store, nextEvent("run", seq, { events: [`run ${seq + 1} ${text}`] })), [
        { status: "ok", seq: seq + 1 },
      ]);
      sizes.push(statSync(path).size);
    }

    assert.deepEqual(
      sizes.map((size) => size > text.length),
      [false, false, false, false, false, true],
    );
    assert.deepEqual(
      (await bodies(store, "run")).slice(1).map((body) => body.length),
      Array.from({ length: 6 }, () => text.length + 6),
    );
  });
});

interface Filled {
  readonly codes: readonly string[];
  readonly atFull: number;
  readonly readable: number;
  readonly checkpoints: number;
  readonly checkpointedAtFull: number;
  readonly afterRoom: number;
  readonly checkpointedAfterRoom: number;
  readonly there: number;
}

describe("a disk that fails", () => {
  for (const [what, code, expected] of [
    ["a flush", ioErrorFsync, "STORE_FAILED"],
    ["a damaged page", corrupt, "STORE_FAILED"],
    ["a disk that became read-only", readOnly, "STORE_READ_ONLY"],
  ] as const) {
    test(`case 27: ${what}: everything is refused until the store is opened again`, async () => {
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

  test("case 27: the writer itself does nothing more, whoever asks", async () => {
    const failing = new FailingConnections();
    const path = newPath();
    await using store = await openFailing(path, failing);
    const connection = failing.connect(path, { durability: "machine", busyMs: 0 });
    const writer = new Writer(connection, 0, migrations.length);
    failing.fail(/^COMMIT/, ioErrorFsync);
    const call = { type: "put-blob", hash: "hash", body: "body" } as const;
    assert.throws(() => writer.group([call], 1), { code: "STORE_FAILED" });

    assert.throws(() => writer.group([call], 1), { code: "STORE_FAILED" });
    assert.throws(() => writer.group([{ type: "probe" }], 1), { code: "STORE_FAILED" });
    connection.close();
    assert.equal(await store.getBlob("hash"), null);
  });

  test("case 27: a flush that fails although the data reached the disk: after opening again the journal says what is true", async () => {
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

  test("case 27: a rollback that fails ends the store", async () => {
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
    test(`case 27: fsync that really fails once, ${where}: nothing is believed afterwards, and nothing acknowledged is lost`, async (context) => {
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
