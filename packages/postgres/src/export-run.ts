import type { RunId, WholeRun } from "@heddle/kernel";
import type pg from "pg";
import { eventCorrupt, type EventRow, type MailRow, type SnapshotRow, soundEvents, soundMail, soundSnapshots } from "./kept-rows.ts";
import { type RunRecord, toRunRow } from "./run-row.ts";
import { fromKept, toKept } from "./text.ts";

interface WholeRecord {
  readonly row: RunRecord;
  readonly base: number;
  readonly events: readonly EventRow[];
  readonly mail: readonly MailRow[];
  readonly ids: readonly string[];
  readonly snapshots: readonly SnapshotRow[];
}

/** All of a run by one statement, so that it is of one moment. @throws HeddleError `JOURNAL_CORRUPT`; errors of the server as they are */
export async function exportRun(pool: pg.Pool, s: string, runId: RunId, place: string): Promise<WholeRun | null> {
  const { rows } = await pool.query<WholeRecord>(
    `SELECT to_jsonb(x) AS row, r.base,
       (SELECT coalesce(json_agg(json_build_object('seq', j.seq, 'at', j.at, 'crc', j.crc, 'body', j.body) ORDER BY j.seq), '[]')
          FROM ${s}.journal j WHERE j.run = r.run AND j.part = r.part) AS events,
       (SELECT coalesce(json_agg(json_build_object('seq', m.seq, 'at', m.at, 'crc', m.crc, 'id', m.id, 'body', m.body) ORDER BY m.seq), '[]')
          FROM ${s}.mail m WHERE m.run = r.run) AS mail,
       (SELECT coalesce(json_agg(i.id), '[]') FROM ${s}.mail_id i WHERE i.run = r.run) AS ids,
       (SELECT coalesce(json_agg(json_build_object('seq', p.seq, 'crc', p.crc, 'body', p.body) ORDER BY p.seq), '[]')
          FROM ${s}.snapshot p WHERE p.run = r.run AND p.seq >= r.base) AS snapshots
     FROM ${s}.run r JOIN ${s}.run_row x ON x.run = r.run WHERE r.id = $1`,
    [toKept(runId)],
  );
  const [found] = rows;
  if (found === undefined) return null;
  const { events, bad } = soundEvents(runId, found.events, found.base);
  if (bad !== null) throw eventCorrupt(runId, bad, found.events.at(-1)?.seq ?? bad.seq, place);
  return {
    row: toRunRow(found.row),
    compactedThrough: found.base,
    events,
    mail: soundMail(runId, found.mail, place),
    mailIds: found.ids.map(fromKept),
    snapshots: soundSnapshots(runId, found.snapshots),
  };
}
