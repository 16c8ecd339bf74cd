// W9: the rows that Heddle's runs wrote, inserted again into a fresh schema of the same tables and indexes, in the same batches: one fenced
// statement each, on one connection, and nothing else.
import { readFileSync } from "node:fs";
import { openPostgresStore } from "@heddle/postgres";
import pg from "pg";
import type { Parameters, Sample } from "../../src/sample.ts";
import type { BatchRows } from "../heddle/recording-store.ts";

type Row = Record<string, unknown>;

/** @param written address of the store that Heddle wrote; @param again of one that is not there yet; @param batches as `heddle/postgres-runs.ts` left them */
export async function measure({ written, again, batches }: Parameters): Promise<Sample> {
  await (await openPostgresStore({ url: String(again) }))[Symbol.asyncDispose]();
  const client = new pg.Client(withoutQuery(String(again)));
  await client.connect();
  await client.query("SET synchronous_commit = on");
  // The fence finds each row by its key, as a table full of rows would have it; made on an empty one, the plan would compare all with all.
  await client.query("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan");
  const from = schemaOf(String(written));
  const to = schemaOf(String(again));
  await client.query(`INSERT INTO ${to}.node (name, until) VALUES ('floor', ${Number.MAX_SAFE_INTEGER})`);
  const runs = new Map((await client.query<Row>(`SELECT * FROM ${from}.run`)).rows.map((row) => [String(row["id"]), row]));
  const events = new Map(
    (await client.query<Row>(`SELECT * FROM ${from}.journal`)).rows.map((row) => [`${String(row["run"])}/${String(row["seq"])}`, row]),
  );
  const commits = (JSON.parse(readFileSync(String(batches), "utf8")) as BatchRows[])
    .map((batch) => parametersOf(batch, runs, events))
    .filter(({ rows }) => rows > 0);
  const text = statement(to);
  const startedAt = performance.now();
  for (const { values } of commits) await client.query({ name: "batch", text, values });
  const seconds = (performance.now() - startedAt) / 1000;
  await client.end();
  const rows = commits.reduce((sum, commit) => sum + commit.rows, 0);
  return { rowsPerSecond: rows / seconds, commits: commits.length };
}

/** New runs, their first events, and the events of runs that are there: those only where run, epoch and owner still hold. */
function statement(s: string): string {
  return `WITH born AS (
      INSERT INTO ${s}.run (part, run, id, kind, status, epoch, owner, priority, created_at, input_hash)
      OVERRIDING SYSTEM VALUE SELECT 1, run, id, kind, 2, epoch, 1, 0, at, '' FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::bigint[]) AS r(run, id, kind, epoch, at)),
    first AS (
      INSERT INTO ${s}.journal (part, run, seq, at, crc, body) SELECT 1, * FROM unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[]))
    INSERT INTO ${s}.journal (part, run, seq, at, crc, body)
      SELECT 1, e.run, e.seq, e.at, e.crc, e.body FROM unnest($11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[]) AS e(run, seq, at, crc, body)
      WHERE (SELECT r.epoch = 1 AND r.status = 2 AND r.owner = 1 FROM ${s}.run r WHERE r.run = e.run)`;
}

function parametersOf(
  batch: BatchRows,
  runs: ReadonlyMap<string, Row>,
  events: ReadonlyMap<string, Row>,
): { readonly values: unknown[]; readonly rows: number } {
  const born = batch.runs.map((id) => found(runs, id));
  const isBorn = new Set(batch.runs);
  const rowsOf = (first: boolean): Row[] =>
    batch.events
      .filter(([id]) => isBorn.has(id) === first)
      .flatMap(([id, firstSeq, count]) =>
        Array.from({ length: count }, (_, index) => found(events, `${String(found(runs, id)["run"])}/${firstSeq + index}`)),
      );
  const columns = (rows: readonly Row[], names: readonly string[]): unknown[][] => names.map((name) => rows.map((row) => row[name]));
  const journal = ["run", "seq", "at", "crc", "body"];
  const [firsts, others] = [rowsOf(true), rowsOf(false)];
  return {
    values: [...columns(born, ["run", "id", "kind", "epoch", "created_at"]), ...columns(firsts, journal), ...columns(others, journal)],
    rows: born.length + firsts.length + others.length,
  };
}

function found(rows: ReadonlyMap<string, Row>, key: string): Row {
  const row = rows.get(key);
  if (row === undefined) throw new Error(`A batch names a row that is not in the store: ${key}.`);
  return row;
}

function schemaOf(url: string): string {
  return `"${new URL(url).searchParams.get("schema") ?? "heddle"}"`;
}

function withoutQuery(url: string): string {
  const own = new URL(url);
  own.search = "";
  return own.href;
}
