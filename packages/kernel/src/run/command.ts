import type { Json } from "../value/json.ts";
import type { Id } from "../plan/plan.ts";
import type { Outcome, RunOutcome } from "./outcome.ts";
import type { Scope } from "./scope.ts";

/**
 * What `advance` makes due. Each command but `cancel-task` and `cancel-timer` is outstanding until an event answers its `no`:
 * `start-task` and `decide-group` by `task-ended`, `set-timer` by `timer-fired` or by its own `cancel-timer`, `end-run` by `run-ended`.
 */
export type Command = StartTask | CancelTask | DecideGroup | SetTimer | CancelTimer | EndRun;

/** One start of a task. Idempotency keys come from task, scope and `nth`; `no` is for look-up only. */
export interface Activation {
  readonly task: Id;
  readonly scope: Scope;
  /** Which start of this task in this scope, from 1. */
  readonly nth: number;
  /** From 1; a retry ends only the attempt. */
  readonly attempt: number;
  /** Dense number of the command in its run, from 1. */
  readonly no: number;
}

export interface StartTask extends Activation {
  readonly type: "start-task";
  /** Trigger that fired; absent when a verb started it. */
  readonly trigger?: Id | undefined;
  /** Item of a spawn, input of `next`, `goto` or `iterate`. */
  readonly input?: Json | undefined;
  /** Artifacts consumed, by slot, in arrival order. */
  readonly consumed?: readonly Id[] | undefined;
  /** Not before this time: a retry that waits. */
  readonly notBeforeMs?: number | undefined;
}

export interface CancelTask {
  readonly type: "cancel-task";
  readonly no: number;
}

export interface DecideGroup extends Activation {
  readonly type: "decide-group";
  /** The members' last outcomes in the plan's order; a member that never ran is absent. */
  readonly members: readonly { readonly task: Id; readonly outcome: Outcome }[];
}

export interface SetTimer {
  readonly type: "set-timer";
  readonly no: number;
  readonly trigger: Id;
  readonly scope: Scope;
  readonly dueAtMs: number;
}

export interface CancelTimer {
  readonly type: "cancel-timer";
  readonly no: number;
}

export interface EndRun {
  readonly type: "end-run";
  readonly no: number;
  readonly outcome: RunOutcome;
}
