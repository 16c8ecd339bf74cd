import { HeddleError, type RunId, type StoredMessage } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";

interface MailRow extends Row {
  run: number;
  seq: number;
  at: number;
  crc: number;
  id: string;
  body: string;
}

export interface ReadMail {
  /** @throws HeddleError `JOURNAL_CORRUPT` */
  read(runId: RunId): StoredMessage[];
  /** Runs of a node that have unconsumed mail. */
  owned(node: string): RunId[];
}

export function readMail(connection: Connection): ReadMail {
  const select = connection.statement(
    "SELECT m.run, m.seq, m.at, m.crc, m.id, m.body FROM heddle_run r JOIN heddle_mail m ON m.run = r.run WHERE r.id = ? ORDER BY m.seq",
  );
  const owned = connection.statement(
    "SELECT r.id FROM heddle_run r JOIN heddle_node n ON n.node = r.owner WHERE n.name = ? AND r.mail_seq > r.mail_seen",
  );
  return {
    read: (runId) =>
      select.all<MailRow>(runId).map(({ run, seq, at, crc, id, body }) => {
        if (crc !== checksum(run, seq, at, body)) {
          const message = `Mail ${seq} of run ${runId} fails its checksum in ${connection.path}: pause the run, and restore the file from a backup.`;
          throw new HeddleError("JOURNAL_CORRUPT", message, { data: { runId, mailSeq: seq } });
        }
        return { mailSeq: seq, id, atMs: at, body };
      }),
    owned: (node) => owned.all<Row & { id: string }>(node).map(({ id }) => id),
  };
}
