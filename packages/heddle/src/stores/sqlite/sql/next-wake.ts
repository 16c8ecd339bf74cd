import type { Connection, Row } from "../connection.ts";

/** Earliest wake time of a kind's runs that a claim could take. */
export function nextWake(connection: Connection): (kind: number) => number | null {
  // One step of the index per priority.
  const select = connection.statement(
    `WITH RECURSIVE level (priority) AS (
       SELECT max(priority) FROM heddle_run WHERE kind = ?1 AND status < 2 AND held IS NULL AND wake_at IS NOT NULL
       UNION ALL
       SELECT (SELECT max(priority) FROM heddle_run WHERE kind = ?1 AND status < 2 AND held IS NULL AND wake_at IS NOT NULL AND priority < level.priority)
       FROM level WHERE level.priority IS NOT NULL
     )
     SELECT min((SELECT min(wake_at) FROM heddle_run
       WHERE kind = ?1 AND priority = level.priority AND status < 2 AND held IS NULL AND wake_at IS NOT NULL)) AS wake_at FROM level`,
  );
  return (kind) => select.get<Row & { wake_at: number | null }>(kind)?.wake_at ?? null;
}
