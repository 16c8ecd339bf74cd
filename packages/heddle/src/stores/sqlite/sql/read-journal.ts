import { HeddleError, type RunId, type StoredEvent } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";

interface EventRow extends Row {
  run: number;
  base: number;
  seq: number;
  at: number;
  crc: number;
  body: string;
}

/** @throws HeddleError `JOURNAL_CORRUPT` */
export function readJournal(connection: Connection): (runId: RunId, afterSeq: number, limit: number) => StoredEvent[] {
  // One statement, so that a compaction between two reads does not look like a loss.
  const select = connection.statement(
    `SELECT r.run, r.base, j.seq, j.at, j.crc, j.body FROM heddle_run r JOIN heddle_journal j ON j.run = r.run
     WHERE r.id = ? AND j.seq > ? ORDER BY j.seq LIMIT ?`,
  );
  const last = connection.statement("SELECT max(j.seq) AS seq FROM heddle_run r JOIN heddle_journal j ON j.run = r.run WHERE r.id = ?");
  return (runId, afterSeq, limit) => {
    const rows = select.all<EventRow>(runId, afterSeq, limit);
    const events: StoredEvent[] = [];
    let seq = Math.max(afterSeq, rows[0]?.base ?? 0);
    for (const row of rows) {
      seq++;
      const what = row.seq !== seq ? "is missing" : row.crc !== checksum(row.run, seq, row.at, row.body) ? "fails its checksum" : null;
      if (what !== null) {
        const lastSeq = last.get<Row & { seq: number | null }>(runId)?.seq ?? seq;
        const message = `Event ${seq} of run ${runId} ${what} in ${connection.path}: pause the run, and restore the file from a backup.`;
        throw new HeddleError("JOURNAL_CORRUPT", message, { data: { runId, seq, lastSeq } });
      }
      events.push({ seq, atMs: row.at, body: row.body });
    }
    return events;
  };
}
