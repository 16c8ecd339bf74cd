import type { Json } from "../value/json.ts";
import type { RetryPolicy } from "../retry/retry-policy.ts";

/**
 * The Plan: what a run may do, as data. Every way of writing work compiles to it; the kernel reads nothing else.
 * `docs/plan.md` gives the meaning of each part, rule by rule; `planSchema` is the same shape as JSON Schema.
 */
export interface Plan {
  /** Version of the Plan format, not of the user's workflow. */
  readonly heddle: 1;
  readonly name: Id;
  /**
   * `eager`: a task starts as soon as its trigger fires. `superstep`: tasks run in rounds; writes and tokens of a
   * round take effect together when its last task has ended, in plan order.
   */
  readonly discipline: "eager" | "superstep";
  readonly tasks: Readonly<Record<Id, Task>>;
  readonly channels?: Readonly<Record<Id, Channel>>;
  /** What the run returns; default: the values of the tasks without successors, by task id. */
  readonly output?: { readonly task: Id } | { readonly channels: readonly Id[] };
  /**
   * What a failure that nothing catches does: `stop` (default) cancels the rest, `drain` lets the rest go on; both end the run
   * failed. `keep` lets the rest go on, and the run ends completed: who reads its value has to look at what failed.
   */
  readonly failure?: Failure | "keep";
  readonly limits?: Limits;
}

/** Name of a task, channel, trigger, label or handler: starts with a letter, digit or `_`; then also `.`, `-`, `:`, `/`; at most 128 characters; not `__proto__`. */
export type Id = string;

/** A registered piece of user code by name, with its JSON configuration. */
export interface Ref {
  readonly use: Id;
  readonly with?: Json;
}

export type Failure = "stop" | "drain";

export interface Limits {
  /** Most activations in the run; the next one ends it failed with `STEP_LIMIT`. Default 1,000,000. */
  readonly activations?: number;
  /** Most rounds of a superstep plan; the next one ends it failed with `STEP_LIMIT`. Default: no limit of its own. */
  readonly rounds?: number;
  /** Most tasks that a run's plan may come to have by amendments; one that would pass it is refused. Default 100,000. */
  readonly tasks?: number;
}

export interface Task {
  readonly does: Ref | SubPlan | Group;
  /** What starts it. Empty: only the verbs `next`, `goto` and `spawn` do. */
  readonly when: readonly Trigger[];
  /** Channels that it writes; a write to another one is refused. Absent: it may write any. */
  readonly writes?: readonly Id[];
  /** JSON Schemas of input and output: for forms, diagrams and checks at the border. */
  readonly input?: Json;
  readonly output?: Json;
  readonly policy?: Policy;
  /** For people and diagrams. */
  readonly title?: string;
  /** Where its verbs may lead besides its edges: for diagrams alone, nothing follows from it. */
  readonly leads?: readonly Lead[];
}

/** `sends`: it spawns that task. `goes`: it starts that task by a verb. `ends`: nothing comes after it, with this label. */
export type Lead =
  | { readonly sends: Id; readonly label?: string }
  | { readonly goes: Id; readonly label?: string }
  | { readonly ends: true; readonly label?: string };

/** A child run of a registered workflow; its output is the task's. */
export interface SubPlan {
  readonly plan: Id;
  readonly version?: string;
}

/** A task made of member tasks. It ends when nothing in it is left to do; then `policy` judges the members' outcomes. */
export interface Group {
  readonly group: readonly Id[];
  readonly policy: Ref;
  /** A failure of a member that nothing catches: `drain` (default) lets its siblings go on, `stop` cancels them. */
  readonly failure?: Failure;
}

export interface Policy {
  readonly retry?: RetryPolicy;
  /** Longest time of one attempt, its waits included, in milliseconds; then it ends `timed-out`. */
  readonly attemptTimeoutMs?: number;
  /** Longest time of the task over all attempts and the waits between them, in milliseconds; no attempt follows then. */
  readonly timeoutMs?: number;
  /** Higher goes first among what is due. Default 0. */
  readonly priority?: number;
  /** `at-most-once` records the start first and never starts again after a crash: the outcome is then `unknown`. Default `at-least-once`. */
  readonly effect?: "at-least-once" | "at-most-once";
}

