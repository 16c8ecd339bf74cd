import { restoreRun, snapshotRun, type Json, type RunState } from "@heddle/kernel";
import type { Definition } from "./definition.ts";
import type { Held, StopCounts } from "./run/interrupts.ts";

/** Version of the shape below; another one is not read, which only costs time. */
const snapshotVersion = 7;

/** What the engine knows of a run besides the kernel's state: all from its journal. */
export interface RunFacts {
  startedAtMs: number;
  /** Of the plan that the state is of; empty: the run began where the plan was not known. */
  planHash: string;
  seed: string;
  effects: string;
  input: Json | undefined;
  parent: { readonly runId: string; readonly of: number; readonly key: string } | undefined;
  deadlineAtMs: number | undefined;
  cancelReason: string | undefined;
  forked: boolean;
  paused: boolean;
  /** Tasks that are due and wait for a person. */
  held: readonly Held[];
  /** Tasks that a person has let go on, and that have not ended. */
  released: readonly number[];
  /** How often it has stopped for a person, and where. */
  stops: StopCounts;
  /** Crashes that are recorded since something was last completed. */
  crashes: number;
  /** Where each open activation's recorded operations begin, by its number. */
  beginnings: [no: number, seq: number][];
  /** What open activations were given, by number, where their sources have ended again since. */
  given: [no: number, given: Json][];
  /** When open activations became due, by number, where that was not when the run began. */
  startTimes: [no: number, atMs: number][];
}

/** Before the first event. */
export function noFacts(runId: string): RunFacts {
  return {
    startedAtMs: 0,
    planHash: "",
    seed: runId,
    effects: runId,
    input: undefined,
    parent: undefined,
    deadlineAtMs: undefined,
    cancelReason: undefined,
    forked: false,
    paused: false,
    held: [],
    released: [],
    stops: [],
    crashes: 0,
    beginnings: [],
    given: [],
    startTimes: [],
  };
}

export function snapshotText(state: RunState, facts: RunFacts): string {
  return JSON.stringify({ v: snapshotVersion, facts, state: snapshotRun(state) });
}

/** A snapshot as it is kept: what it says of itself, and the state in it, which only those who have its plan can read. */
export interface KeptSnapshot {
  readonly planHash: string;
  readonly state: Json;
  readonly facts: RunFacts;
}

/** Null when it is no snapshot, or one of another version. */
export function parseSnapshot(body: string): KeptSnapshot | null {
  try {
    const { v, facts, state } = JSON.parse(body) as { v: number; facts: RunFacts; state: Json };
    return v === snapshotVersion ? { planHash: facts.planHash, facts, state } : null;
  } catch {
    return null;
  }
}

/**
 * Null when it cannot be read: the journal tells the same, in more time. The content is null when it is of another plan than the definition's, or cannot be
 * restored over it.
 */
export function readSnapshot(
  { compiled, planHash }: Pick<Definition, "compiled" | "planHash">,
  body: string,
): { readonly planHash: string; readonly content: { readonly state: RunState; readonly facts: RunFacts } | null } | null {
  const kept = parseSnapshot(body);
  if (kept === null) return null;
  if (kept.planHash !== planHash && kept.planHash !== "") return { planHash: kept.planHash, content: null };
  try {
    return { planHash: kept.planHash, content: { state: restoreRun(compiled, kept.state), facts: kept.facts } };
  } catch {
    return { planHash: kept.planHash, content: null };
  }
}
