import type { Connection, Row } from "../connection.ts";

export function listBlobs(connection: Connection): (after: string | null, limit: number) => string[] {
  const select = connection.statement("SELECT hash FROM heddle_blob WHERE hash > ? ORDER BY hash LIMIT ?");
  // No hash is empty.
  return (after, limit) => select.all<Row & { hash: string }>(after ?? "", limit).map(({ hash }) => hash);
}
