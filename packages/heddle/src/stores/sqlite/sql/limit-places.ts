import type { Connection, Row } from "../connection.ts";
import { rankColumns, running } from "../run-row.ts";

export interface LimitPlaces {
  /** How many runs of the key are running. */
  taken(key: string): number;
  anyQueued(key: string): boolean;
  /** Take a due run out of the queue until a place is free. */
  hold(run: number): void;
  /** Put the best held run of each kind, whose limit allows one more than `taken`, back into the queue. */
  release(key: string, taken: number): void;
}

export function limitPlaces(connection: Connection): LimitPlaces {
  const count = connection.statement(`SELECT count(*) AS taken FROM heddle_run WHERE limit_key = ? AND status = ${running} AND status < 3`);
  const queued = connection.statement("SELECT 1 FROM heddle_run WHERE limit_key = ? AND status = 0 AND status < 3 LIMIT 1");
  const hold = connection.statement("UPDATE heddle_run SET held = 1 WHERE run = ?");
  const kinds = connection.statement("SELECT DISTINCT kind FROM heddle_run INDEXED BY heddle_run_held WHERE held = 1 AND limit_key = ?");
  const release = connection.statement(
    `UPDATE heddle_run SET held = NULL WHERE run = (
       SELECT run FROM heddle_run INDEXED BY heddle_run_held WHERE held = 1 AND limit_key = ? AND kind = ? AND limit_max > ? ORDER BY ${rankColumns}, run LIMIT 1)`,
  );
  return {
    taken: (key) => count.get<Row & { taken: number }>(key)?.taken ?? 0,
    anyQueued: (key) => queued.get(key) !== undefined,
    hold: (run) => void hold.run(run),
    release(key, taken) {
      for (const { kind } of kinds.all<Row & { kind: number }>(key)) release.run(key, kind, taken);
    },
  };
}
