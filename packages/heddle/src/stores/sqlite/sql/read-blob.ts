import { HeddleError } from "@heddle/kernel";
import { checksum } from "../checksum.ts";
import type { Connection, Row } from "../connection.ts";

/** @throws HeddleError `JOURNAL_CORRUPT` */
export function readBlob(connection: Connection): (hash: string) => string | null {
  const select = connection.statement("SELECT crc, body FROM heddle_blob WHERE hash = ?");
  return (hash) => {
    const row = select.get<Row & { crc: number; body: string }>(hash);
    if (row === undefined) return null;
    if (row.crc === checksum(0, 0, 0, row.body)) return row.body;
    const message = `The value ${hash} in ${connection.path} fails its checksum. Put it again, or restore the file from a backup.`;
    throw new HeddleError("JOURNAL_CORRUPT", message, { data: { hash, path: connection.path } });
  };
}
