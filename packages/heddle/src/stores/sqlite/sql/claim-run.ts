import type { Connection, Row } from "../connection.ts";
import { running } from "../run-row.ts";

/** A due run, as far as the order of claims and its limit need it. */
export interface DueRun extends Row {
  run: number;
  priority: number;
  wake_at: number;
  limit_key: string | null;
  limit_max: number | null;
}

export interface ClaimRun {
  /** Of each priority the due runs of a kind that go first, at most `count`: those that go first of all are among them. */
  due(kind: number, nowMs: number, count: number): DueRun[];
  own(run: number, node: number): void;
}

const inQueue = "status < 2 AND held IS NULL";

export function claimRun(connection: Connection): ClaimRun {
  const highest = connection.statement(
    `SELECT priority FROM heddle_run INDEXED BY heddle_run_due WHERE kind = ? AND ${inQueue} AND wake_at IS NOT NULL ORDER BY priority DESC LIMIT 1`,
  );
  const next = connection.statement(
    `SELECT priority FROM heddle_run INDEXED BY heddle_run_due WHERE kind = ? AND ${inQueue} AND wake_at IS NOT NULL AND priority < ? ORDER BY priority DESC LIMIT 1`,
  );
  const select = connection.statement(
    `SELECT run, priority, wake_at, limit_key, limit_max FROM heddle_run INDEXED BY heddle_run_due
     WHERE kind = ? AND priority = ? AND ${inQueue} AND wake_at <= ? ORDER BY wake_at, run LIMIT ?`,
  );
  const update = connection.statement(
    `UPDATE heddle_run SET status = ${running}, epoch = epoch + 1, owner = ?, wake_at = NULL, held = NULL, dead = NULL, note = NULL WHERE run = ?`,
  );
  return {
    due(kind, nowMs, count) {
      const found: DueRun[] = [];
      // From priority to priority, so that no run that is not due yet is met on the way.
      let level = highest.get<Row & { priority: number }>(kind);
      while (level !== undefined) {
        found.push(...select.all<DueRun>(kind, level.priority, nowMs, count));
        level = next.get<Row & { priority: number }>(kind, level.priority);
      }
      return found;
    },
    own: (run, node) => void update.run(node, run),
  };
}
