import type { NewRun } from "@heddle/kernel";

/**
 * The row of a run to create that demands nothing: no version, limit, rate, tenant, parent or tags, priority 0, on the queue `default`, due at 0 and
 * created at 0. For tests that write to a store themselves.
 *
 * @param fields what it has besides, or instead
 */
export function newRunRow(runId: string, fields: Partial<NewRun["row"]> = {}): NewRun["row"] {
  return {
    runId,
    workflow: "sample",
    version: null,
    wakeAtMs: 0,
    priority: 0,
    limitKey: null,
    limitMax: null,
    queue: "default",
    placement: null,
    tenant: null,
    rateKey: null,
    rateMax: null,
    ratePeriodMs: null,
    dedupKey: null,
    parentId: null,
    tags: {},
    createdAtMs: 0,
    inputHash: "",
    ...fields,
  };
}
