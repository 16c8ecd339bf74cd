import { HeddleError } from "@heddle/kernel";
import type { Connection } from "./connection.ts";
import { first } from "./migrations/0001-first.ts";
import { lease } from "./migrations/0002-lease.ts";
import { move } from "./migrations/0003-move.ts";
import { placement } from "./migrations/0004-placement.ts";
import { turns } from "./migrations/0005-turns.ts";
import { rates } from "./migrations/0006-rates.ts";
import { duty } from "./migrations/0006-duty.ts";
import { journalByNumber } from "./migrations/0007-journal-by-number.ts";

/** In the file's header: says that the file is ours. "HDL1" as a number. */
const applicationId = 0x48444c31;

/** Takes the schema one version further, inside a transaction. */
export type Migration = (connection: Connection) => void;

/** Oldest first. One that was released is never changed. */
export const migrations: readonly Migration[] = [
  (connection) => connection.database.exec(first),
  (connection) => connection.database.exec(lease),
  (connection) => connection.database.exec(move),
  (connection) => connection.database.exec(placement),
  (connection) => connection.database.exec(turns),
  (connection) => connection.database.exec(duty),
  (connection) => connection.database.exec(rates),
  (connection) => connection.database.exec(journalByNumber),
];

/**
 * Whose file is this? Writes nothing.
 *
 * @returns the schema's version; 0: an empty file
 * @throws HeddleError `STORE_NOT_A_STORE`, `STORE_NEWER`; errors of SQLite as they are
 */
export function readVersion(connection: Connection, newest: number): number {
  const { database } = connection;
  // In one transaction: another process may be bringing the schema up at this moment.
  if (database.isTransaction) return versionOf(connection, newest);
  database.exec("BEGIN");
  try {
    return versionOf(connection, newest);
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

function versionOf(connection: Connection, newest: number): number {
  const { path } = connection;
  const id = pragma(connection, "application_id");
  const version = pragma(connection, "user_version");
  if (id === applicationId) {
    if (version <= newest) return version;
    const message = `${path} was written by a newer Heddle (schema ${version}; this one knows ${newest}). Install the newer version.`;
    throw new HeddleError("STORE_NEWER", message, { data: { path, version, newest } });
  }
  const { tables } = connection.database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as { tables: number };
  if (id === 0 && version === 0 && tables === 0) return 0;
  throw new HeddleError("STORE_NOT_A_STORE", `${path} is a database, but not a Heddle store. Give a path of its own for the store.`, {
    data: { path },
  });
}

/** Bring the schema to the newest version: all in one transaction, or not at all. */
export function migrate(connection: Connection, list: readonly Migration[] = migrations): void {
  const { database } = connection;
  database.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have done it while this one waited.
    const version = readVersion(connection, list.length);
    for (const migration of list.slice(version)) migration(connection);
    if (version < list.length) database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${list.length}`);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function pragma(connection: Connection, name: string): number {
  return Object.values(connection.database.prepare(`PRAGMA ${name}`).get() ?? {})[0] as number;
}
