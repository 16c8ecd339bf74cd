import type { Json } from "../value/json.ts";
import type { Id } from "../plan/plan.ts";
import type { Scope } from "./scope.ts";

/** What a task may ask for besides its output. Carried by its `task-ended` event; applied in order, only if it completed. */
export type Verb =
  /** Write to a channel. */
  | { readonly write: Id; readonly value: Json }
  /** Take the edges with this label. */
  | { readonly take: Id }
  /** Start a task once per item, each in a frame of its own. */
  | { readonly spawn: Id; readonly items: readonly Json[] }
  /** Start a task as well, in the frame where it is at home. */
  | { readonly next: Id; readonly input?: Json }
  /** Start a task instead: no out-edge is taken. May leave groups, never enter one. */
  | { readonly goto: Id; readonly input?: Json }
  /** Run this task again with this input; successors wait for the last round. */
  | { readonly iterate: Json }
  /** End the run: `ok` completes it, `cancel` cancels it. What is open is dropped. */
  | { readonly end: "ok" | "cancel"; readonly value?: Json }
  /** Put an artifact on the board. */
  | { readonly publish: Id; readonly blob: Id; readonly matches: readonly Match[] };

/** A trigger's slot that an artifact fills, decided by the engine after visibility and predicates. `scope` holds the trigger's `by` frames. */
export interface Match {
  readonly trigger: Id;
  readonly slot: number;
  readonly scope: Scope;
}
