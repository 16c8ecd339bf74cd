import type { RunId, WholeRun } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";
import { findRun } from "./find-run.ts";
import { readJournal } from "./read-journal.ts";
import { readMail } from "./read-mail.ts";

/** @throws HeddleError `JOURNAL_CORRUPT` */
export function exportRun(connection: Connection): (runId: RunId) => WholeRun | null {
  const find = findRun(connection);
  const journal = readJournal(connection);
  const mail = readMail(connection);
  const place = connection.statement("SELECT run, base FROM heddle_run WHERE id = ?");
  const ids = connection.statement("SELECT id FROM heddle_mail_id WHERE run = ?");
  const snapshots = connection.statement("SELECT seq, crc, body FROM heddle_snapshot WHERE run = ? AND seq >= ? ORDER BY seq");
  return (runId) => {
    const { database } = connection;
    // All of it from one moment, while others write.
    database.exec("BEGIN");
    try {
      const row = find.byId(runId);
      const at = place.get<Row & { run: number; base: number }>(runId);
      if (row === null || at === undefined) return null;
      const { run, base } = at;
      return {
        row,
        compactedThrough: base,
        events: journal.after(runId, 0, Number.MAX_SAFE_INTEGER),
        mail: mail.read(runId),
        mailIds: ids.all<Row & { id: string }>(run).map(({ id }) => id),
        snapshots: snapshots
          .all<Row & { seq: number; crc: number; body: string }>(run, base)
          .filter(({ seq, crc, body }) => crc === checksum(run, seq, 0, body))
          .map(({ seq, body }) => ({ seq, body })),
      };
    } finally {
      if (database.isTransaction) database.exec("ROLLBACK");
    }
  };
}
