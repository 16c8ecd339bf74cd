import assert from "node:assert/strict";
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { openSqliteStore } from "../../../src/stores/sqlite/sqlite-store.ts";
import { runChild } from "./run-child.ts";
import { bodies, commit, create, expectedBodies, newRun, nextEvent } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

/** Between two places where the log is cut. The quick figure is odd, so that all parts of frames are met. */
const cutBytes = process.env["HEDDLE_SLOW"] === "1" ? 512 : 7_919;

describe("what was acknowledged survives", () => {
  for (const [where, inlineGroups] of [
    ["on the main thread", "Infinity"],
    ["in the writer's thread", "0"],
  ] as const) {
    test(`kill -9 in the middle of commits ${where}: every acknowledged event is there, and no part of a part`, async () => {
      for (const acknowledged of [1, 40, 150]) {
        const path = newPath();
        const child = runChild("commit-until-killed.ts", [path, inlineGroups]);
        await child.linesReach(acknowledged);
        await child.kill();

        await using store = await openSqliteStore({ path });
        for (const [index, runId] of ["a", "b", "c", "d"].entries()) {
          const last = Math.max(1, ...child.lines.filter((line) => line.startsWith(`${runId} `)).map((line) => Number(line.split(" ")[1])));
          const there = await bodies(store, runId);
          assert.deepEqual(there, expectedBodies(runId, there.length), "a prefix of what was appended");
          assert.ok(there.length >= last, `${runId}: ${last} acknowledged, ${there.length} there`);
          assert.equal((there.length - 1) % (index + 1), 0, "parts are whole");
          assert.deepEqual(
            await commit(store, nextEvent(runId, there.length)),
            [{ status: "ok", seq: there.length + 1 }],
            "and the run goes on",
          );
        }
      }
    });
  }

  test("case 25: a log whose tail is torn or cut, wherever: opens, holds a prefix, and everything before the cut", async () => {
    const path = newPath();
    const store = await openSqliteStore({ path }, { inlineGroups: Number.POSITIVE_INFINITY });
    const runIds = ["a", "b", "c"];
    await create(store, ...runIds.map((runId) => newRun(runId, "node")));
    /** Length of the log when so many events of each run were acknowledged. */
    const acknowledged: { readonly bytes: number; readonly events: number }[] = [];
    for (let seq = 1; seq <= 25; seq++) {
      await commit(store, ...runIds.map((runId) => nextEvent(runId, seq)));
      acknowledged.push({ bytes: statSync(`${path}-wal`).size, events: seq + 1 });
    }
    const log = readFileSync(`${path}-wal`);
    const database = readFileSync(path);
    await store[Symbol.asyncDispose]();

    for (let bytes = 0; bytes <= log.length; bytes += cutBytes) {
      for (const tail of ["cut", "zeros", "noise"] as const) {
        const copy = newPath();
        const torn = Buffer.from(tail === "cut" ? log.subarray(0, bytes) : log);
        if (tail === "zeros") torn.fill(0, bytes);
        if (tail === "noise") for (let at = bytes; at < torn.length; at += 97) torn[at] = (torn[at]! + 1) % 256;
        writeFileSync(copy, database);
        writeFileSync(`${copy}-wal`, torn);

        await using opened = await openSqliteStore({ path: copy });
        const counts = await Promise.all(runIds.map(async (runId) => (await bodies(opened, runId)).length));
        assert.equal(new Set(counts).size, 1, `a batch is there whole or not at all (${bytes} bytes, ${tail})`);
        for (const runId of runIds) assert.deepEqual(await bodies(opened, runId), expectedBodies(runId, counts[0]!));
        const least = acknowledged.findLast((one) => one.bytes <= bytes)?.events ?? 0;
        assert.ok(counts[0]! >= least, `${least} events were flushed within ${bytes} bytes, ${counts[0]} are there (${tail})`);
      }
    }
  });

  test("case 26: a bit that flips in the file is found where it is, and other runs are read", async () => {
    const path = newPath();
    {
      await using store = await openSqliteStore({ path });
      await create(store, newRun("spoilt", "node"), newRun("sound", "node"));
      for (let seq = 1; seq < 10; seq++) await commit(store, nextEvent("spoilt", seq), nextEvent("sound", seq));
    }
    const bytes = readFileSync(path);
    const at = bytes.indexOf("spoilt 7");
    assert.ok(at > 0 && bytes.indexOf("spoilt 7", at + 1) < 0, "there is one copy of the text in the file");

    for (let bit = 0; bit < 8; bit++) {
      const copy = newPath();
      const flipped = Buffer.from(bytes);
      flipped[at + 3] = flipped[at + 3]! ^ (1 << bit);
      writeFileSync(copy, flipped);

      await using store = await openSqliteStore({ path: copy });
      await assert.rejects(store.readJournal("spoilt", 0), { code: "JOURNAL_CORRUPT", data: { runId: "spoilt", seq: 7, lastSeq: 10 } });
      assert.deepEqual(await bodies(store, "sound"), expectedBodies("sound", 10));
    }
  });

  test("pages that are overwritten give a clear error, and never a wrong journal", async () => {
    const path = newPath();
    {
      await using store = await openSqliteStore({ path });
      await create(store, newRun("run", "node"));
      for (let seq = 1; seq < 200; seq++) await commit(store, nextEvent("run", seq, { events: [`run ${seq + 1} ${"x".repeat(200)}`] }));
    }
    const whole = readFileSync(path);
    const pages = whole.length / 4_096;
    let refused = 0;
    for (let page = 1; page < pages; page++) {
      const copy = newPath();
      copyFileSync(path, copy);
      const spoilt = Buffer.from(whole);
      spoilt.fill(0xa5, page * 4_096, (page + 1) * 4_096);
      writeFileSync(copy, spoilt);
      try {
        await using store = await openSqliteStore({ path: copy });
        const there = await store.readJournal("run", 0);
        assert.equal(there.length, 200);
        for (const { seq, body } of there) assert.ok(body.startsWith(`run ${seq}`));
      } catch (error) {
        refused++;
        const { code, message } = error as { code?: string; message: string };
        assert.ok(code === "JOURNAL_CORRUPT" || code === "STORE_FAILED" || code === "STORE_NOT_A_STORE", `${code}: ${message}`);
      }
    }
    assert.ok(refused > pages / 3, `${refused} of ${pages} pages were found damaged`);
  });
});
