import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { NewRun, RunStore } from "@heddle/kernel";
import { openPostgresStore } from "@heddle/postgres";
import { newRunRow, PostgresServer, postgresInstallations } from "@heddle/testing";
import pg from "pg";

const retentionMs = 8_000;
/** After so long new runs go into another part. */
const turnMs = retentionMs / 2;
const events = 6;

/** A store whose time the test moves, and its database. */
class Kept implements AsyncDisposable {
  readonly store: RunStore;
  readonly url: string;
  readonly client: pg.Client;
  readonly #time: { nowMs: number };

  private constructor(store: RunStore, url: string, client: pg.Client, time: { nowMs: number }) {
    this.store = store;
    this.url = url;
    this.client = client;
    this.#time = time;
  }

  static async open(url: string): Promise<Kept> {
    const time = { nowMs: 1_000_000 };
    const store = await openPostgresStore({ url, clock: { nowMs: () => time.nowMs } });
    await store.heartbeat("node", Number.MAX_SAFE_INTEGER, time.nowMs);
    const client = new pg.Client(url);
    client.on("error", () => {});
    await client.connect();
    return new Kept(store, url, client, time);
  }

  /** The same data once more, at the same time. */
  beside(): Promise<RunStore> {
    return openPostgresStore({ url: this.url, clock: { nowMs: () => this.#time.nowMs } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end();
    await this.store[Symbol.asyncDispose]();
  }

  pass(ms: number): void {
    this.#time.nowMs += ms;
  }

  sweep(store: RunStore = this.store): Promise<number> {
    return store.sweep(this.#time.nowMs - retentionMs, 1_000);
  }

  /** A run that its node owns, with one event. */
  async begin(id: string, store: RunStore = this.store): Promise<void> {
    await store.commit({ creates: [{ ...newRun(id), claimFor: "node" }] });
  }

  /** One event more, alone in its commit. */
  async append(id: string, expectedSeq: number, store: RunStore = this.store): Promise<void> {
    const part = { runId: id, epoch: 1, expectedSeq, atMs: this.#time.nowMs, events: [text(expectedSeq + 1)] };
    assert.deepEqual((await store.commit({ parts: [part] })).parts, [{ status: "ok", seq: expectedSeq + 1 }]);
  }

  async end(id: string, expectedSeq: number): Promise<void> {
    const release = { status: "completed", wakeAtMs: null } as const;
    const part = { runId: id, epoch: 1, expectedSeq, atMs: this.#time.nowMs, events: [text(expectedSeq + 1)], release };
    assert.deepEqual((await this.store.commit({ parts: [part] })).parts, [{ status: "ok", seq: expectedSeq + 1 }]);
  }

  /** A run from its first event to its last. */
  async run(id: string): Promise<void> {
    await this.begin(id);
    for (let seq = 1; seq < events - 1; seq++) await this.append(id, seq);
    await this.end(id, events - 1);
  }

  async isWhole(id: string, count: number = events, store: RunStore = this.store): Promise<void> {
    const journal = await store.readJournal(id, 0);
    assert.deepEqual(
      journal.map(({ seq, body }) => [seq, body]),
      Array.from({ length: count }, (_, index) => [index + 1, text(index + 1)]),
    );
  }

  async number(sql: string): Promise<number> {
    return Number(Object.values((await this.client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]);
  }

  /** Events in the database, also those of removed runs. */
  get rows(): Promise<number> {
    return this.number("SELECT count(*) FROM journal");
  }
}

function newRun(runId: string): NewRun {
  return { row: newRunRow(runId, { workflow: "w" }), events: [text(1)] };
}

function text(seq: number): string {
  return `{"seq":${seq}}`;
}

for (const installation of postgresInstallations())
  describe(`retention on PostgreSQL ${installation.version}`, () => {
    const started = PostgresServer.start({ installation });
    after(async () => (await started)[Symbol.asyncDispose]());
    const open = async (): Promise<Kept> => Kept.open((await started).newAddress());

    test("the events of removed runs are never deleted one by one, and their space is used again", async () => {
      await using kept = await open();
      await kept.client.query(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'deleted one by one'; END $$;
        ${[1, 2, 3, 4].map((part) => `CREATE TRIGGER refuse BEFORE DELETE ON journal_${part} FOR EACH ROW EXECUTE FUNCTION refuse();`).join("")}`);
      const each = 5;
      const steps = 40;
      for (let step = 0; step < steps; step++) {
        for (let index = 0; index < each; index++) await kept.run(`${step}-${index}`);
        kept.pass(turnMs / 2);
        await kept.sweep();
        // Kept for four steps, and then for up to a turn more, in what is not yet the next one's.
        assert.ok((await kept.rows) <= 8 * each * events, `${await kept.rows} rows`);
        for (let since = Math.max(0, step - 3); since <= step; since++) await kept.isWhole(`${since}-0`);
      }
      assert.deepEqual(await kept.store.readJournal("0-0", 0), []);
      kept.pass(10 * retentionMs);
      for (let sweeps = 0; sweeps < 3; sweeps++) await kept.sweep();
      assert.equal(await kept.rows, 0);
    });

    test("a run that ends while its journal is about to be compacted keeps it whole: its snapshots went with its end", async () => {
      await using kept = await open();
      await kept.begin("run");
      await kept.append("run", 1);
      await kept.store.commit({
        parts: [{ runId: "run", epoch: 1, expectedSeq: 2, atMs: 1, events: [text(3)], snapshot: { body: "at 3" } }],
      });
      await kept.client.query("BEGIN; SELECT 1 FROM run FOR UPDATE");
      const compacted = kept.store.compact("run", 3);
      while ((await kept.number("SELECT count(*) FROM pg_locks WHERE NOT granted")) === 0);
      await kept.client.query("DELETE FROM snapshot; UPDATE run SET status = 4, owner = NULL, ended_at = 1; COMMIT");

      await compacted;
      await kept.isWhole("run", 3);
    });

    test("a run that lives long stays whole, is moved once, and is gone when it is removed", async () => {
      await using kept = await open();
      await kept.begin("long");
      for (let seq = 1; seq < 9; seq++) await kept.append("long", seq);
      const before = await kept.store.exportRun("long");
      for (let turn = 0; turn < 12; turn++) {
        await kept.run(`short-${turn}`);
        kept.pass(turnMs);
        await kept.sweep();
        await kept.isWhole("long", 9);
      }
      assert.deepEqual(await kept.store.exportRun("long"), before);
      assert.equal(await kept.number("SELECT part FROM run WHERE id = 'long'"), 0);

      // Its owner goes on by what it knew.
      await kept.append("long", 9);
      await kept.end("long", 10);
      await kept.isWhole("long", 11);
      kept.pass(retentionMs + 1);
      await kept.sweep();
      assert.equal(await kept.number("SELECT count(*) FROM journal_0"), 0);
      assert.deepEqual(await kept.store.readJournal("long", 0), []);
    });

    test("while runs are written by another store, parts are emptied and runs moved, and nothing is lost", async () => {
      await using kept = await open();
      await using writer = await kept.beside();
      await writer.heartbeat("node", Number.MAX_SAFE_INTEGER, 1);
      const lengths = new Map<string, number>();
      let ended = false;
      const write = async (id: string): Promise<void> => {
        await kept.begin(id, writer);
        let seq = 1;
        while (!ended) await kept.append(id, seq++, writer);
        lengths.set(id, seq);
      };
      const writing = ["a", "b", "c"].map(write);
      for (let turn = 0; turn < 16; turn++) {
        for (let index = 0; index < 3; index++) await kept.run(`${turn}-${index}`);
        kept.pass(turnMs);
        await kept.sweep();
      }
      ended = true;
      await Promise.all(writing);

      for (const [id, length] of lengths) await kept.isWhole(id, length, writer);
      assert.equal(await kept.number("SELECT count(*) FROM run WHERE part = 0"), 3, "they have outlived the turn");
      assert.ok((await kept.number("SELECT count(*) FROM journal WHERE part > 0")) <= 6 * 3 * events);
    });

    test("who reads the journal for long holds back the giving back of space, and nobody else", async () => {
      await using kept = await open();
      await kept.run("first");
      for (let turn = 0; turn < 2; turn++) {
        kept.pass(turnMs);
        await kept.sweep();
      }
      await kept.begin("beside");
      await kept.client.query("BEGIN; SELECT count(*) FROM journal");
      kept.pass(turnMs);
      // It comes back without what it could not have.
      assert.equal(await kept.sweep(), 1);
      await kept.append("beside", 1);
      await using other = await kept.beside();
      await kept.isWhole("beside", 2, other);
      assert.equal(await kept.number("SELECT count(*) FROM pg_locks WHERE NOT granted"), 0);
      assert.equal(await kept.rows, events + 2);

      await kept.client.query("COMMIT");
      await kept.sweep();
      assert.equal(await kept.rows, 2);
    });

    test("a part whose new run is not yet committed is not emptied under it", async () => {
      await using kept = await open();
      await kept.run("first");
      // Somebody's transaction holds a run of the first part back until the parts have turned.
      await kept.client.query("BEGIN");
      await kept.store.commitWithin!(kept.client, { creates: [newRun("guest")] });
      await using other = await kept.beside();
      for (let turn = 0; turn < 5; turn++) {
        kept.pass(turnMs);
        await kept.sweep(other);
      }
      assert.ok((await kept.rows) > events, "not even of the run that was removed");
      // Who waits until that is over looks again.
      const patient = new pg.Client(kept.url);
      await patient.connect();
      const emptied = patient.query<{ empty_part: boolean }>("SELECT empty_part(1)");
      while ((await kept.number("SELECT count(*) FROM pg_locks WHERE NOT granted")) === 0);
      await kept.client.query("COMMIT");
      assert.equal((await emptied).rows[0]?.empty_part, false);
      await patient.end();
      await kept.isWhole("guest", 1);
    });

    test("killed while it empties a part, a node leaves it as it was, and the next does it", async () => {
      await using kept = await open();
      await kept.run("first");
      kept.pass(turnMs);
      await kept.sweep();
      kept.pass(retentionMs);
      assert.equal(await kept.store.sweep(0, 1_000), 0, "with another retention nothing is due");
      await kept.client.query("DELETE FROM run");
      const dying = new pg.Client(kept.url);
      dying.on("error", () => {});
      await dying.connect();
      await dying.query("BEGIN");
      const { rows } = await dying.query<{ more: boolean; pid: number }>("SELECT turn_journal(0, 1, 1) AS more, pg_backend_pid() AS pid");
      assert.equal(rows[0]?.more, true);
      await kept.client.query("SELECT pg_terminate_backend($1, 5000)", [rows[0]?.pid]);

      assert.equal(await kept.rows, events);
      await kept.sweep();
      assert.equal(await kept.rows, 0);
    });

    test("of two that remove runs at the same moment one turns the parts, once", async () => {
      await using kept = await open();
      await using other = await kept.beside();
      await kept.sweep();
      for (let turn = 0; turn < 5; turn++) {
        const before = await kept.number("SELECT current FROM journal_part");
        kept.pass(turnMs);
        await Promise.all([kept.store, other, kept.store, other].map((store) => kept.sweep(store)));
        assert.equal(await kept.number("SELECT current FROM journal_part"), (before % 4) + 1);
      }
    });

    test("where nobody removes runs, new ones are kept for ever", async () => {
      await using kept = await open();
      for (let year = 0; year < 3; year++) {
        await kept.run(`year-${year}`);
        kept.pass(365 * 24 * 3_600_000);
      }
      for (let year = 0; year < 3; year++) await kept.isWhole(`year-${year}`);
    });
  });
