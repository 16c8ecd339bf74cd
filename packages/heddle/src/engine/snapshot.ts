import { restoreRun, snapshotRun, type CompiledPlan, type Json, type RunState } from "@heddle/kernel";

/** Version of the shape below; another one is not read, which only costs time. */
const snapshotVersion = 1;

/** What the engine knows of a run besides the kernel's state: all from its journal. */
export interface RunFacts {
  startedAtMs: number;
  seed: string;
  effects: string;
  input: Json | undefined;
  parent: { readonly runId: string; readonly of: number; readonly key: string } | undefined;
  deadlineAtMs: number | undefined;
  cancelReason: string | undefined;
  forked: boolean;
  paused: boolean;
  /** Where each open activation's recorded operations begin, by its number. */
  beginnings: [no: number, seq: number][];
}

export function snapshotText(state: RunState, facts: RunFacts): string {
  return JSON.stringify({ v: snapshotVersion, facts, state: snapshotRun(state) });
}

/** Null when it cannot be read: the journal tells the same, in more time. */
export function readSnapshot(plan: CompiledPlan, body: string): { readonly state: RunState; readonly facts: RunFacts } | null {
  try {
    const { v, facts, state } = JSON.parse(body) as { v: number; facts: RunFacts; state: Json };
    return v === snapshotVersion ? { state: restoreRun(plan, state), facts } : null;
  } catch {
    return null;
  }
}
