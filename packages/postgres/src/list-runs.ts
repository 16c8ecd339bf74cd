import { HeddleError, type ListOptions, type RunRow } from "@heddle/kernel";
import type pg from "pg";
import { completed, type RunRecord, statusNumber, toRunRow } from "./run-row.ts";
import { toKept } from "./text.ts";

/** @throws HeddleError `RUN_UNKNOWN` */
export async function listRuns(pool: pg.Pool, s: string, options: ListOptions): Promise<RunRow[]> {
  const { status, workflow, parentId, dead, prefix = "", after, limit = 50, oldestFirst = false } = options;
  const values: unknown[] = [];
  const take = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (after !== undefined) {
    const { rows } = await pool.query<{ run: number }>(`SELECT run FROM ${s}.run WHERE id = $1`, [toKept(after)]);
    if (rows[0] === undefined) {
      throw new HeddleError("RUN_UNKNOWN", `The list cannot go on after run ${after}: it is gone. List from the start again.`, {
        data: { runId: after },
      });
    }
    conditions.push(`r.run ${oldestFirst ? ">" : "<"} ${take(rows[0].run)}`);
  }
  if (prefix !== "") {
    const kept = toKept(prefix);
    conditions.push(`r.id >= ${take(kept)} AND r.id < ${take(`${kept}\u{10FFFF}\u{10FFFF}`)}`);
  }
  if (status !== undefined) {
    const numbers = status.map(statusNumber);
    conditions.push(`r.status = ANY (${take(numbers)}::smallint[])`);
    // Said in these words, so that the index without the completed ones serves.
    if (!numbers.includes(completed)) conditions.push(`r.status <> ${completed}`);
  }
  if (workflow !== undefined) conditions.push(`r.workflow = ${take(toKept(workflow))}`);
  if (parentId !== undefined) conditions.push(`r.parent = ${take(toKept(parentId))}`);
  if (dead !== undefined) conditions.push(`r.dead IS ${dead ? "NOT NULL" : "NULL"}`);
  for (const [name, value] of Object.entries(options.tags ?? {})) {
    const [n, v] = [take(toKept(name)), take(toKept(value))];
    conditions.push(`r.run IN (SELECT t.run FROM ${s}.tag t WHERE hashtextextended(t.name, 0) = hashtextextended(${n}, 0)
      AND hashtextextended(t.value, 0) = hashtextextended(${v}, 0) AND t.name = ${n} AND t.value = ${v})`);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const { rows } = await pool.query<RunRecord>(
    `SELECT * FROM ${s}.run_row r ${where} ORDER BY r.run ${oldestFirst ? "ASC" : "DESC"} LIMIT ${take(limit)}`,
    values,
  );
  return rows.map(toRunRow);
}
