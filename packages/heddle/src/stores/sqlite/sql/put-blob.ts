import { checksum } from "../checksum.ts";
import type { Connection } from "../connection.ts";

/** Keep a value under its hash. Also mends a copy that was damaged. */
export function putBlob(connection: Connection): (hash: string, body: string) => void {
  const insert = connection.statement(
    `INSERT INTO heddle_blob (hash, crc, body) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET crc = excluded.crc, body = excluded.body WHERE crc <> excluded.crc OR body <> excluded.body`,
  );
  return (hash, body) => {
    insert.run(hash, checksum(0, 0, 0, body), body);
    connection.noteText(body.length);
  };
}
