import type { Json } from "../value/json.ts";
import type { Id, Schedule, Task } from "../plan/plan.ts";
import type { ErrorValue, Outcome, RunOutcome } from "./outcome.ts";
import type { Match, Verb } from "./verb.ts";

/**
 * Everything that can stand in a run's journal. A journal is the run: state, stream, history and audit are read from it.
 * `atMs` is data and never order; order is `seq`, the event's place in the journal, kept by the store.
 * `no` is the dense number of the command that an event answers.
 */
export type RunEvent = { readonly atMs: number } & RunFact;

export type RunFact =
  // The run
  | RunStarted
  | {
      readonly type: "run-forked";
      readonly from: string;
      readonly at: number;
      readonly edited?: readonly string[];
      readonly again?: readonly string[];
    }
  | { readonly type: "run-paused"; readonly code: string; readonly message: string; readonly difference?: readonly string[] }
  | { readonly type: "run-resumed" }
  | { readonly type: "run-migrated"; readonly version?: string; readonly planHash: string; readonly ignore?: readonly string[] }
  | { readonly type: "run-crashed"; readonly crashes: number }
  | { readonly type: "cancel-requested"; readonly reason?: string }
  | { readonly type: "run-ended"; readonly outcome: RunOutcome }
  | { readonly type: "plan-amended"; readonly tasks: Readonly<Record<Id, Task>> }
  | { readonly type: "tasks-reset"; readonly tasks: readonly Id[] }
  /** Somebody outside wrote to channels. `merged`: the whole values of those that are `fold`. `begun`: the activations that had begun with what channels held before. */
  | {
      readonly type: "channels-written";
      readonly writes: readonly { readonly channel: Id; readonly value: Json }[];
      readonly merged?: Readonly<Record<Id, Json>>;
      readonly begun?: readonly number[];
    }
  // Tasks
  /** Recorded before an effect that must not be started twice unseen. */
  | { readonly type: "task-started"; readonly no: number; readonly task: Id }
  | {
      readonly type: "task-retried";
      readonly no: number;
      readonly task: Id;
      readonly error: ErrorValue;
      readonly dueAtMs: number;
      readonly failedOps?: readonly string[];
      /** Time since its first attempt began; there where a total time bounds the attempts. */
      readonly takenMs?: number;
    }
  | TaskEnded
  /** Tasks that are due wait for a person, before a task or after one: `called` is what people call it, `id` what the question is answered by. */
  | {
      readonly type: "tasks-held";
      readonly id: string;
      readonly when: "before" | "after";
      readonly called: string;
      readonly nos: readonly number[];
    }
  /** A person has let them go on. `by`: the message that said so. */
  | { readonly type: "tasks-released"; readonly id: string; readonly by?: string; readonly value?: Json }
  | { readonly type: "timer-fired"; readonly no: number }
  | Published
  // Operations of durable functions, each in the activation `of`
  | OpOpened
  | {
      readonly type: "op-retried";
      readonly of: number;
      readonly key: string;
      readonly error: ErrorValue;
      readonly dueAtMs: number;
      /** As in `task-retried`. */
      readonly takenMs?: number;
    }
  | OpEnded
  | { readonly type: "segment-started"; readonly of: number; readonly input: Json }
  | { readonly type: "emitted"; readonly of: number; readonly key: string; readonly name: string; readonly value?: Json }
  // Mail
  | { readonly type: "signal-received"; readonly id: string; readonly name: string; readonly value?: Json };

export interface RunStarted {
  readonly type: "run-started";
  readonly workflow: Id;
  readonly version?: string;
  /** Content hash of the Plan. */
  readonly planHash: string;
  readonly input?: Json;
  readonly deadlineAtMs?: number;
  readonly parent?: { readonly runId: string; readonly of: number; readonly key: string };
  /** What random values are drawn from; default: the run's id. A fork keeps that of its origin. */
  readonly seed?: string;
  /** What idempotency keys are made from; default: the run's id. A retry keeps that of its origin. */
  readonly effects?: string;
}

export interface TaskEnded {
  readonly type: "task-ended";
  readonly no: number;
  readonly task: Id;
  readonly outcome: Outcome;
  readonly verbs?: readonly Verb[];
  /** Whole values of `fold` channels after this event: eager, of the channels it wrote; superstep, of all written in the round that it closes. */
  readonly merged?: Readonly<Record<Id, Json>>;
  /** Operations whose failure ended a durable function, by key: what a retry of the run does again. */
  readonly failedOps?: readonly string[];
}

/** An artifact that came from outside the run's own tasks. */
export interface Published {
  readonly type: "published";
  readonly artifact: Id;
  readonly blob: Id;
  readonly matches: readonly Match[];
}

/** A wait of a durable function that must be seen before it ends, or a step whose start is recorded first. */
export interface OpOpened {
  readonly type: "op-opened";
  readonly of: number;
  readonly key: string;
  readonly op: OpKind;
  /** Hash of the operation's input, where it has one. */
  readonly inputHash?: string;
  /** When it fires or times out. */
  readonly dueAtMs?: number;
  /** Why a step's start is recorded: it must not run twice, or it may have ended its process before. */
  readonly why?: "at-most-once" | "suspect";
  /** Signal awaited, child run, or the question put. */
  readonly signal?: string;
  readonly child?: { readonly runId: string; readonly workflow: Id; readonly close: "wait" | "cancel" | "detach" };
  readonly question?: Json;
  /** Name and input of an update. */
  readonly update?: { readonly name: string; readonly input?: Json };
}

export type OpKind = "step" | "sleep" | "receive" | "ask" | "call" | "start" | "transaction" | "undo" | "update";

export interface OpEnded {
  readonly type: "op-ended";
  readonly of: number;
  readonly key: string;
  readonly op: OpKind;
  readonly inputHash?: string;
  readonly outcome: Outcome;
  /** Id of the buffered signal that it consumed. */
  readonly signal?: string;
  /** Attempt that ended it; absent for the first. */
  readonly attempt?: number;
}

export type { Schedule };
