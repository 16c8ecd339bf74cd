import type { NewRun } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { dedupText } from "../run-row.ts";

export interface InsertRun {
  readonly row: NewRun["row"];
  readonly kind: number;
  readonly status: number;
  readonly epoch: number;
  readonly owner: number | null;
  readonly wakeAtMs: number | null;
  /** Due, but 1: its limit is full; 2: it stands behind the first of its lane. */
  readonly held: 1 | 2 | null;
}

/** Returns the number of the new run; null: its id or dedup key is taken. */
export function insertRun(connection: Connection): (run: InsertRun) => number | null {
  const insert = connection.statement(
    `INSERT INTO heddle_run (id, kind, status, epoch, owner, wake_at, held, tenant, priority, limit_key, limit_max, rate_key, rate_max, rate_period, dedup, parent, tags, created_at, input_hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const insertTag = connection.statement("INSERT INTO heddle_tag (name, value, run) VALUES (?, ?, ?)");
  return ({ row, kind, status, epoch, owner, wakeAtMs, held }) => {
    const tags = Object.entries(row.tags);
    const run = insert.insert(
      row.runId,
      kind,
      status,
      epoch,
      owner,
      wakeAtMs,
      held,
      row.tenant ?? "",
      row.priority,
      row.limitKey,
      row.limitMax,
      row.rateKey,
      row.rateMax,
      row.ratePeriodMs,
      row.dedupKey === null ? null : dedupText(row.workflow, row.dedupKey),
      row.parentId,
      tags.length === 0 ? null : JSON.stringify(row.tags),
      row.createdAtMs,
      row.inputHash,
    );
    if (run !== null) for (const [name, value] of tags) insertTag.run(name, value, run);
    return run;
  };
}