export type Trigger = ControlTrigger | DataTrigger | TimeTrigger;

/** Fires on the ends of other tasks of the same group. */
export interface ControlTrigger {
  readonly id: Id;
  /** Empty: fires when its frame opens. */
  readonly after: readonly Edge[];
  /** `all`: one token per edge. `any`: each token. A number k: once per frame, when k edges have delivered; what comes later is swallowed. */
  readonly join: "all" | "any" | number;
  /** Tokens of edges that were not taken: `wait` ignores them; `skip` counts them, and skips the task when the join cannot fire. */
  readonly untaken: "skip" | "wait";
  /** Once satisfied, waits until nothing else is due in its frame. */
  readonly idle?: true;
}

export interface Edge {
  readonly from: Id;
  /** `ok`: completed. `failed`: failed, timed out or unknown, and it counts as caught. `skipped`: skipped or blocked. `ended`: any end. `drained`: all items of its last spawn, and what they led to, are done. */
  readonly on: "ok" | "failed" | "skipped" | "ended" | "drained";
  /** Taken only if the task took this label. Only with `ok`. */
  readonly label?: Id;
}

/** Fires when published artifacts fill all its slots. */
export interface DataTrigger {
  readonly id: Id;
  readonly on: readonly Slot[];
  /** What artifacts must share to meet: one gate per distinct value. */
  readonly by: readonly ("tenant" | "corr" | "key")[];
  /** A half-full gate is dropped `ms` after its first artifact, or when its first artifact is older than the last `count` matched ones. Not with `batch`. */
  readonly within?: { readonly ms?: number; readonly count?: number };
  /** Collect: fires at `size` artifacts, or `ms` after the first with what is there. Only with one slot. */
  readonly batch?: { readonly size?: number; readonly ms?: number };
}

export interface Slot {
  readonly slot: number;
  /** A `log` channel's artifact type. */
  readonly type: Id;
  readonly count: number;
  readonly where?: Ref;
  readonly key?: Ref;
}

/** Fires by the clock. Only in the root frame. */
export interface TimeTrigger {
  readonly id: Id;
  readonly at: Schedule;
}

/** Points in time, in milliseconds: `at` is since the epoch, the others since the run started. */
export type Schedule = { readonly atMs: number } | { readonly afterMs: number } | { readonly everyMs: number; readonly times?: number };

export type Channel =
  /** Last write. Two writers in one round, or two that could run at once, are a conflict. */
  | { readonly kind: "value"; readonly initial?: Json }
  /** Last write, in canonical order within a round. Several writers are no conflict; in an eager plan which one comes last is a matter of time. */
  | { readonly kind: "last"; readonly initial?: Json }
  /** What was written in the last round only: its close takes the value away before the round's writes apply. Conflicts as `value`. Superstep plans only. */
  | { readonly kind: "ephemeral"; readonly initial?: Json }
  /** Array; a write appends one element. */
  | { readonly kind: "append"; readonly initial?: readonly Json[] }
  /** Number; a write is added. */
  | { readonly kind: "sum"; readonly initial?: number }
  /** Object; a write `{ k: v }` sets those keys. */
  | { readonly kind: "put"; readonly initial?: { readonly [key: string]: Json } }
  /**
   * List of objects that differ in their field `key`, a text or a number; a write is a `KeyedWrite`. An object that is put takes
   * the place of the one with its key, or goes to the end.
   */
  | { readonly kind: "keyed"; readonly key: string; readonly initial?: readonly Json[] }
  /** The user's reducer, evaluated by the engine; the event carries the whole merged value. */
  | { readonly kind: "fold"; readonly reducer: Ref; readonly initial?: Json }
  /** Artifacts of one type on a board; the state holds only cursors. */
  | { readonly kind: "log"; readonly type: Id };

/** A write to a `keyed` channel; its parts take effect in this order. Keys are compared by type and value: 1 is not "1". */
export interface KeyedWrite {
  /** Take everything out first. */
  readonly clear?: true;
  /** Take out the objects with these keys; a key that is not there changes nothing. */
  readonly remove?: readonly (string | number)[];
  /** Objects that each have the channel's key. */
  readonly put?: readonly { readonly [field: string]: Json }[];
}
