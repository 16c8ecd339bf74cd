import type { ImportVerdict, WholeRun } from "@heddle/kernel";
import type pg from "pg";
import { checksum } from "./checksum.ts";
import { findTaken } from "./find-taken.ts";
import { dedupText, keptTags, statusNumber } from "./run-row.ts";
import { toKept, toKeptOrNull } from "./text.ts";

/** Characters of texts in one statement, about: a run may be larger than what one message carries. */
const mostAtOnce = 8_000_000;

/**
 * Take runs with all their rows, in one transaction. Those whose id or dedup key is taken are left out.
 *
 * @returns null: what stood in the way has gone meanwhile, and nothing was written; try again. Errors of the server are thrown as they are
 */
export async function importRuns(client: pg.Client, s: string, runs: readonly WholeRun[]): Promise<ImportVerdict[] | null> {
  await client.query("BEGIN");
  try {
    const { rows } = await client.query<{ run: number; id: string }>(
      `INSERT INTO ${s}.run (part, id, kind, status, epoch, base, crashes, mail_seq, mail_seen, priority, created_at, input_hash, wake_at, ended_at, limit_key,
         limit_max, dedup, parent, tags, dead, note, tenant, rate_key, rate_max, rate_period)
       SELECT (SELECT current FROM ${s}.journal_part WHERE one), c.id, ${s}.kind_of(c.workflow, c.version, c.queue, c.placement), c.status, c.epoch, c.base, c.crashes, c.mail_seq, c.mail_seen, c.priority, c.created_at, c.input_hash,
         c.wake_at, c.ended_at, c.limit_key, c.limit_max, c.dedup, c.parent, c.tags, c.dead, c.note, c.tenant, c.rate_key, c.rate_max, c.rate_period
       FROM jsonb_to_recordset($1) AS c(place integer, id text, workflow text, version text, queue text, placement text, status smallint, epoch integer, base bigint, crashes integer,
         mail_seq integer, mail_seen integer, priority integer, created_at bigint, input_hash text, wake_at bigint, ended_at bigint, limit_key text,
         limit_max integer, dedup text, parent text, tags jsonb, dead text, note text, tenant text, rate_key text, rate_max integer, rate_period bigint)
       ORDER BY c.place
       ON CONFLICT DO NOTHING RETURNING run, id`,
      [JSON.stringify(runs.map(record))],
    );
    const numbers = new Map(rows.map(({ run, id }) => [id, run]));
    const taken = runs.flatMap((whole) => {
      const run = numbers.get(toKept(whole.row.runId));
      return run === undefined ? [] : [{ run, whole }];
    });
    const imported = new Map(taken.map(({ whole }) => [whole.row.runId, whole]));
    const inTheWay =
      taken.length === runs.length
        ? []
        : await findTaken(
            client,
            s,
            runs.map(({ row }) => row),
          );
    const verdicts = runs.map((whole, index): ImportVerdict | null => {
      if (whole === imported.get(whole.row.runId)) return { status: "imported" };
      const row = inTheWay[index] ?? null;
      return row === null ? null : { status: "exists", row };
    });
    if (verdicts.includes(null)) {
      await client.query("ROLLBACK");
      return null;
    }
    for (const rowsAtOnce of slices(taken.flatMap(({ run, whole }) => journalRows(run, whole)))) {
      await client.query(
        `INSERT INTO ${s}.journal (part, run, seq, at, crc, body) SELECT r.part, e.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
           AS e(run, seq, at, crc, body) JOIN ${s}.run r ON r.run = e.run`,
        columns(rowsAtOnce, 5),
      );
    }
    for (const rowsAtOnce of slices(taken.flatMap(({ run, whole }) => mailRows(run, whole)))) {
      await client.query(
        `INSERT INTO ${s}.mail (run, seq, at, crc, id, body) SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])`,
        columns(rowsAtOnce, 6),
      );
    }
    const ids = taken.flatMap(({ run, whole }) => whole.mailIds.map((id) => [run, toKept(id)]));
    await client.query(`INSERT INTO ${s}.mail_id (run, id) SELECT * FROM unnest($1::bigint[], $2::text[])`, columns(ids, 2));
    for (const rowsAtOnce of slices(taken.flatMap(({ run, whole }) => snapshotRows(run, whole)))) {
      await client.query(
        `INSERT INTO ${s}.snapshot (run, seq, crc, body) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])`,
        columns(rowsAtOnce, 4),
      );
    }
    await client.query(
      `INSERT INTO ${s}.tag (name, value, run) SELECT t.key, t.value, r.run FROM ${s}.run r, jsonb_each_text(r.tags) t WHERE r.run = ANY ($1::bigint[])`,
      [[...numbers.values()]],
    );
    await client.query("COMMIT");
    return verdicts.filter((verdict) => verdict !== null);
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

function record({ row, compactedThrough }: WholeRun, place: number): object {
  const workflow = toKept(row.workflow);
  return {
    place,
    id: toKept(row.runId),
    workflow,
    version: toKeptOrNull(row.version),
    queue: toKept(row.queue),
    placement: toKeptOrNull(row.placement),
    status: statusNumber(row.status),
    epoch: row.epoch,
    base: compactedThrough,
    crashes: row.crashes,
    mail_seq: row.mailSeq,
    mail_seen: row.mailSeen,
    priority: row.priority,
    created_at: row.createdAtMs,
    input_hash: toKept(row.inputHash),
    wake_at: row.wakeAtMs,
    ended_at: row.endedAtMs,
    limit_key: toKeptOrNull(row.limitKey),
    limit_max: row.limitMax,
    dedup: row.dedupKey === null ? null : dedupText(workflow, toKept(row.dedupKey)),
    parent: toKeptOrNull(row.parentId),
    tags: keptTags(row.tags),
    dead: toKeptOrNull(row.dead),
    tenant: toKept(row.tenant ?? ""),
    rate_key: toKeptOrNull(row.rateKey),
    rate_max: row.rateMax,
    rate_period: row.ratePeriodMs,
    note: toKeptOrNull(row.note),
  };
}

type Cells = readonly (number | string)[];

function journalRows(run: number, { row, events }: WholeRun): Cells[] {
  return events.map(({ seq, atMs, body }) => [run, seq, atMs, checksum(row.runId, seq, atMs, body), toKept(body)]);
}

function mailRows(run: number, { row, mail }: WholeRun): Cells[] {
  return mail.map(({ mailSeq, id, atMs, body }) => [run, mailSeq, atMs, checksum(row.runId, id, atMs, body), toKept(id), toKept(body)]);
}

function snapshotRows(run: number, { row, snapshots }: WholeRun): Cells[] {
  return snapshots.map(({ seq, body }) => [run, seq, checksum(row.runId, "snapshot", 0, body), toKept(body)]);
}

/** In their order, so many at once as one message carries well; their text is the last cell. */
function* slices(rows: readonly Cells[]): Generator<readonly Cells[]> {
  let from = 0;
  let size = 0;
  for (const [index, cells] of rows.entries()) {
    size += String(cells.at(-1)).length + 50;
    if (size < mostAtOnce && index < rows.length - 1) continue;
    yield rows.slice(from, index + 1);
    from = index + 1;
    size = 0;
  }
}

function columns(rows: readonly Cells[], count: number): Cells[] {
  return Array.from({ length: count }, (_, index) => rows.map((cells) => cells[index]!));
}
