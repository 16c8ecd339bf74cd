import { checksum } from "../checksum.ts";
import type { Connection } from "../connection.ts";

/** Keep a snapshot, and the one before it in case this one is ever found damaged. */
export function saveSnapshot(connection: Connection): (run: number, seq: number, body: string) => void {
  const remove = connection.statement(
    "DELETE FROM heddle_snapshot WHERE run = ?1 AND seq < (SELECT max(seq) FROM heddle_snapshot WHERE run = ?1 AND seq < ?2)",
  );
  const insert = connection.statement("INSERT OR REPLACE INTO heddle_snapshot (run, seq, crc, body) VALUES (?, ?, ?, ?)");
  return (run, seq, body) => {
    // First, so that the new one finds the pages of the oldest free.
    remove.run(run, seq);
    insert.run(run, seq, checksum(run, seq, 0, body), body);
    connection.noteText(body.length);
  };
}
