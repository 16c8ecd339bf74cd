import { hasCode, planHash, type Plan, type RunStore } from "@heddle/kernel";
import type { Definition } from "./definition.ts";
import { workflowPlan } from "./definition.ts";

/** Whether the plan is that of a durable function: its name tells it, and it need not be kept. */
function isFunctionPlan(name: string, hash: string): boolean {
  return hash === planHash(workflowPlan(name, undefined));
}

/**
 * Keeps the plan that a run is begun with under its hash, so that it can be told later in what another one differs. If it cannot be kept, only
 * that difference is lost.
 */
export class PlanKeeper {
  readonly #store: RunStore;
  readonly #kept = new WeakSet<Definition>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Once per definition. The store takes it before what is committed after this call. */
  keep(definition: Definition): void {
    if (this.#store.features.durability === "none" || this.#kept.has(definition)) return;
    this.#kept.add(definition);
    this.#put(definition).catch(() => this.#kept.delete(definition));
  }

  async #put({ name, plan, planHash: hash }: Definition): Promise<void> {
    if (isFunctionPlan(name, hash)) return;
    await this.#store.putBlob(hash, JSON.stringify(plan));
  }
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
