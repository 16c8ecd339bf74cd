import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hasCode, open, workflow } from "heddle";

function place(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "heddle-sqlite-"));
  return { path: join(folder, "heddle.db"), [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

test("a transaction's rows and its record are one commit; a failing statement leaves neither and can be caught", async () => {
  using at = place();
  const job = workflow("job", async (ctx) => {
    await ctx.transaction("make", (tx) => tx.run("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER CHECK (balance >= 0))"));
    const moved = await ctx.transaction("open", (tx) => {
      tx.run("INSERT INTO account VALUES (?, ?)", 1, 100);
      tx.run("INSERT INTO account VALUES (?, ?)", 2, 0);
      return "opened";
    });
    const refused = await ctx
      .transaction("overdraw", (tx) => {
        tx.run("UPDATE account SET balance = balance + 500 WHERE id = 2");
        tx.run("UPDATE account SET balance = balance - 500 WHERE id = 1");
      })
      .catch((error: { code?: string; message?: string }) => `${error.code}: ${error.message}`);
    await Promise.all([
      ctx.transaction("move", (tx) => {
        tx.run("UPDATE account SET balance = balance - 30 WHERE id = 1");
        tx.run("UPDATE account SET balance = balance + 30 WHERE id = 2");
      }),
      ctx.step("beside", () => 1),
    ]);
    return { moved, refused };
  });
  {
    await using engine = await open(`sqlite:${at.path}`, { workflows: [job] });
    const { moved, refused } = await (await engine.start(job, undefined)).result();
    assert.equal(moved, "opened");
    assert.match(String(refused), /^TRANSACTION_FAILED: Transaction "overdraw" failed\. .*CHECK constraint failed/);
  }
  using database = new DatabaseSync(at.path);

  assert.deepEqual(
    database
      .prepare("SELECT balance FROM account ORDER BY id")
      .all()
      .map((row) => row["balance"]),
    [70, 30],
  );
});

test("a transaction without a store for it is refused by name", async () => {
  const job = workflow("job", async (ctx) => ctx.transaction("t", (tx) => tx.run("SELECT 1")));
  await using engine = await open("memory:", { workflows: [job] });

  await assert.rejects((await engine.start(job, undefined)).result(), (error) =>
    hasCode((error as Error).cause, "TRANSACTION_UNSUPPORTED"),
  );
});

test("case 26: a run whose journal is damaged is put aside with a reason, and the others go on", async () => {
  using at = place();
  const job = workflow("job", async (ctx) => ctx.receive<string>("word", "word"));
  {
    await using engine = await open(`sqlite:${at.path}`, { workflows: [job] });
    for (const id of ["good", "bad"]) await engine.start(job, undefined, { id });
    for (const id of ["good", "bad"])
      while ((await (await engine.get(id)).summary()).status !== "waiting") await new Promise((resolve) => setImmediate(resolve));
  }
  {
    using database = new DatabaseSync(at.path);
    const changed = database
      .prepare(
        "UPDATE heddle_journal SET body = replace(body, 'word', 'ward') WHERE run = (SELECT run FROM heddle_run WHERE id = 'bad') AND seq = 2",
      )
      .run();
    assert.equal(changed.changes, 1);
  }
  await using engine = await open(`sqlite:${at.path}`, { workflows: [job] });
  for (const id of ["good", "bad"]) await engine.signal(id, "word", "hello");

  assert.equal(await (await engine.get("good")).result(), "hello");
  while ((await engine.list()).find(({ runId }) => runId === "bad")?.status !== "paused")
    await new Promise((resolve) => setImmediate(resolve));
  assert.match((await engine.list({ status: "paused" }))[0]?.note ?? "", /cannot be read.*seq 2|event 2/i);
});

test("an engine that cannot be opened leaves its store's file closed", {
  skip: process.platform !== "linux" && "only Linux lists open files",
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-open-"));
  const file = join(folder, "heddle.db");
  const isOpen = (): boolean =>
    readdirSync("/proc/self/fd").some((each) => {
      try {
        return readlinkSync(join("/proc/self/fd", each)).startsWith(file);
      } catch {
        return false;
      }
    });
  {
    await using _ = await open(`sqlite:${file}`);
    assert.ok(isOpen());
  }
  await assert.rejects(open(`sqlite:${file}`, { concurrency: 0 }), { code: "OPTION_INVALID" });
  assert.ok(!isOpen());
  rmSync(folder, { recursive: true, force: true });
});
