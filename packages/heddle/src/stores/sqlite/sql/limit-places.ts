import type { Connection, Row } from "../connection.ts";
import { rankColumns, running } from "../run-row.ts";

export interface LimitPlaces {
  /** How many runs of the key are running. */
  taken(key: string): number;
  anyQueued(key: string): boolean;
  /** Take a due run out of the queue until a place is free. */
  hold(run: number): void;
  /**
   * Of each kind put one held run back into the queue, whose limit allows one more than `taken`: of the tenant that follows `after` by name, that which
   * goes first.
   */
  release(key: string, taken: number, after: string): void;
}

export function limitPlaces(connection: Connection): LimitPlaces {
  const count = connection.statement(`SELECT count(*) AS taken FROM heddle_run WHERE limit_key = ? AND status = ${running} AND status < 3`);
  const queued = connection.statement("SELECT 1 FROM heddle_run WHERE limit_key = ? AND status = 0 AND status < 3 LIMIT 1");
  const hold = connection.statement("UPDATE heddle_run SET held = 1 WHERE run = ?");
  const held = "heddle_run INDEXED BY heddle_run_held WHERE held = 1 AND limit_key = ?";
  const kind = connection.statement(`SELECT kind FROM ${held} AND kind > ? ORDER BY kind LIMIT 1`);
  const next = (tenants: string) =>
    connection.statement(
      `SELECT run FROM ${held} AND kind = ? AND ${tenants} AND limit_max > ? ORDER BY tenant, ${rankColumns}, run LIMIT 1`,
    );
  const behind = next("tenant > ?");
  const before = next("tenant <= ?");
  const free = connection.statement("UPDATE heddle_run SET held = NULL WHERE run = ?");
  return {
    taken: (key) => count.get<Row & { taken: number }>(key)?.taken ?? 0,
    anyQueued: (key) => queued.get(key) !== undefined,
    hold: (run) => void hold.run(run),
    release(key, taken, after) {
      for (let at = kind.get<Row & { kind: number }>(key, 0); at !== undefined; at = kind.get<Row & { kind: number }>(key, at.kind)) {
        const found =
          behind.get<Row & { run: number }>(key, at.kind, after, taken) ?? before.get<Row & { run: number }>(key, at.kind, after, taken);
        if (found !== undefined) free.run(found.run);
      }
    },
  };
}
