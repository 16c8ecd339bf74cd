import type { RunId, RunRow } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { runColumns, runJoins, type RunRecord, toRunRow } from "../run-row.ts";

export interface FindRun {
  byId(runId: RunId): RunRow | null;
  byDedup(dedup: string): RunRow | null;
  byNumber(run: number): RunRow | null;
}

export function findRun(connection: Connection): FindRun {
  const find = (condition: string) => {
    const select = connection.statement(`SELECT ${runColumns} FROM heddle_run r ${runJoins} WHERE ${condition}`);
    return (key: string | number): RunRow | null => {
      const record = select.get<RunRecord>(key);
      return record === undefined ? null : toRunRow(record);
    };
  };
  return { byId: find("r.id = ?"), byDedup: find("r.dedup = ?"), byNumber: find("r.run = ?") };
}
