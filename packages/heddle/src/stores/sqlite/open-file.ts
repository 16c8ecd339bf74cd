import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HeddleError } from "@heddle/kernel";
import type { Connect, Connection, ConnectOptions } from "./connection.ts";
import { faultOf, resultCode } from "./fault.ts";
import { monotonicMs } from "./monotonic-ms.ts";
import { type Migration, migrate, readVersion } from "./schema.ts";
import { toHeddleError } from "./to-heddle-error.ts";

// Not imported: Node would make its streams too, which takes 4 ms.
const { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } = process.getBuiltinModule("node:fs");

export interface OpenFileOptions extends ConnectOptions {
  readonly create: boolean;
  readonly connect: Connect;
  readonly migrations: readonly Migration[];
}

const notADatabase = 26;
const cannotOpen = 14;
const readOnly = 8;
/** How every database begins. */
const header = "SQLite format 3\0";
/** Between two tries for a file that another process is just setting up. */
const retryMs = 10;

/**
 * A connection to a store's file, which is made and brought to the newest schema where needed. A file that is not ours is not touched.
 *
 * @throws HeddleError `FILE_UNKNOWN`, `STORE_NOT_A_STORE`, `STORE_NEWER`, `STORE_READ_ONLY`, `STORE_FULL`, `STORE_UNAVAILABLE`, `STORE_FAILED`
 */
export async function openFile(path: string, options: OpenFileOptions): Promise<Connection> {
  checkPath(path, options.create);
  const deadlineMs = monotonicMs() + options.busyMs;
  for (;;) {
    let connection: Connection | undefined;
    try {
      connection = options.connect(path, options);
      prepareFile(connection, options.migrations);
      return connection;
    } catch (error) {
      connection?.close();
      if (error instanceof HeddleError) throw error;
      // The switch to a write-ahead log does not wait for a lock by itself.
      if (faultOf(error, path).kind !== "busy" || monotonicMs() > deadlineMs) throw openFault(error, path);
    }
    await process.getBuiltinModule("node:timers/promises").setTimeout(retryMs);
  }
}

function checkPath(path: string, create: boolean): void {
  if (existsSync(path)) {
    if (!statSync(path).isFile())
      throw new HeddleError("STORE_NOT_A_STORE", `${path} is no file. Give the path of a file.`, { data: { path } });
    // SQLite takes a file of a few bytes for an empty one, and would write over it.
    const start = readStart(path);
    if (start !== "" && start !== header) throw notOurs(path);
    return;
  }
  if (!create) throw new HeddleError("FILE_UNKNOWN", `There is no store at ${path}.`, { data: { path } });
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new HeddleError("STORE_READ_ONLY", `The folder of ${path} cannot be made: ${String(error)}`, { data: { path }, cause: error });
  }
}

function prepareFile(connection: Connection, migrations: readonly Migration[]): void {
  const { database, path } = connection;
  const version = readVersion(connection, migrations.length);
  // The switch to a write-ahead log is a transaction of its own, which writes the first page. Of an empty file there is nothing to bring
  // back, so it needs no journal: one flush instead of four.
  if (version === 0 && isEmpty(database)) database.exec("PRAGMA journal_mode = MEMORY");
  const [mode] = Object.values(database.prepare("PRAGMA journal_mode = WAL").get() ?? {});
  if (mode !== "wal") {
    throw new HeddleError("STORE_UNAVAILABLE", `The file system of ${path} cannot hold a write-ahead log. Put the store on a local disk.`, {
      data: { path, mode },
    });
  }
  if (version < migrations.length) migrate(connection, migrations);
  // Says now, and not at the first commit, that the file cannot be written. Writes nothing.
  else database.exec("BEGIN IMMEDIATE; ROLLBACK");
}

function isEmpty(database: DatabaseSync): boolean {
  return Object.values(database.prepare("PRAGMA page_count").get() ?? {})[0] === 0;
}

function openFault(error: unknown, path: string): HeddleError {
  const code = resultCode(error);
  const text = error instanceof Error ? error.message : String(error);
  switch (code === null ? null : code & 0xff) {
    case notADatabase:
      return notOurs(path, error);
    case cannotOpen:
    case readOnly:
      return new HeddleError(
        "STORE_READ_ONLY",
        `${path} cannot be opened for writing (${text}). Check the permissions of the file and of its folder.`,
        {
          data: { path },
          cause: error,
        },
      );
    default: {
      const fault = faultOf(error, path);
      if (fault.kind !== "ordinary") return toHeddleError(fault);
      return new HeddleError("STORE_FAILED", `The schema of ${path} could not be brought up; it is as it was (${text}).`, {
        data: { path },
        cause: error,
      });
    }
  }
}

function readStart(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw openFault(error, path);
  }
  try {
    const bytes = Buffer.alloc(header.length);
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

function notOurs(path: string, cause?: unknown): HeddleError {
  return new HeddleError("STORE_NOT_A_STORE", `${path} is not a database. Give another path for the store.`, { data: { path }, cause });
}
