import { type ConnectOptions, Connection, type Row, Statement, type Value } from "../../../src/stores/sqlite/connection.ts";

/** Throws what SQLite would throw, at the statements that it is told to. */
export class FailingConnection extends Connection {
  /** Called before each statement; what it returns is the result code to fail with. */
  judge: (sql: string) => number | null = () => null;
  /** Run the statement all the same, and fail after it: as a flush does whose data nevertheless reached the disk. */
  afterIt = false;

  override statement(sql: string): Statement {
    return new FailingStatement(this, sql, super.statement(sql));
  }

  override exec(sql: string): void {
    this.check(sql, () => super.exec(sql));
  }

  check<T>(sql: string, run: () => T): T {
    const code = this.judge(sql);
    if (code === null) return run();
    if (this.afterIt) run();
    // So SQLite does with the codes that are given here.
    else if (sql === "COMMIT") this.database.exec("ROLLBACK");
    throw Object.assign(new Error("injected"), { code: "ERR_SQLITE_ERROR", errcode: code });
  }
}

class FailingStatement extends Statement {
  readonly #connection: FailingConnection;
  readonly #sql: string;
  readonly #inner: Statement;

  constructor(connection: FailingConnection, sql: string, inner: Statement) {
    super(connection, sql);
    this.#connection = connection;
    this.#sql = sql;
    this.#inner = inner;
  }

  override step(): void {
    this.#connection.check(this.#sql, () => this.#inner.step());
  }

  override check(): Row {
    return this.#connection.check(this.#sql, () => this.#inner.check());
  }

  override run(...values: Value[]): number {
    return this.#connection.check(this.#sql, () => this.#inner.run(...values));
  }
}

/** A `connect` that hands out failing connections, the newest of them in `current`. */
export class FailingConnections {
  current: FailingConnection | null = null;

  readonly connect = (path: string, options: ConnectOptions): FailingConnection => {
    this.current = new FailingConnection(path, options);
    return this.current;
  };

  /** Fail the next so many times that a statement's text fits. */
  fail(sql: RegExp, code: number, times = 1): void {
    let left = times;
    this.current!.judge = (text) => (left > 0 && sql.test(text) ? (left--, code) : null);
  }
}
