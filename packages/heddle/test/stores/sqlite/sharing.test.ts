import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { StoreHint } from "@heddle/kernel";
import { openSqliteStore } from "../../../src/stores/sqlite/sqlite-store.ts";
import { runChild } from "./run-child.ts";
import { bodies, commit, create, expectedBodies, newRun, nextEvent } from "./store-rows.ts";
import { newPath } from "./temporary-store.ts";

describe("several processes on one file", () => {
  test("case 33: they append to runs of their own and to one together: the fence holds, and nobody hears of a lock", async () => {
    const path = newPath();
    await using store = await openSqliteStore({ path, durability: "process" });
    await create(store, newRun("shared", "parent"));
    const children = [
      ["one", "0"],
      ["two", "0"],
      ["three", "Infinity"],
    ] as const;
    const running = children.map(([name, inlineGroups]) => runChild("race-for-seqs.ts", [path, name, "120", inlineGroups]));
    await Promise.all(running.map((child) => child.ended()));

    const reports = running.map((child) => JSON.parse(child.lines.at(-1)!) as { shared: number; own: number; refused: number });
    const shared = await bodies(store, "shared");
    const winners = shared.slice(1).map((body) => body.split(" ")[0]);
    for (const [index, [name]] of children.entries()) {
      assert.equal(winners.filter((winner) => winner === name).length, reports[index]!.shared, `${name} appended what it was told it had`);
      assert.deepEqual(await bodies(store, `own-${name}`), expectedBodies(`own-${name}`, reports[index]!.own));
    }
    assert.deepEqual(
      shared.slice(1).map((body) => Number(body.split(" ")[1])),
      Array.from({ length: shared.length - 1 }, (_, index) => index + 2),
    );
  });

  test("they open a fresh file at the same moment", async () => {
    for (let round = 0; round < 2; round++) {
      const path = newPath();
      const at = String(Date.now() + 400);
      const children = ["a", "b", "c"].map((name) => runChild("open-fresh.ts", [path, name, at]));
      for (const child of children) {
        assert.equal(await child.line("created"), "created created");
        await child.ended();
      }
      await using store = await openSqliteStore({ path });
      assert.deepEqual((await store.list({})).map(({ runId }) => runId).toSorted(), ["a", "b", "c"]);
    }
  });

  test("a watcher hears of what another one wrote", async () => {
    const path = newPath();
    await using store = await openSqliteStore({ path }, { watchMs: 5 });
    await using other = await openSqliteStore({ path });
    const hints: [string | null, StoreHint][] = [];
    let heard: () => void = () => {};
    using watcher = store.watch((runId, what) => {
      hints.push([runId, what]);
      heard();
    });
    await create(store, newRun("mine", "node"));
    hints.length = 0;

    await create(other, newRun("theirs"));
    await new Promise<void>((resolve) => {
      heard = () => hints.some(([, what]) => what === "grown") && resolve();
      heard();
    });
    assert.deepEqual(hints.slice(0, 2), [
      [null, "work"],
      [null, "grown"],
    ]);
    watcher[Symbol.dispose]();
  });

  for (const [where, inlineGroups] of [
    ["on the main thread", Number.POSITIVE_INFINITY],
    ["in the writer's thread", 0],
  ] as const) {
    test(`case 33: another writer that holds the file for too long, ${where}: STORE_UNAVAILABLE, nothing committed, and later it goes on`, async () => {
      const path = newPath();
      await using store = await openSqliteStore({ path, busyMs: 50 }, { inlineGroups });
      await create(store, newRun("run", "node"));
      using other = new DatabaseSync(path);
      other.exec("BEGIN IMMEDIATE");

      await assert.rejects(commit(store, nextEvent("run", 1)), { code: "STORE_UNAVAILABLE" });
      assert.deepEqual(await bodies(store, "run"), expectedBodies("run", 1), "reads do not wait");
      other.exec("ROLLBACK");
      assert.deepEqual(await commit(store, nextEvent("run", 1)), [{ status: "ok", seq: 2 }]);
    });

    test(`case 33: another writer that holds the file for a while, ${where}: the commit waits for it`, async () => {
      const path = newPath();
      await using store = await openSqliteStore({ path }, { inlineGroups });
      await create(store, newRun("run", "node"));
      using other = new DatabaseSync(path);
      other.exec("BEGIN IMMEDIATE");

      const waiting = commit(store, nextEvent("run", 1));
      await new Promise((resolve) => setTimeout(resolve, 60));
      other.exec("COMMIT");
      assert.deepEqual(await waiting, [{ status: "ok", seq: 2 }]);
    });
  }

  test("a call behind one that failed fails with it, and is not done later", async () => {
    const path = newPath();
    await using store = await openSqliteStore({ path, busyMs: 250 }, { inlineGroups: 0 });
    await create(store, newRun("first", "node"), newRun("second", "node"));
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const failing = commit(store, nextEvent("first", 1));
    // A turn later, so that it is a message of its own behind the one that fails.
    await new Promise((resolve) => setImmediate(resolve));
    const behind = commit(store, nextEvent("second", 1));

    const answers = await Promise.allSettled([failing, behind]);
    assert.deepEqual(
      answers.map((answer) => answer.status === "rejected" && (answer.reason as { code?: string }).code),
      ["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"],
    );
    other.exec("ROLLBACK");
    assert.deepEqual(await commit(store, nextEvent("first", 1)), [{ status: "ok", seq: 2 }]);
    assert.deepEqual(await bodies(store, "second"), expectedBodies("second", 1));
  });

  test("case 33: a reader that stays in an old snapshot does not hold up commits", async () => {
    const path = newPath();
    await using store = await openSqliteStore({ path });
    await create(store, newRun("run", "node"));
    using reader = new DatabaseSync(path, { readOnly: true });
    reader.exec("BEGIN");
    assert.equal(reader.prepare("SELECT count(*) AS count FROM heddle_journal").get()?.["count"], 1);

    for (let seq = 1; seq < 50; seq++) await commit(store, nextEvent("run", seq));
    assert.equal((await bodies(store, "run")).length, 50);
    assert.equal(reader.prepare("SELECT count(*) AS count FROM heddle_journal").get()?.["count"], 1);
  });
});
