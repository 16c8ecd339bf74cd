import type { RunId } from "@heddle/kernel";

/** What a step does to the world, as it tells the witness. */
export interface Effect {
  readonly node: string;
  readonly run: RunId;
  readonly key: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  /** At which its node owns the run, as far as that knows; null: it does not know. */
  readonly epoch: number | null;
}

export interface WitnessedEffect extends Effect {
  /** Its number among all, from 1. The step is given it, and may record it. */
  readonly receipt: number;
}

/** A run that a store gave to a node. */
export interface WitnessedClaim {
  readonly node: string;
  readonly run: RunId;
  readonly epoch: number;
}

/** Events that a store acknowledged, by their seq. */
export interface WitnessedAppend extends WitnessedClaim {
  readonly from: number;
  readonly through: number;
}

/** A part of a commit that a store refused. */
export interface WitnessedRefusal extends WitnessedClaim {
  readonly status: "stale" | "mail" | "failed";
}

/** What a step is told to do when its effect has happened. Absent: go on. */
export interface Order {
  /** Throw an error with this message. */
  readonly fail?: string;
  /** Let nothing else happen in the process for so long. */
  readonly blockMs?: number;
}

/** One line from a process to the witness. */
export type Said =
  | ({ readonly type: "effect"; readonly call: number } & Effect)
  | ({ readonly type: "claim" } & WitnessedClaim)
  | ({ readonly type: "append" } & WitnessedAppend)
  | ({ readonly type: "refusal" } & WitnessedRefusal)
  | { readonly type: "commit" }
  | ({ readonly type: "aborted" } & Effect);

/** The answer to an effect. */
export interface Answer extends Order {
  readonly call: number;
  readonly receipt: number;
}
