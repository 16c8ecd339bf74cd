import { DatabaseSync } from "node:sqlite";
import type { Finding } from "./finding.ts";

/**
 * Look into a store's file without changing it: its schema, how it is written, whether its pages hold together. Reads every
 * page, which takes about a second for a gigabyte. What a file that is no store is, opening it says.
 */
export function lookAtSqlite(file: string): readonly Finding[] {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  } catch {
    return [];
  }
  try {
    const read = (pragma: string): unknown => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
    const faults = database
      .prepare("PRAGMA quick_check(5)")
      .all()
      .map((row) => String(Object.values(row)[0]));
    const whole = faults.length === 1 && faults[0] === "ok";
    return [
      { status: "ok", subject: "schema", says: `version ${String(read("user_version"))}` },
      {
        status: "ok",
        subject: "journal",
        says: `${String(read("journal_mode"))}; a commit is answered once it is flushed to the disk (synchronous=FULL)`,
      },
      whole
        ? { status: "ok", subject: "pages", says: "whole" }
        : {
            status: "problem",
            subject: "pages",
            says: `The file is damaged: ${faults.join("; ")}. Copy it away before anything else; runs whose rows are whole go on.`,
          },
    ];
  } catch (error) {
    return [
      {
        status: "problem",
        subject: "pages",
        says: `The file cannot be read as a database: ${error instanceof Error ? error.message : String(error)}.`,
      },
    ];
  } finally {
    database.close();
  }
}
