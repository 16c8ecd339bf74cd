import { checksum } from "../checksum.ts";
import type { Connection } from "../connection.ts";

/** Put one event behind the last of its run: all that a step writes. The writer has checked epoch and seq in this transaction. */
export function appendEvent(connection: Connection): (run: number, seq: number, atMs: number, body: string) => void {
  const insert = connection.statement("INSERT INTO heddle_journal (event, at, crc, body) VALUES (?1 << 32 | ?2, ?3, ?4, ?5)");
  return (run, seq, atMs, body) => {
    insert.run(run, seq, atMs, checksum(run, seq, atMs, body), body);
    connection.counters.row();
    connection.noteText(body.length);
  };
}
