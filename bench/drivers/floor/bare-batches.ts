// The worker of `store-floor.ts`: the rows of a store's file, inserted into another in batches of the same sizes. The clock runs only while it commits.
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";

export interface BareBatches {
  readonly storePath: string;
  readonly path: string;
  /** Events in each batch. */
  readonly batches: readonly number[];
  readonly inFlight: number;
  readonly eventsPerRun: number;
}

const { storePath, path, batches, inFlight, eventsPerRun } = workerData as BareBatches;
const store = new DatabaseSync(storePath, { readOnly: true });
const bare = new DatabaseSync(path);
bare.exec(
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY",
);
for (const { sql } of store.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid").all()) bare.exec(String(sql));
const rows = store
  .prepare(
    "SELECT j.event, j.at, j.crc, j.body, j.run FROM heddle_journal j JOIN heddle_run r ON r.run = j.run WHERE r.id <> 'warm' ORDER BY j.event",
  )
  .all();
store.close();

// In the order of the store: as many runs as were in flight side by side, each event after event; the first one came with its run.
const perRun = Map.groupBy(rows, (row) => row["run"]);
const insert = bare.prepare("INSERT INTO heddle_journal (event, at, crc, body) VALUES (?, ?, ?, ?)");
const lanes = [...perRun.values()];
bare.exec("BEGIN");
for (const [first] of lanes) insert.run(...valuesOf(first!));
bare.exec("COMMIT");
const ordered: (typeof rows)[number][] = [];
for (let start = 0; start < lanes.length; start += inFlight) {
  for (let event = 1; event <= eventsPerRun; event++) for (const lane of lanes.slice(start, start + inFlight)) ordered.push(lane[event]!);
}
const values = ordered.map(valuesOf);

const begin = bare.prepare("BEGIN IMMEDIATE");
const commit = bare.prepare("COMMIT");
let at = 0;
const startedAt = performance.now();
for (const size of batches) {
  begin.run();
  for (const end = at + size; at < end; at++) insert.run(...values[at]!);
  commit.run();
}
const seconds = (performance.now() - startedAt) / 1_000;
bare.close();
parentPort?.postMessage(at / seconds, []);

function valuesOf({ event, at: atMs, crc, body }: (typeof rows)[number]): SQLOutputValue[] {
  return [event!, atMs!, crc!, body!];
}
