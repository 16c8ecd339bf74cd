import { constants, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { RunPart } from "@heddle/kernel";
import type { Connection } from "../connection.ts";

export type StatementRows = readonly (readonly Record<string, unknown>[])[];

/** Statements kept prepared; the one that was not used for longest goes. */
const keptStatements = 200;
const ownPrefix = "heddle_";
const { SQLITE_OK, SQLITE_DENY } = constants;

/** What would end the store's transaction or reach out of its database. */
const refusedActions: ReadonlySet<number> = new Set([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
  constants.SQLITE_PRAGMA,
]);
/** The first argument is a table that is only looked at, or no table. */
const harmlessActions: ReadonlySet<number> = new Set([
  constants.SQLITE_READ,
  constants.SQLITE_SELECT,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

/** Runs the user's SQL inside the store's transaction. It may do what it likes with tables of its own, and only read the store's. */
export class UserStatements {
  readonly #connection: Connection;
  readonly #prepared = new Map<string, StatementSync>();
  /** True while the user's SQL is prepared or run: only then is anything refused. */
  #guarding = false;
  #guarded = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws what SQLite throws; an error of its own for a text of several statements */
  run(part: RunPart): StatementRows {
    if (!this.#guarded) {
      // Setting it makes SQLite prepare everything again, so it waits for the first who needs it.
      this.#connection.database.setAuthorizer((action, first, second) => (this.#guarding ? judge(action, first, second) : SQLITE_OK));
      this.#guarded = true;
    }
    this.#guarding = true;
    try {
      return (part.statements ?? []).map(({ sql, parameters = [] }) => {
        this.#connection.counters.statement();
        this.#connection.changes++;
        parameters.forEach(checkParameter);
        return this.#prepare(sql)
          .all(...parameters)
          .map(plainRow);
      });
    } finally {
      this.#guarding = false;
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#connection.database.prepare(sql);
    // SQLite reads the first statement and is silent about the rest.
    if (sql.slice(statement.sourceSQL.length).replace(/--.*|\/\*[^]*?\*\/|[\s;]/g, "") !== "") {
      throw new Error("the text holds more than one statement: give each its own");
    }
    statement.setReadBigInts(true);
    this.#prepared.set(sql, statement);
    if (this.#prepared.size > keptStatements) this.#prepared.delete(this.#prepared.keys().next().value!);
    return statement;
  }
}

/** SQLite's driver takes an object in the first place for parameters by name, and would quietly bind nothing. */
function checkParameter(value: unknown, index: number): void {
  const fits = value === null || ["number", "bigint", "string"].includes(typeof value) || value instanceof Uint8Array;
  if (!fits) throw new TypeError(`parameter ${index + 1} is neither null nor a number, a bigint, a string or a Uint8Array`);
}

function judge(action: number, first: string | null, second: string | null): number {
  if (refusedActions.has(action)) return SQLITE_DENY;
  if (harmlessActions.has(action)) return SQLITE_OK;
  // Of indexes and triggers the second argument is the table.
  return isOwn(first) || isOwn(second) ? SQLITE_DENY : SQLITE_OK;
}

function isOwn(name: string | null): boolean {
  return name !== null && name.toLowerCase().startsWith(ownPrefix);
}

function plainRow(row: Record<string, SQLOutputValue>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    const safe = typeof value === "bigint" && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    plain[name] = safe ? Number(value) : value;
  }
  return plain;
}
