import { HeddleError, type ListOptions, type RunRow, type RunStatus } from "@heddle/kernel";
import type { Connection, Row, Value } from "../connection.ts";
import { completed, runColumns, runJoins, type RunRecord, statusNumber, toRunRow } from "../run-row.ts";

/** Above every text that begins alike. */
const highest = "\u{10FFFF}\u{10FFFF}";

/** @throws HeddleError `RUN_UNKNOWN` */
export function listRuns(connection: Connection): (options: ListOptions) => RunRow[] {
  const find = connection.statement("SELECT run FROM heddle_run WHERE id = ?");
  return (options) => {
    const limit = options.limit ?? 50;
    let before = Number.MAX_SAFE_INTEGER;
    if (options.after !== undefined) {
      const after = find.get<Row & { run: number }>(options.after);
      if (after === undefined) {
        throw new HeddleError("RUN_UNKNOWN", `The list cannot go on after run ${options.after}: it is gone. List from the start again.`, {
          data: { runId: options.after },
        });
      }
      before = after.run;
    }
    // Statuses one by one: each is read newest first from its index, and no more than a page of it.
    const statuses = options.status === undefined ? [null] : [...new Set(options.status)];
    const records = statuses.flatMap((status) => page(connection, options, status, before, limit));
    return records
      .sort((one, other) => other.run - one.run)
      .slice(0, limit)
      .map(toRunRow);
  };
}

function page(connection: Connection, options: ListOptions, status: RunStatus | null, before: number, limit: number): RunRecord[] {
  const conditions = ["r.run < ?"];
  const values: Value[] = [before];
  const where = (condition: string, ...more: readonly Value[]): void => {
    conditions.push(condition);
    values.push(...more);
  };
  const { workflow, parentId, dead, prefix } = options;
  if (status !== null) {
    const number = statusNumber(status);
    where("r.status = ?", number);
    // Said in these words, so that the index without the completed ones serves.
    if (number !== completed) where(`r.status <> ${completed}`);
  }
  if (workflow !== undefined) where("k.workflow = ?", workflow);
  if (parentId !== undefined) where("r.parent = ?", parentId);
  if (dead !== undefined) where(`r.dead IS ${dead ? "NOT NULL" : "NULL"}`);
  if (prefix !== undefined && prefix !== "") where("r.id >= ? AND r.id < ?", prefix, prefix + highest);
  for (const [name, value] of Object.entries(options.tags ?? {})) {
    where("EXISTS (SELECT 1 FROM heddle_tag t WHERE t.name = ? AND t.value = ? AND t.run = r.run)", name, value);
  }
  const sql = `SELECT ${runColumns} FROM heddle_run r ${runJoins} WHERE ${conditions.join(" AND ")} ORDER BY r.run DESC LIMIT ?`;
  return connection.statement(sql).all<RunRecord>(...values, limit);
}
