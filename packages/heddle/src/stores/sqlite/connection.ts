import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { SharedCounters } from "./counters.ts";

export type Value = SQLInputValue;
export type Row = Record<string, SQLOutputValue>;

export interface ConnectOptions {
  /** `machine`: a commit is flushed before it is answered. `process`: it survives a crash of the process, not of the machine. */
  readonly durability: "machine" | "process";
  /** How long SQLite itself waits for another writer, milliseconds. */
  readonly busyMs: number;
  readonly counters?: SharedCounters;
}

/** Makes a connection; tests put one in that fails. */
export type Connect = (path: string, options: ConnectOptions) => Connection;

/** Log frames at which SQLite itself checkpoints, in case the writer's own checkpoints could not: 64 MB. */
const autoCheckpointFrames = 16_000;

const pageBytes = 4_096;
/** Of larger ones a page holds few: nearly each that is written splits one, or fills others. */
const sharedPageText = 900;

export const connect: Connect = (path, options) => new Connection(path, options);

/** One connection, its statements prepared once. */
export class Connection {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly counters: SharedCounters;
  /** Rows changed so far. */
  changes = 0;
  /** Pages that large texts touched so far besides the first, about. */
  textPages = 0;
  readonly #statements = new Map<string, Statement>();

  constructor(path: string, options: ConnectOptions) {
    this.path = path;
    this.counters = options.counters ?? new SharedCounters();
    // No memory mapping: a damaged or cut file would be a signal that ends the process instead of an error.
    this.database = new DatabaseSync(path, { timeout: options.busyMs });
    const synchronous = options.durability === "machine" ? "FULL" : "NORMAL";
    this.database.exec(
      `PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = ${autoCheckpointFrames}; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON`,
    );
  }

  get inTransaction(): boolean {
    return this.database.isTransaction;
  }

  /** Prepared at its first use, and then kept. */
  statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = new Statement(this, sql)));
    return statement;
  }

  exec(sql: string): void {
    this.counters.statement();
    this.database.exec(sql);
  }

  /** A text of this length was written: a large one touches more pages than one. */
  noteText(length: number): void {
    if (length > sharedPageText) this.textPages += 1 + length / pageBytes;
  }

  setBusyMs(busyMs: number): void {
    this.database.exec(`PRAGMA busy_timeout = ${busyMs}`);
  }

  close(): void {
    this.#statements.clear();
    if (this.database.isOpen) this.database.close();
  }
}

export class Statement {
  readonly #connection: Connection;
  readonly #sql: string;
  #prepared: StatementSync | undefined;

  constructor(connection: Connection, sql: string) {
    this.#connection = connection;
    this.#sql = sql;
  }

  /** Run one that changes no rows, as BEGIN. */
  step(): void {
    this.#connection.counters.statement();
    this.#ready().run();
  }

  /** Returns how many rows it changed. */
  run(...values: Value[]): number {
    this.#connection.counters.statement();
    const changes = Number(this.#ready().run(...values).changes);
    this.#connection.changes += changes;
    return changes;
  }

  /** Returns the number of the row that it inserted; null: it inserted none. */
  insert(...values: Value[]): number | null {
    this.#connection.counters.statement();
    const { changes, lastInsertRowid } = this.#ready().run(...values);
    this.#connection.changes += Number(changes);
    return changes === 0 ? null : Number(lastInsertRowid);
  }

  /** One row of a statement that looks at the connection and not at data: not counted as a read. */
  check(): Row {
    this.#connection.counters.statement();
    return this.#ready().get() ?? {};
  }

  get<R extends Row>(...values: Value[]): R | undefined {
    this.#connection.counters.statement();
    this.#connection.counters.read();
    return this.#ready().get(...values) as R | undefined;
  }

  all<R extends Row>(...values: Value[]): R[] {
    this.#connection.counters.statement();
    this.#connection.counters.read();
    return this.#ready().all(...values) as R[];
  }

  #ready(): StatementSync {
    return (this.#prepared ??= this.#connection.database.prepare(this.#sql));
  }
}
