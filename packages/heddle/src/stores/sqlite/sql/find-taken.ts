import type { RunRow } from "@heddle/kernel";
import { dedupText } from "../run-row.ts";
import type { FindRun } from "./find-run.ts";

/** The row that has this id or, if none has it, this dedup key. */
export function findTaken(find: FindRun, { runId, workflow, dedupKey }: Pick<RunRow, "runId" | "workflow" | "dedupKey">): RunRow | null {
  return find.byId(runId) ?? (dedupKey === null ? null : find.byDedup(dedupText(workflow, dedupKey)));
}
