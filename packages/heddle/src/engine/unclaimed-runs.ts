import type { RunRow, RunStore } from "@heddle/kernel";
import type { Registry } from "./registry.ts";

/** A run that has been due for so long is taken up by nobody. */
const unclaimedAfterMs = 30_000;
const lookedAtOnce = 1_000;

/**
 * Queued runs that no open process has the code for, as far as this one can see: they are given a note that says so. A child's code comes with
 * its parent's, which may be parked since before this process began: `wakeParent` is called with those that this process has code for.
 */
export async function seeToUnclaimed(
  store: RunStore,
  registry: Registry,
  nowMs: number,
  wakeParent: (parent: RunRow, child: RunRow) => Promise<void>,
): Promise<void> {
  for (const row of await store.list({ status: ["queued"], limit: lookedAtOnce })) {
    if (row.wakeAtMs === null || row.wakeAtMs > nowMs - unclaimedAfterMs || registry.find(row.workflow, row.version) !== undefined)
      continue;
    const parent = row.parentId === null ? null : await store.get(row.parentId);
    if (parent?.status === "waiting" && registry.find(parent.workflow, parent.version) !== undefined) await wakeParent(parent, row);
    else if (row.note === null) {
      const which = row.version === null ? `"${row.workflow}"` : `"${row.workflow}" version ${row.version}`;
      await store.setStatus(
        row.runId,
        ["queued"],
        "queued",
        row.wakeAtMs,
        `Nobody takes it up: no open process seems to have code for ${which}.`,
      );
    }
  }
}
