import type { Json } from "@heddle/kernel";

/** What the journal keeps of a node that completed: the value of its task. */
export interface NodeRecord {
  /** Of a transform, and of an analyzer with a merge. */
  readonly payload?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Something failed in it, and it completed all the same. */
  readonly partial?: true;
  /** Its condition did not hold. `pass`: what depends on it runs all the same. */
  readonly skipped?: "dependents" | "pass";
}

/** The same as it stands in the journal. */
export type KeptRecord = {
  readonly payload?: Json;
  readonly metadata?: Json;
  readonly partial?: true;
  readonly skipped?: NodeRecord["skipped"];
};
