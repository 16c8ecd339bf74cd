import {
  advance,
  compilePlan,
  createRun,
  restoreRun,
  snapshotRun,
  type CompiledPlan,
  type RunEvent,
  type RunState,
  type RunStore,
  type WholeRun,
} from "@heddle/kernel";
import { readEvent } from "../event-text.ts";
import { keptPlan } from "../kept-plan.ts";
import { recordedPlan } from "../load-run.ts";
import { parseSnapshot } from "../snapshot.ts";

/** What a journal tells: the kernel's state as text; or, if it is not sound, why it cannot be folded. */
export interface Told {
  readonly sound: boolean;
  readonly text: string;
}

/** Plans that are remembered, so that runs of one are folded without reading it again. */
const mostPlans = 100;

/** Folds runs of one store: the kernel's state from what is kept there, with the plan that is kept there. */
export class RunFolder {
  readonly #store: RunStore;
  readonly #plans = new Map<string, CompiledPlan | null>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Null: the plan that it was begun with is not kept. */
  async fold({ row, compactedThrough, events, snapshots }: WholeRun): Promise<Told | null> {
    try {
      const tail = events.map(({ seq, body }) => ({ seq, event: readEvent(body) }));
      const snapshot = compactedThrough === 0 ? null : (snapshots.at(-1) ?? null);
      const kept = snapshot === null ? null : parseSnapshot(snapshot.body);
      const hash = recordedPlan(tail) ?? kept?.planHash ?? "";
      const plan = hash === "" ? null : await this.#plan(row.workflow, hash);
      if (plan === null) return null;
      if (snapshot === null || kept === null) return told(createRun(plan), tail);
      const after = tail.filter(({ seq }) => seq > snapshot.seq);
      return told(restoreRun(plan, kept.state), after);
    } catch (error) {
      return { sound: false, text: String(error) };
    }
  }

  async #plan(workflow: string, hash: string): Promise<CompiledPlan | null> {
    const name = `${hash} ${workflow}`;
    let compiled = this.#plans.get(name);
    if (compiled === undefined) {
      const plan = await keptPlan(this.#store, workflow, hash);
      compiled = plan === null ? null : compilePlan(plan);
      if (this.#plans.size >= mostPlans) this.#plans.clear();
      this.#plans.set(name, compiled);
    }
    return compiled;
  }
}

function told(state: RunState, events: readonly { readonly event: RunEvent }[]): Told {
  for (const { event } of events) advance(state, event);
  return { sound: true, text: JSON.stringify(snapshotRun(state)) };
}
