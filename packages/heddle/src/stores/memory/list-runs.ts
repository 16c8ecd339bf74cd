import { HeddleError, type ListOptions, type RunId, type RunRow } from "@heddle/kernel";
import type { MemoryRun } from "./memory-run.ts";

/** @param runs in the order of their creation */
export function listRuns(runs: ReadonlyMap<RunId, MemoryRun>, options: ListOptions): RunRow[] {
  const { limit = 50, oldestFirst = false } = options;
  let from = oldestFirst ? 0 : Number.POSITIVE_INFINITY;
  if (options.after !== undefined) {
    const after = runs.get(options.after);
    if (after === undefined) throw listCursorGone(options.after);
    from = after.number;
  }
  const rows: RunRow[] = [];
  const ordered = [...runs.values()];
  if (!oldestFirst) ordered.reverse();
  for (const run of ordered) {
    if (rows.length >= limit) break;
    if ((oldestFirst ? run.number > from : run.number < from) && isListed(run, options)) rows.push(run.toRow());
  }
  return rows;
}

function isListed(run: MemoryRun, options: ListOptions): boolean {
  if (options.status !== undefined && !options.status.includes(run.status)) return false;
  if (options.workflow !== undefined && run.workflow !== options.workflow) return false;
  if (options.parentId !== undefined && run.parentId !== options.parentId) return false;
  if (options.dead !== undefined && (run.dead !== null) !== options.dead) return false;
  if (options.prefix !== undefined && !run.runId.startsWith(options.prefix)) return false;
  return (
    options.tags === undefined ||
    Object.entries(options.tags).every(([name, value]) => Object.hasOwn(run.tags, name) && run.tags[name] === value)
  );
}

function listCursorGone(after: RunId): HeddleError {
  return new HeddleError("RUN_UNKNOWN", `The list cannot go on after run ${after}: it is gone. List from the start again.`, {
    data: { runId: after },
  });
}
