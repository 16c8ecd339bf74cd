import type { WholeRun } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection } from "../connection.ts";
import { dedupText, statusNumber } from "../run-row.ts";
import { appendEvent } from "./append-event.ts";

/** Put a run with all its rows in, as another store kept it. Its id and dedup key are free. */
export function importRun(connection: Connection): (whole: WholeRun, kind: number) => void {
  const insert = connection.statement(
    `INSERT INTO heddle_run (id, kind, status, epoch, base, crashes, mail_seq, mail_seen, priority, created_at, input_hash, wake_at, ended_at, limit_key,
       limit_max, dedup, parent, tags, dead, note, tenant, rate_key, rate_max, rate_period)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertTag = connection.statement("INSERT INTO heddle_tag (name, value, run) VALUES (?, ?, ?)");
  const append = appendEvent(connection);
  const insertMail = connection.statement("INSERT INTO heddle_mail (run, seq, at, crc, id, body) VALUES (?, ?, ?, ?, ?, ?)");
  const insertMailId = connection.statement("INSERT INTO heddle_mail_id (run, id) VALUES (?, ?)");
  const insertSnapshot = connection.statement("INSERT INTO heddle_snapshot (run, seq, crc, body) VALUES (?, ?, ?, ?)");
  return ({ row, compactedThrough, events, mail, mailIds, snapshots }, kind) => {
    const tags = Object.entries(row.tags);
    const run = insert.insert(
      ...[row.runId, kind, statusNumber(row.status), row.epoch, compactedThrough, row.crashes, row.mailSeq, row.mailSeen, row.priority],
      ...[row.createdAtMs, row.inputHash, row.wakeAtMs, row.endedAtMs, row.limitKey, row.limitMax],
      ...[row.dedupKey === null ? null : dedupText(row.workflow, row.dedupKey), row.parentId],
      ...[
        tags.length === 0 ? null : JSON.stringify(row.tags),
        row.dead,
        row.note,
        row.tenant ?? "",
        row.rateKey,
        row.rateMax,
        row.ratePeriodMs,
      ],
    )!;
    for (const [name, value] of tags) insertTag.run(name, value, run);
    for (const { seq, atMs, body } of events) append(run, seq, atMs, body);
    for (const { mailSeq, id, atMs, body } of mail) insertMail.run(run, mailSeq, atMs, checksum(run, mailSeq, atMs, body), id, body);
    for (const id of mailIds) insertMailId.run(run, id);
    for (const { seq, body } of snapshots) {
      insertSnapshot.run(run, seq, checksum(run, seq, 0, body), body);
      connection.noteText(body.length);
    }
  };
}
