import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import type { NewRun, RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { FakeClock, newRunRow, PostgresServer } from "@heddle/testing";
import { type Engine, open, workflow } from "heddle";
import { openSqliteStore } from "heddle/internal";
import { Workshop } from "../cli/processes.ts";
import { TestCli } from "../cli/test-io.ts";
import { openHeld } from "../engine/engines.ts";

const ask = workflow("ask", async (ctx) => (await ctx.ask("ship", { kind: "approval", prompt: "Ship?" })).approved);
const nap = workflow("nap", async (ctx) => {
  await ctx.sleep("night", "30s");
  return "awake";
});
const two = workflow("two", async (ctx) => [await ctx.receive("a", "word"), await ctx.receive("b", "word")]);
const child = workflow("child", async (ctx) => ctx.receive<string>("go", "go"));
const parent = workflow("parent", async (ctx) => ctx.call("child", child, undefined, { id: "the-child" }));
const done = workflow("done", async (ctx, input: string) => ctx.step("shout", () => input.toUpperCase()));
const bad = workflow("bad", async () => {
  throw new Error("no");
});
const workflows = [ask, nap, two, child, parent, done, bad];

function plain(index: number): NewRun {
  const row = newRunRow(`r${index}`, { workflow: "w", wakeAtMs: 1, createdAtMs: 1, inputHash: "h" });
  return { row, events: ["{}", "{}"] };
}

describe("heddle store copy, between a file and a server", () => {
  let server: PostgresServer;
  const folder = mkdtempSync(join(tmpdir(), "heddle-copy-"));
  let files = 0;
  const newFile = (): string => join(folder, `${++files}.db`);

  before(async () => {
    server = await PostgresServer.start();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function all(store: RunStore): Promise<unknown[]> {
    const rows = await store.list({ oldestFirst: true, limit: 10_000 });
    const wholes = await Promise.all(rows.map(({ runId }) => store.exportRun(runId)));
    return wholes.map((whole) => ({ ...whole, mailIds: whole!.mailIds.toSorted() }));
  }

  async function allAt(address: string): Promise<unknown[]> {
    await using store = address.startsWith("sqlite:")
      ? await openSqliteStore({ path: address.slice("sqlite:".length) })
      : await openPostgresStore({ url: address });
    return await all(store);
  }

  /** A laptop's file with runs in every state, as a day's work leaves them. */
  async function laptop(clock: FakeClock): Promise<string> {
    const path = newFile();
    const engine = await openHeld(await openSqliteStore({ path, clock }), { workflows, clock }, clock);
    await engine.start(ask, undefined, { id: "asks", tags: { team: "red" }, priority: 3 });
    await engine.start(nap, undefined, { id: "naps" });
    await engine.start(two, undefined, { id: "hears" });
    await engine.start(parent, undefined, { id: "calls" });
    assert.equal(await clock.runUntil((await engine.start(done, "loud", { id: "ended" })).result(), 0), "LOUD");
    await clock.runUntil(
      (await engine.start(bad, undefined, { id: "failed" })).result().catch(() => {}),
      0,
    );
    await clock.advance(0);
    await engine.signal("hears", "word", 1, { id: "first" });
    await clock.advance(0);
    await clock.runUntil(engine.close());
    // Nobody is there to receive this one.
    await using visitor = await openHeld(await openSqliteStore({ path, clock }), { clock, passive: true }, clock);
    await visitor.signal("hears", "word", 2, { id: "second" });
    return path;
  }

  async function copy(from: string, to: string): Promise<Record<string, unknown>> {
    const cli = new TestCli();
    const code = await cli.run("store", "copy", from, to, "--json");
    assert.equal(code, 0, cli.out + cli.err);
    return JSON.parse(cli.out.trim().split("\n").at(-1)!) as Record<string, unknown>;
  }

  test("moves a laptop's runs with all that is kept of them, there and back", async () => {
    const from = `sqlite:${await laptop(new FakeClock())}`;
    const to = server.newAddress();
    const before = await allAt(from);

    const report = await copy(from, to);
    assert.deepEqual(await allAt(to), before);
    assert.deepEqual(
      { ...report, digest: "", statuses: "", from: "", to: "" },
      {
        type: "result",
        status: "moved",
        from: "",
        to: "",
        again: false,
        runs: 7,
        written: 7,
        values: 0,
        damaged: [],
        damagedValues: [],
        statuses: "",
        digest: "",
        folded: 7,
      },
    );
    assert.deepEqual(report["statuses"], { waiting: 5, completed: 1, failed: 1 });
    assert.equal(report["to"], `postgres://127.0.0.1:${server.port}/postgres?schema=${new URL(to).searchParams.get("schema")}`);
    const back = `sqlite:${newFile()}`;
    assert.equal((await copy(to, back))["digest"], report["digest"]);
    assert.deepEqual(await allAt(back), before);
  });

  test("what waited for an answer, a time, a signal or a child goes on in the cluster and ends", async () => {
    const clock = new FakeClock();
    const path = await laptop(clock);
    const to = server.newAddress();
    await copy(`sqlite:${path}`, to);
    const engine = await openHeld(await openPostgresStore({ url: to, clock }), { workflows, clock }, clock);
    const result = async (id: string): Promise<unknown> => (await engine.get(id)).result();

    assert.deepEqual(await clock.runUntil(result("hears"), 5_000), [1, 2]);
    await engine.signal("hears", "word", 3, { id: "first" }).catch((error: { code: string }) => assert.equal(error.code, "RUN_ENDED"));
    await engine.answer("asks", "ship", { approved: true });
    assert.equal(await clock.runUntil(result("asks"), 5_000), true);
    await engine.signal("the-child", "go", "gone");
    assert.equal(await clock.runUntil(result("calls"), 5_000), "gone");
    const { wakeAtMs } = await (await engine.get("naps")).summary();
    assert.equal(wakeAtMs, Date.UTC(2026, 0, 1) + 30_000);
    assert.equal(await clock.runUntil(result("naps")), "awake");
    assert.equal(await result("ended"), "LOUD");
    await clock.runUntil(engine.close());
  });

  test("who had the file open is told where its runs are, and records nothing more", async () => {
    const path = newFile();
    const from = `sqlite:${path}`;
    await using engine: Engine = await open(from, { workflows });
    const asked = await engine.start(done, "x", { id: "first" });
    await asked.result();
    const to = server.newAddress();
    await copy(from, to);

    await assert.rejects(engine.start(done, "y", { id: "late" }), { code: "STORE_MOVED" });
    await assert.rejects(open(from, { workflows }), { code: "STORE_MOVED", message: /were moved to postgres:\/\/127\.0\.0\.1/ });
    assert.equal(await new TestCli({ open }).run("show", "first", "--store", from), 0, "it can still be read");
    const cli = new TestCli({ open });
    assert.equal(await cli.run("signal", "first", "x", "--store", from), 1);
    assert.match(cli.err, /^STORE_MOVED: /);
    const doctor = new TestCli({ open });
    assert.equal(await doctor.run("doctor", "--store", from), 0, doctor.out);
    assert.match(doctor.out, /moved +takes no more writes: its runs go on at postgres:/);
  });

  test("a copy that is killed with SIGKILL in its middle is done by the same command, and no run went on meanwhile", async () => {
    const path = newFile();
    {
      await using store = await openSqliteStore({ path, durability: "process" });
      for (let at = 0; at < 800; at += 200) await store.commit({ creates: Array.from({ length: 200 }, (_, index) => plain(at + index)) });
    }
    const to = server.newAddress();
    await using shop = new Workshop();
    const args = ["store", "copy", `sqlite:${path}`, to, "--json"];
    for (const phase of ["runs", "verify", "hand-over"]) {
      const first = shop.start(args);
      await first.until(`"phase":"${phase}"`);
      await first.kill("SIGKILL");

      await using there = await openPostgresStore({ url: to });
      const some = await there.list({ limit: 10_000 });
      if (phase === "runs") assert.ok(some.length > 0 && some.length < 800, `${some.length} had arrived`);
      if (phase === "verify") {
        const doctor = await shop.run(["doctor", "--store", `sqlite:${path}`]);
        assert.equal(doctor.code, 1);
        assert.match(doctor.out, /its runs are being copied to postgres:.*--undo/su);
      }
      if (phase !== "hand-over") assert.deepEqual(await there.claim({ node: "n", limit: 1, nowMs: Date.now() }), [], phase);
    }
    const second = await shop.run(args);
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(await allAt(to), await allAt(`sqlite:${path}`));
  });

  test("a damaged journal is reported with its run, and the others are moved", async () => {
    const path = await laptop(new FakeClock());
    const from = `sqlite:${path}`;
    {
      using database = new DatabaseSync(path);
      database.exec(
        "UPDATE heddle_journal SET body = 'T' || substr(body, 2) WHERE run = (SELECT run FROM heddle_run WHERE id = 'naps') AND seq = 2",
      );
    }
    const to = server.newAddress();

    const cli = new TestCli();
    assert.equal(await cli.run("store", "copy", from, to), 1);
    assert.match(cli.err, /^JOURNAL_CORRUPT: run naps stays in sqlite:.*\. Event 2 of run naps fails its checksum/);
    assert.match(cli.out, /6 runs are the same in both/);
    await using there = await openPostgresStore({ url: to });
    assert.deepEqual(
      (await there.list({})).map(({ runId }) => runId).toSorted(),
      ["asks", "ended", "failed", "hears", "calls", "the-child"].toSorted(),
    );
  });

  test("wrong use says so before any store is touched", async () => {
    const fails = async (...args: string[]): Promise<string> => {
      const cli = new TestCli({ cwd: folder });
      assert.equal(await cli.run(...args), 2);
      return cli.err;
    };

    assert.match(await fails("store"), /"store" is no command by itself; there is "store copy"/);
    assert.match(await fails("store", "copy", "sqlite:a.db"), /needs TO/);
    assert.match(await fails("store", "copy", "sqlite:a.db", `sqlite:${folder}/a.db`), /are the same store/);
    assert.match(await fails("store", "copy", "memory:", "sqlite:a.db"), /keeps nothing once this command has ended/);
    const cli = new TestCli({ cwd: folder });
    assert.equal(await cli.run("store", "copy", "sqlite:missing.db", server.newAddress()), 1);
    assert.match(cli.err, /^STORE_UNAVAILABLE: There is no store sqlite:missing\.db yet/);
  });

  test("a terminal shows one line that changes, and at its end what was moved", async () => {
    const from = `sqlite:${await laptop(new FakeClock())}`;
    let shown = "";
    const screen = { columns: 80, rows: 24, write: (text: string) => void (shown += text), onResize: () => ({ [Symbol.dispose]() {} }) };
    const cli = new TestCli({ screen });

    assert.equal(await cli.run("store", "copy", from, server.newAddress()), 0, shown);
    assert.match(shown, /Copying runs {2}▕█+▏ {2}7 of 7/);
    assert.match(shown, /Comparing both/);
    assert.match(shown, /7 runs are the same in both: 5 waiting, 1 completed, 1 failed/);
  });
});
