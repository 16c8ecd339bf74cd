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
    let from = options.oldestFirst === true ? 0 : Number.MAX_SAFE_INTEGER;
    if (options.after !== undefined) {
      const after = find.get<Row & { run: number }>(options.after);
      if (after === undefined) {
        throw new HeddleError("RUN_UNKNOWN", `The list cannot go on after run ${options.after}: it is gone. List from the start again.`, {
          data: { runId: options.after },
        });
      }
      from = after.run;
    }
    // Statuses one by one: each is read newest first from its index, and no more than a page of it.
    const statuses = options.status === undefined ? [null] : [...new Set(options.status)];
    const records = statuses.flatMap((status) => page(connection, options, status, from, limit));
    return records
      .sort((one, other) => (options.oldestFirst === true ? one.run - other.run : other.run - one.run))
      .slice(0, limit)
      .map(toRunRow);
  };
}

function page(connection: Connection, options: ListOptions, status: RunStatus | null, from: number, limit: number): RunRecord[] {
  const { workflow, parentId, dead, prefix = "" } = options;
  const [tag, ...moreTags] = Object.entries(options.tags ?? {});
  const conditions: string[] = [];
  const values: Value[] = [];
  const where = (condition: string, ...more: readonly Value[]): void => {
    conditions.push(condition);
    values.push(...more);
  };
  // What the list goes along: the runs of a tag, an index that SQLite chooses, or all runs.
  let table = "heddle_run r";
  const [beyond, direction] = options.oldestFirst === true ? ([">", "ASC"] as const) : (["<", "DESC"] as const);
  if (tag !== undefined) {
    table = "heddle_tag t0 CROSS JOIN heddle_run r ON r.run = t0.run";
    where(`t0.name = ? AND t0.value = ? AND t0.run ${beyond} ?`, ...tag, from);
  } else {
    // Few runs begin alike, so they are found by their ids and put in order, and not the other way round.
    if (prefix !== "") table = "heddle_run r INDEXED BY sqlite_autoindex_heddle_run_1";
    where(`r.run ${beyond} ?`, from);
  }
  if (prefix !== "") where("r.id >= ? AND r.id < ?", prefix, prefix + highest);
  if (status !== null) {
    const number = statusNumber(status);
    where("r.status = ?", number);
    // Said in these words, so that the index without the completed ones serves.
    if (number !== completed) where(`r.status <> ${completed}`);
  }
  if (workflow !== undefined) where("k.workflow = ?", workflow);
  if (parentId !== undefined) where("r.parent = ?", parentId);
  if (dead !== undefined) where(`r.dead IS ${dead ? "NOT NULL" : "NULL"}`);
  for (const [name, value] of moreTags) {
    where("EXISTS (SELECT 1 FROM heddle_tag t WHERE t.name = ? AND t.value = ? AND t.run = r.run)", name, value);
  }
  const order = tag === undefined ? "r.run" : "t0.run";
  const sql = `SELECT ${runColumns} FROM ${table} ${runJoins} WHERE ${conditions.join(" AND ")} ORDER BY ${order} ${direction} LIMIT ?`;
  return connection.statement(sql).all<RunRecord>(...values, limit);
}
