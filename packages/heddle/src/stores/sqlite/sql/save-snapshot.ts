import { checksum } from "../checksum.ts";
import type { Connection } from "../connection.ts";

/** Keep a snapshot, and the one before it in case this one is ever found damaged. */
export function saveSnapshot(connection: Connection): (run: number, seq: number, body: string) => void {
  const insert = connection.statement("INSERT OR REPLACE INTO heddle_snapshot (run, seq, crc, body) VALUES (?, ?, ?, ?)");
  const remove = connection.statement(
    "DELETE FROM heddle_snapshot WHERE run = ?1 AND seq < (SELECT min(seq) FROM (SELECT seq FROM heddle_snapshot WHERE run = ?1 ORDER BY seq DESC LIMIT 2))",
  );
  return (run, seq, body) => {
    insert.run(run, seq, checksum(run, seq, 0, body), body);
    remove.run(run);
    connection.noteText(body.length);
  };
}
