import { DatabaseSync } from "node:sqlite";

/** Bytes of the pages that a SQLite file uses, its log's included, each page once: what stands on disk after a checkpoint. */
export function databaseBytes(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const [pages, free, size] = ["page_count", "freelist_count", "page_size"].map((name) =>
      Number(Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0]),
    );
    return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
  } finally {
    database.close();
  }
}
