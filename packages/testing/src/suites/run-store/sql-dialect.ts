/** What differs in the statements that the laws of transactions use. */
export interface SqlDialect {
  /** The parameter with this number, from 1, of this type: `?` or `$1::bytea`. */
  readonly parameter: (number: number, type: "text" | "number" | "big" | "bytes") => string;
  /** Statements besides the usual ones that would take the transaction back, or end it. */
  readonly harmful: readonly string[];
}

export const sqliteDialect: SqlDialect = {
  parameter: () => "?",
  harmful: ["INSERT OR ROLLBACK INTO account (name, cents) VALUES ('ann', 1)", "END", "SAVEPOINT x"],
};
