// What the parts of PostgreSQL's journal cost and save: this checkout's store beside another's, such as the one before the journal had parts.
//
//     git worktree add ../before COMMIT && ln -s "$PWD/node_modules" ../before/node_modules
//     node bench/postgres-retention.ts --beside ../before [--rounds 30] [--runs 100000]
//
// Removing: ended runs of 12 events each are swept; how long it takes, how much of the server's log it writes and what it leaves of the journal.
// Working: CPU time of the server's processes for one commit, one short run and one read. The two stores take turns in short rounds, since what else the machine
// does would else decide; the ratio is taken within each round. Linux only.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { NewRun, RunStore } from "@heddle/kernel";
import { newRunRow, PostgresServer, postgresInstallations } from "@heddle/testing";
import pg from "pg";

const { values } = parseArgs({
  options: {
    beside: { type: "string" },
    rounds: { type: "string", default: "30" },
    runs: { type: "string", default: "100000" },
  },
});
if (values.beside === undefined) throw new Error("--beside FOLDER: a checkout to compare with");

interface Module {
  openPostgresStore(options: { url: string; clock: { nowMs(): number }; readers: number }): Promise<RunStore>;
}

const eventsPerRun = 12;
const endedAtMs = 1_000;
const body = (seq: number): string =>
  `{"type":"op-ended","atMs":1700000000000,"of":1,"key":"step-${seq}","op":"step","outcome":{"status":"completed","value":{"ok":true}}}`;

const median = (list: readonly number[]): number => list.toSorted((one, other) => one - other)[list.length >> 1]!;

const newRun = (runId: string): NewRun => ({
  row: newRunRow(runId, { workflow: "bench", wakeAtMs: endedAtMs, createdAtMs: endedAtMs, inputHash: "hash" }),
  events: [body(1)],
  claimFor: "node",
});

/** One of the two stores, and the server's processes that work for it. */
class Side {
  readonly name: string;
  readonly #module: Module;
  readonly #url: string;
  readonly #client: pg.Client;
  readonly #times = new Map<string, number[]>();
  #store: RunStore | null = null;
  #pids: number[] = [];
  #seqs: number[] = [];
  #made = 0;
  #nowMs = endedAtMs;

  constructor(name: string, module: Module, url: string, client: pg.Client) {
    this.name = name;
    this.#module = module;
    this.#url = url;
    this.#client = client;
  }

  get store(): RunStore {
    return this.#store!;
  }

  async open(): Promise<void> {
    const before = await this.#backends();
    this.#store = await this.#module.openPostgresStore({ url: this.#url, clock: { nowMs: () => this.#nowMs }, readers: 1 });
    await this.store.heartbeat("node", Number.MAX_SAFE_INTEGER, this.#nowMs);
    await this.store.get("nobody");
    this.#pids = (await this.#backends()).filter((pid) => !before.includes(pid));
  }

  async close(): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }

  // ---- Removing

