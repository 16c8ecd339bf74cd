import { hasCode, planHash, type Plan, type RunStore } from "@heddle/kernel";
import type { Definition } from "./definition.ts";
import { workflowPlan } from "./definition.ts";

/** Whether the plan is that of a durable function: its name tells it, and it need not be kept. */
function isFunctionPlan(name: string, hash: string): boolean {
  return hash === planHash(workflowPlan(name, undefined));
}

/**
 * Keep the plan that a run is begun with under its hash, so that it can be told later in what another one differs. If it cannot be kept, only
 * that difference is lost.
 */
export async function keepPlan(store: RunStore, { name, plan, planHash: hash }: Definition): Promise<void> {
  if (isFunctionPlan(name, hash)) return;
  await store.putBlob(hash, JSON.stringify(plan));
}

/** The plan of a hash, for a workflow of this name; null: it is not kept here, or damaged. */
export async function keptPlan(store: RunStore, name: string, hash: string): Promise<Plan | null> {
  if (isFunctionPlan(name, hash)) return workflowPlan(name, undefined);
  try {
    const text = await store.getBlob(hash);
    return text === null ? null : (JSON.parse(text) as Plan);
  } catch (error) {
    if (hasCode(error, "JOURNAL_CORRUPT")) return null;
    throw error;
  }
}
