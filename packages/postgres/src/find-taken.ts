import type { RunRow } from "@heddle/kernel";
import type pg from "pg";
import { dedupText, type RunRecord, toRunRow } from "./run-row.ts";
import { toKept } from "./text.ts";

export type RunNames = Pick<RunRow, "runId" | "workflow" | "dedupKey">;

/** For each: the row that has its id or, if none has it, its dedup key. */
export async function findTaken(
  client: Pick<pg.Client | pg.Pool, "query">,
  s: string,
  runs: readonly RunNames[],
): Promise<(RunRow | null)[]> {
  const ids = runs.map(({ runId }) => toKept(runId));
  const dedups = runs.map(({ workflow, dedupKey }) => (dedupKey === null ? null : dedupText(toKept(workflow), toKept(dedupKey))));
  const { rows } = await client.query<RunRecord>(
    `SELECT * FROM ${s}.run_row WHERE id = ANY ($1::text[]) UNION ALL SELECT * FROM ${s}.run_row WHERE dedup = ANY ($2::text[])`,
    [ids, dedups],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byDedup = new Map(rows.map((row) => [row.dedup, row]));
  return ids.map((id, index) => {
    const dedup = dedups[index] ?? null;
    const row = byId.get(id) ?? (dedup === null ? undefined : byDedup.get(dedup));
    return row === undefined ? null : toRunRow(row);
  });
}