  async remove(runs: number): Promise<string> {
    const s = new URL(this.#url).searchParams.get("schema")!;
    await this.store.commit({ creates: [newRun("first")] });
    const parts = (await this.#number(`SELECT count(*) FROM pg_attribute WHERE attrelid = '${s}.run'::regclass AND attname = 'part'`)) > 0;
    const [column, one, same] = parts ? ["part, ", "1, ", "part, "] : ["", "", ""];
    await this.#client.query(
      `INSERT INTO ${s}.run (${column}id, kind, status, epoch, priority, created_at, input_hash, ended_at)
         SELECT ${one}'r' || g, 1, 4, 1, 0, 1, 'hash', ${endedAtMs} FROM generate_series(1, ${runs}) g`,
    );
    await this.#client.query(
      `INSERT INTO ${s}.journal (${column}run, seq, at, crc, body)
         SELECT ${same}run, n, 1, 1, $1 FROM ${s}.run, generate_series(1, ${eventsPerRun}) n WHERE id <> 'first'`,
      [body(1)],
    );
    await this.#client.query(`ANALYZE ${s}.run; CHECKPOINT`);
    const { rows } = await this.#client.query<{ lsn: string }>("SELECT pg_current_wal_lsn()::text AS lsn");
    const startedAt = performance.now();
    // Kept for a second. One run goes on all the time: the part that it is in comes to its turn in the sweeps that follow.
    for (let sweep = 0; sweep < 6; sweep++) {
      this.#nowMs += 60_000;
      while ((await this.store.sweep(this.#nowMs - 1_000, 1_000)) === 1_000);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const wal = await this.#number(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '${rows[0]!.lsn}')`);
    const size = await this.#number(
      `SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE nspname = '${s}' AND relname LIKE 'journal%' AND relkind = 'r'`,
    );
    return `${seconds.toFixed(1)} s, ${(wal / 1e6).toFixed(0)} MB of log, ${(size / 1e6).toFixed(0)} MB of journal left`;
  }

  // ---- Working

  async measure(what: string, calls: number, call: (index: number) => Promise<unknown>): Promise<void> {
    const before = this.#cpuNs();
    for (let index = 0; index < calls; index++) await call(index);
    const times = this.#times.get(what) ?? [];
    this.#times.set(what, times);
    times.push((this.#cpuNs() - before) / calls / 1_000);
  }

  /** Microseconds for one, round by round. */
  times(what: string): readonly number[] {
    return this.#times.get(what)!;
  }

  async begin(runs: number): Promise<void> {
    this.#seqs = Array.from({ length: runs }, () => 1);
    for (let run = 0; run < runs; run++) await this.store.commit({ creates: [newRun(`owned-${run}`)] });
    for (let event = 1; event < eventsPerRun; event++) await this.append(0, runs);
    // Without those that served others before, and were about to end.
    const backends = await this.#backends();
    this.#pids = this.#pids.filter((pid) => backends.includes(pid));
  }

  /** One event of each of so many runs. */
  async append(from: number, count: number): Promise<void> {
    const parts = Array.from({ length: count }, (_, index) => {
      const run = (from + index) % this.#seqs.length;
      const expectedSeq = this.#seqs[run]!++;
      return { runId: `owned-${run}`, epoch: 1, expectedSeq, atMs: 1, events: [body(expectedSeq + 1)] };
    });
    const verdict = await this.store.commit({ parts });
    if (verdict.parts.some(({ status }) => status !== "ok")) throw new Error("an append was refused");
  }

  async life(): Promise<void> {
    const runId = `short-${this.#made++}`;
    await this.store.commit({ creates: [newRun(runId)] });
    const release = { status: "completed", wakeAtMs: null } as const;
    await this.store.commit({ parts: [{ runId, epoch: 1, expectedSeq: 1, atMs: 1, events: [body(2)], release }] });
  }

  async #backends(): Promise<number[]> {
    return (await this.#client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")).rows.map(
      ({ pid }) => pid,
    );
  }

  #cpuNs(): number {
    return this.#pids.reduce((sum, pid) => sum + Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]), 0);
  }

  async #number(sql: string): Promise<number> {
    return Number(Object.values((await this.#client.query<Record<string, unknown>>(sql)).rows[0]!)[0]);
  }
}

const index = "packages/postgres/src/index.ts";
const [here, beside] = (await Promise.all(
  [join(import.meta.dirname, ".."), resolve(values.beside)].map((folder) => import(pathToFileURL(join(folder, index)).href)),
)) as [Module, Module];

for (const installation of postgresInstallations()) {
  await using server = await PostgresServer.start({ installation, settings: { autovacuum: "off", max_wal_size: "8GB" } });
  const client = new pg.Client(server.address);
  client.on("error", () => {});
  await client.connect();
  console.log(`PostgreSQL ${installation.version}`);
  const sides = (): [Side, Side] => [
    new Side("beside", beside, server.newAddress(), client),
    new Side("here", here, server.newAddress(), client),
  ];

  for (const side of sides()) {
    await side.open();
    console.log(`  ${values.runs} runs removed, ${side.name}: ${await side.remove(Number(values.runs))}`);
    await side.close();
  }

  const both = sides();
  for (const side of both) {
    await side.open();
    await side.begin(256);
  }
  const work: readonly (readonly [string, number, (side: Side) => (call: number) => Promise<unknown>])[] = [
    ["a commit of one event", 60, (side) => (call) => side.append(call, 1)],
    ["a commit of 128 events", 10, (side) => (call) => side.append(call, 128)],
    ["a run of two commits", 20, (side) => () => side.life()],
    ["a read of twelve events", 30, (side) => (call) => side.store.readJournal(`owned-${call}`, 0, eventsPerRun)],
  ];
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [what, calls, call] of work)
      for (const side of round % 2 === 0 ? both : both.toReversed()) await side.measure(what, calls, call(side));
  for (const [what] of work) {
    const [before, now] = both.map((side) => side.times(what)) as [readonly number[], readonly number[]];
    const ratio = median(now.map((time, round) => time / before[round]!));
    console.log(
      `  ${what}: ${median(before).toFixed(0)} µs beside, ${median(now).toFixed(0)} µs here, ${((ratio - 1) * 100).toFixed(1)} % in the middle of the rounds`,
    );
  }
  for (const side of both) await side.close();
  await client.end();
}
