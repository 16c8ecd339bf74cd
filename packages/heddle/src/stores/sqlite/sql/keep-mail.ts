import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";

export interface KeepMail {
  /** Was this id kept before? */
  knows(run: number, id: string): boolean;
  /** Returns false when the id was kept before. */
  rememberId(run: number, id: string): boolean;
  /** Keep it as number `mailSeq`; a run that can be claimed gets its wake time, one that is owned keeps null. */
  keep(
    run: number,
    mailSeq: number,
    message: { readonly id: string; readonly atMs: number; readonly body: string },
    wakeAtMs: number | null,
  ): void;
  /** Time of the oldest that is not consumed. */
  oldestAtMs(run: number, mailSeen: number): number | null;
}

export function keepMail(connection: Connection): KeepMail {
  const select = connection.statement("SELECT 1 FROM heddle_mail_id WHERE run = ? AND id = ?");
  const insertId = connection.statement("INSERT OR IGNORE INTO heddle_mail_id (run, id) VALUES (?, ?)");
  const insert = connection.statement("INSERT INTO heddle_mail (run, seq, at, crc, id, body) VALUES (?, ?, ?, ?, ?, ?)");
  const count = connection.statement("UPDATE heddle_run SET mail_seq = ?, wake_at = ? WHERE run = ?");
  const oldest = connection.statement("SELECT at FROM heddle_mail WHERE run = ? AND seq > ? ORDER BY seq LIMIT 1");
  return {
    knows: (run, id) => select.get(run, id) !== undefined,
    rememberId: (run, id) => insertId.run(run, id) > 0,
    keep(run, mailSeq, { id, atMs, body }, wakeAtMs) {
      insert.run(run, mailSeq, atMs, checksum(run, mailSeq, atMs, body), id, body);
      count.run(mailSeq, wakeAtMs, run);
    },
    oldestAtMs: (run, mailSeen) => oldest.get<Row & { at: number }>(run, mailSeen)?.at ?? null,
  };
}
