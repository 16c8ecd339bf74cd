import { HeddleError, type RunId, type StoredEvent } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";
import { eventsAfter, largestSeq } from "./event-range.ts";

interface EventRow extends Row {
  run: number;
  base: number;
  seq: number;
  at: number;
  crc: number;
  body: string;
}

export interface ReadJournal {
  /** @throws HeddleError `JOURNAL_CORRUPT` */
  after(runId: RunId, afterSeq: number, limit: number): StoredEvent[];
  /** @throws HeddleError `JOURNAL_CORRUPT` */
  last(runId: RunId, count: number): StoredEvent[];
}

export function readJournal(connection: Connection): ReadJournal {
  // One statement, so that a compaction between two reads does not look like a loss.
  const select = (afterSeq: string, order: string): string =>
    `SELECT r.run, r.base, j.seq, j.at, j.crc, j.body FROM heddle_run r JOIN heddle_journal j ON ${eventsAfter("r.run", afterSeq)}
     WHERE r.id = ?1 ORDER BY j.event ${order}`;
  const after = connection.statement(`${select("?2", "ASC")} LIMIT ?3`);
  const last = connection.statement(`${select("0", "DESC")} LIMIT ?2`);
  const sound = (runId: RunId, rows: readonly EventRow[], before: number): StoredEvent[] => {
    const events: StoredEvent[] = [];
    let seq = before;
    for (const row of rows) {
      seq++;
      const what = row.seq !== seq ? "is missing" : row.crc !== checksum(row.run, seq, row.at, row.body) ? "fails its checksum" : null;
      if (what !== null) {
        const lastSeq = last.get<EventRow>(runId, 1)?.seq ?? seq;
        const message = `Event ${seq} of run ${runId} ${what} in ${connection.path}: pause the run, and restore the file from a backup.`;
        throw new HeddleError("JOURNAL_CORRUPT", message, { data: { runId, seq, lastSeq } });
      }
      events.push({ seq, atMs: row.at, body: row.body });
    }
    return events;
  };
  return {
    after(runId, afterSeq, limit) {
      const rows = after.all<EventRow>(runId, Math.min(afterSeq, largestSeq), limit);
      return sound(runId, rows, Math.max(afterSeq, rows[0]?.base ?? 0));
    },
    last(runId, count) {
      const rows = last.all<EventRow>(runId, count).toReversed();
      return sound(runId, rows, (rows[0]?.seq ?? 1) - 1);
    },
  };
}
