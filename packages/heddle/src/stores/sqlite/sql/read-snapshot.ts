import type { RunId } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";

interface SnapshotRow extends Row {
  run: number;
  seq: number;
  crc: number;
  body: string;
}

/** The newest snapshot, before a seq if one is given, that is whole and whose following events are kept. */
export function readSnapshot(
  connection: Connection,
): (runId: RunId, beforeSeq?: number) => { readonly seq: number; readonly body: string } | null {
  const select = connection.statement(
    "SELECT r.run, s.seq, s.crc, s.body FROM heddle_run r JOIN heddle_snapshot s ON s.run = r.run WHERE r.id = ? AND s.seq < ? AND s.seq >= r.base ORDER BY s.seq DESC",
  );
  return (runId, beforeSeq = Number.MAX_SAFE_INTEGER) => {
    const good = select.all<SnapshotRow>(runId, beforeSeq).find(({ run, seq, crc, body }) => crc === checksum(run, seq, 0, body));
    return good === undefined ? null : { seq: good.seq, body: good.body };
  };
}
