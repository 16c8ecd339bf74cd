import type { Json } from "../value/json.ts";
import type { Id } from "../plan/plan.ts";

/** How a task, a step or a wait ended. */
export type Outcome =
  | { readonly status: "completed"; readonly value?: Json }
  | { readonly status: "failed"; readonly error: ErrorValue }
  | { readonly status: "timed-out"; readonly error: ErrorValue }
  | { readonly status: "cancelled"; readonly error?: ErrorValue }
  /** At-most-once and its process died: it may have happened or not. */
  | { readonly status: "unknown"; readonly error: ErrorValue }
  | { readonly status: "skipped" }
  /** Cannot run because `by` failed or was itself blocked. */
  | { readonly status: "blocked"; readonly by: Id };

/** An error as it stands in a journal. */
export interface ErrorValue {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorValue | Json;
  /** Own enumerable fields of the error, encoded. */
  readonly data?: Json;
  /** Set when no retry can help; a retry policy then stops. */
  readonly final?: true;
}

/** How a run ended. */
export type RunOutcome =
  | { readonly status: "completed"; readonly value?: Json }
  | { readonly status: "failed"; readonly error: ErrorValue }
  | { readonly status: "cancelled"; readonly error?: ErrorValue }
  | { readonly status: "timed-out"; readonly error: ErrorValue };
