import { defaultQueue, type Placement, readPlacement, type RunRow } from "@heddle/kernel";
import type { RunSummary } from "./engine.ts";

export function summaryOf(row: RunRow): RunSummary {
  return {
    runId: row.runId,
    workflow: row.workflow,
    ...(row.version === null ? null : { version: row.version }),
    status: row.status,
    createdAtMs: row.createdAtMs,
    ...(row.endedAtMs === null ? null : { endedAtMs: row.endedAtMs }),
    ...(row.wakeAtMs === null ? null : { wakeAtMs: row.wakeAtMs }),
    ...(row.parentId === null ? null : { parentId: row.parentId }),
    tags: row.tags,
    ...(row.tenant === null ? null : { tenant: row.tenant }),
    ...(row.queue === defaultQueue ? null : { queue: row.queue }),
    ...(row.placement === null ? null : { placement: readPlacement(row.placement) as Placement }),
    ...(row.note === null ? null : { note: row.note }),
    ...(row.dead === null ? null : { dead: row.dead }),
  };
}
