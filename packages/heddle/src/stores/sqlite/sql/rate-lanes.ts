import type { Connection, Row } from "../connection.ts";
import { rankColumns } from "../run-row.ts";

/** Runs of a kind that wait for the same rate and the same limit. */
export interface Lane {
  readonly kind: number;
  readonly rate_key: string;
  readonly limit_key: string | null;
}

/** The first of a lane: it waits for the rate, or for a place of the limit, and all others of the lane wait for it. */
export interface LaneFirst extends Row {
  run: number;
  tenant: string;
  priority: number;
  /** Since when it has been due. */
  due_at: number;
}

export interface RateLanes {
  first(lane: Lane): LaneFirst | undefined;
  /** `held`: it waits for a place of its limit; else until `wakeAtMs`. */
  makeFirst(run: number, dueAtMs: number, wakeAtMs: number, held: boolean): void;
  /** `dueAtMs`: since when it has been due. */
  putBehind(run: number, dueAtMs: number): void;
  /** The next of the lane goes back into the queue: of the tenant that follows `after` by name, that which goes first. Null: there is none. */
  passOn(lane: Lane, after: string, asFirst: boolean): { readonly tenant: string } | null;
  /** Does a run of the key wait to begin? */
  anyUnbegun(key: string): boolean;
}

export function rateLanes(connection: Connection): RateLanes {
  const lane = "rate_key = ? AND kind = ? AND coalesce(limit_key, '') = ?";
  const first = connection.statement(
    `SELECT run, tenant, priority, due_at FROM heddle_run INDEXED BY heddle_run_first WHERE due_at IS NOT NULL AND ${lane}`,
  );
  const setFirst = connection.statement("UPDATE heddle_run SET due_at = ?, wake_at = ?, held = ? WHERE run = ?");
  const behind = connection.statement("UPDATE heddle_run SET due_at = NULL, wake_at = ?, held = 2 WHERE run = ?");
  const next = (tenants: string) =>
    connection.statement(
      `SELECT run, tenant FROM heddle_run INDEXED BY heddle_run_behind WHERE held = 2 AND ${lane} AND ${tenants} ORDER BY tenant, ${rankColumns}, run LIMIT 1`,
    );
  const later = next("tenant > ?");
  const earlier = next("tenant <= ?");
  const free = connection.statement("UPDATE heddle_run SET held = NULL, due_at = CASE WHEN ? THEN wake_at END WHERE run = ?");
  const unbegun = connection.statement(
    "SELECT 1 FROM heddle_run INDEXED BY heddle_run_unbegun WHERE rate_key = ? AND rate_key IS NOT NULL AND status = 0 AND epoch = 0 LIMIT 1",
  );
  const parts = ({ rate_key, kind, limit_key }: Lane) => [rate_key, kind, limit_key ?? ""] as const;
  return {
    first: (of) => first.get<LaneFirst>(...parts(of)),
    makeFirst: (run, dueAtMs, wakeAtMs, held) => void setFirst.run(dueAtMs, wakeAtMs, held ? 1 : null, run),
    putBehind: (run, dueAtMs) => void behind.run(dueAtMs, run),
    passOn(of, after, asFirst) {
      type Next = Row & { run: number; tenant: string };
      const found = later.get<Next>(...parts(of), after) ?? earlier.get<Next>(...parts(of), after);
      if (found === undefined) return null;
      free.run(asFirst ? 1 : 0, found.run);
      return found;
    },
    anyUnbegun: (key) => unbegun.get(key) !== undefined,
  };
}
