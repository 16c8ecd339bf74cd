import type { Connection, Row } from "../connection.ts";

/** Earliest wake time of a kind's runs that a claim could take. */
export function nextWake(connection: Connection): (kind: number) => number | null {
  const select = connection.statement(
    `SELECT wake_at FROM heddle_run INDEXED BY heddle_run_wake
     WHERE kind = ? AND status < 2 AND held IS NULL AND wake_at IS NOT NULL ORDER BY wake_at LIMIT 1`,
  );
  return (kind) => select.get<Row & { wake_at: number }>(kind)?.wake_at ?? null;
}
