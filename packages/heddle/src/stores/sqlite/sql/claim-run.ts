import type { Connection, Row } from "../connection.ts";
import { running } from "../run-row.ts";

/** A due run, as far as the order of claims and its limit need it. */
export interface DueRun extends Row {
  run: number;
  kind: number;
  tenant: string;
  priority: number;
  wake_at: number;
  limit_key: string | null;
  limit_max: number | null;
  epoch: number;
  rate_key: string | null;
  rate_max: number | null;
  rate_period: number | null;
  /** Of the first of its lane: since when it has been due. */
  due_at: number | null;
}

export interface ClaimRun {
  /** The first tenant by name, after one if it is given, of whom runs of the kind can be claimed, due or not. */
  tenantAfter(kind: number, tenant: string | null): string | null;
  /** Is a run of the kind due for this tenant? */
  anyDue(kind: number, tenant: string, nowMs: number): boolean;
  /** Of each priority a tenant's due runs of a kind that go first, at most `count`: those that go first of all are among them. */
  due(kind: number, tenant: string, nowMs: number, count: number): DueRun[];
  /** Those of a kind that have been due for longest, whoever's they are. */
  longestDue(kind: number, nowMs: number, count: number): DueRun[];
  /** As it stands now; undefined: it is not in the queue any more. */
  again(run: number, nowMs: number): DueRun | undefined;
  own(run: number, node: number): void;
}

const claimable = "status < 2 AND held IS NULL AND wake_at IS NOT NULL";
const columns = "run, kind, tenant, priority, wake_at, limit_key, limit_max, epoch, rate_key, rate_max, rate_period, due_at";

export function claimRun(connection: Connection): ClaimRun {
  const due = "heddle_run INDEXED BY heddle_run_due";
  const firstTenant = connection.statement(`SELECT tenant FROM ${due} WHERE kind = ? AND ${claimable} ORDER BY tenant LIMIT 1`);
  const nextTenant = connection.statement(
    `SELECT tenant FROM ${due} WHERE kind = ? AND tenant > ? AND ${claimable} ORDER BY tenant LIMIT 1`,
  );
  const highest = connection.statement(
    `SELECT priority FROM ${due} WHERE kind = ? AND tenant = ? AND ${claimable} ORDER BY priority DESC LIMIT 1`,
  );
  const next = connection.statement(
    `SELECT priority FROM ${due} WHERE kind = ? AND tenant = ? AND ${claimable} AND priority < ? ORDER BY priority DESC LIMIT 1`,
  );
  const select = connection.statement(
    `SELECT ${columns} FROM ${due} WHERE kind = ? AND tenant = ? AND priority = ? AND ${claimable} AND wake_at <= ? ORDER BY wake_at, run LIMIT ?`,
  );
  const longest = connection.statement(
    `SELECT ${columns} FROM heddle_run INDEXED BY heddle_run_wake WHERE kind = ? AND ${claimable} AND wake_at <= ? ORDER BY wake_at, run LIMIT ?`,
  );
  const again = connection.statement(`SELECT ${columns} FROM heddle_run WHERE run = ? AND ${claimable} AND wake_at <= ?`);
  const update = connection.statement(
    `UPDATE heddle_run SET status = ${running}, epoch = epoch + 1, owner = ?, wake_at = NULL, held = NULL, due_at = NULL, dead = NULL, note = NULL WHERE run = ?`,
  );
  /** From priority to priority, so that no run that is not due yet is met on the way. */
  function* levels(kind: number, tenant: string): Generator<number> {
    let level = highest.get<Row & { priority: number }>(kind, tenant);
    while (level !== undefined) {
      yield level.priority;
      level = next.get<Row & { priority: number }>(kind, tenant, level.priority);
    }
  }
  return {
    tenantAfter(kind, tenant) {
      const found =
        tenant === null ? firstTenant.get<Row & { tenant: string }>(kind) : nextTenant.get<Row & { tenant: string }>(kind, tenant);
      return found?.tenant ?? null;
    },
    anyDue(kind, tenant, nowMs) {
      for (const level of levels(kind, tenant)) if (select.get(kind, tenant, level, nowMs, 1) !== undefined) return true;
      return false;
    },
    due: (kind, tenant, nowMs, count) =>
      [...levels(kind, tenant)].flatMap((level) => select.all<DueRun>(kind, tenant, level, nowMs, count)),
    longestDue: (kind, nowMs, count) => longest.all<DueRun>(kind, nowMs, count),
    again: (run, nowMs) => again.get<DueRun>(run, nowMs),
    own: (run, node) => void update.run(node, run),
  };
}
