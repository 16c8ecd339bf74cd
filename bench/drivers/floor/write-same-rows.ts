// The worker of `same-rows.ts`. The clock runs only while it commits: reading and preparing come before.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { Sample } from "../../src/sample.ts";
import type { BatchRows } from "../heddle/recording-store.ts";

export interface SameRows {
  readonly folder: string;
  readonly oneByOne: boolean;
}

type Row = Record<string, SQLOutputValue>;
type Write = () => void;

const statements = new Map<string, StatementSync>();

const { folder, oneByOne } = workerData as SameRows;
const written = new DatabaseSync(join(folder, "heddle.db"), { readOnly: true });
const again = new DatabaseSync(join(folder, "again.db"));
again.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY");
for (const { sql } of written.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").all()) again.exec(String(sql));

const kinds = written.prepare("SELECT * FROM heddle_kind").all();
const runs = new Map(
  written
    .prepare("SELECT * FROM heddle_run")
    .all()
    .map((row) => [String(row["id"]), row]),
);
const events = new Map(
  written
    .prepare("SELECT * FROM heddle_journal")
    .all()
    // Its run and seq are read out of its number: they are no columns that are written.
    .map(({ run, seq, ...row }) => [`${String(run)}/${String(seq)}`, row]),
);
written.close();

const runNumbers = new Map([...runs].map(([id, row]) => [id, String(row["run"])]));
const batches = (JSON.parse(readFileSync(join(folder, "batches.json"), "utf8")) as BatchRows[]).map((batch): Write[] => [
  ...batch.runs.map((id) => insertion("heddle_run", taken(runs, id))),
  ...batch.events.flatMap(([id, firstSeq, count]) =>
    Array.from({ length: count }, (_, index) => insertion("heddle_journal", taken(events, `${runNumbers.get(id)}/${firstSeq + index}`))),
  ),
]);

// What no batch wrote was there before the clock started.
again.exec("BEGIN");
for (const row of kinds) insertion("heddle_kind", row)();
for (const row of runs.values()) insertion("heddle_run", row)();
for (const row of events.values()) insertion("heddle_journal", row)();
again.exec("COMMIT");
again.exec("PRAGMA wal_checkpoint(TRUNCATE)");

const commits = oneByOne ? batches.flat().map((write) => [write]) : batches.filter((writes) => writes.length > 0);
const begin = again.prepare("BEGIN IMMEDIATE");
const commit = again.prepare("COMMIT");
const startedAt = performance.now();
for (const writes of commits) {
  begin.run();
  for (const write of writes) write();
  commit.run();
}
const seconds = (performance.now() - startedAt) / 1000;
again.close();
const rows = commits.reduce((sum, { length }) => sum + length, 0);
parentPort?.postMessage({ seconds, rows, commits: commits.length, rowsPerSecond: rows / seconds } satisfies Sample, []);

function insertion(table: string, row: Row): Write {
  const columns = Object.keys(row);
  const statement = statementFor(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`);
  const values = Object.values(row);
  return () => void statement.run(...values);
}

function statementFor(sql: string): StatementSync {
  let statement = statements.get(sql);
  if (statement === undefined) statements.set(sql, (statement = again.prepare(sql)));
  return statement;
}

/** The row, which no other batch may write. */
function taken(rows: Map<string, Row>, key: string): Row {
  const row = rows.get(key);
  if (row === undefined) throw new Error(`A batch names a row that is not in the store, or that another batch wrote: ${key}.`);
  rows.delete(key);
  return row;
}
