import type { Connection, Row } from "../connection.ts";
import { eventsAfter } from "./event-range.ts";

export interface DeleteRun {
  /** Remove all rows of a run. */
  delete(run: number): void;
  /** Numbers of the runs that ended before a time, longest ended first. */
  endedBefore(beforeMs: number, limit: number): number[];
}

export function deleteRun(connection: Connection): DeleteRun {
  const tags = connection.statement("SELECT tags FROM heddle_run WHERE run = ?");
  const deleteTag = connection.statement("DELETE FROM heddle_tag WHERE name = ? AND value = ? AND run = ?");
  const deletes = [
    connection.statement(`DELETE FROM heddle_journal AS j WHERE ${eventsAfter("?1", "0")}`),
    ...["mail", "mail_id", "snapshot", "run"].map((table) => connection.statement(`DELETE FROM heddle_${table} WHERE run = ?`)),
  ];
  const ended = connection.statement("SELECT run FROM heddle_run WHERE ended_at < ? ORDER BY ended_at LIMIT ?");
  return {
    delete(run) {
      const text = tags.get<Row & { tags: string | null }>(run)?.tags ?? null;
      if (text !== null)
        for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string>)) deleteTag.run(name, value, run);
      for (const statement of deletes) statement.run(run);
    },
    endedBefore: (beforeMs, limit) => ended.all<Row & { run: number }>(beforeMs, limit).map(({ run }) => run),
  };
}
