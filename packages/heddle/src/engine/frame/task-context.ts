import type { Json, Scope, Task } from "@heddle/kernel";
import type { Context } from "../../workflow/context.ts";

/** What a task of a Plan gets: all of a durable function's `ctx`, and the verbs that steer the Plan. */
export interface TaskContext extends Context {
  readonly verbs: VerbContext;
  /** The run that called this one; undefined: none did. */
  readonly parentId: string | undefined;
  readonly task: TaskIdentity;
}

/** Which start of which task the code is run for. */
export interface TaskIdentity {
  readonly id: string;
  /** Which start of this task in its scope, from 1. */
  readonly nth: number;
  /** From 1; grows when the task's policy tries it again. */
  readonly attempt: number;
  /** The path of frames that it runs in: groups, spawns, items. Empty at the root of the Plan. */
  readonly scope: Scope;
  /** What its `does.with` holds, read-only; undefined: nothing. */
  readonly config: Json | undefined;
}

/** Recorded with the task's end and applied then, in order; see "Verbs" in `docs/plan.md`. */
export interface VerbContext {
  write(channel: string, value: unknown): void;
  take(label: string): void;
  spawn(task: string, items: readonly unknown[]): void;
  next(task: string, input?: unknown): void;
  goto(task: string, input?: unknown): void;
  iterate(input: unknown): void;
  /**
   * Add tasks to the run's plan, which others and these may lead to by edges and verbs. They find their code among the plan's by `does.use`. Checked
   * at once against the whole plan; what is there already just so changes nothing.
   *
   * @throws `PLAN_INVALID`, `PLAN_CYCLE` with every fault: names that are taken, edges from tasks that are not there, more tasks than `limits.tasks`;
   *   `HANDLER_UNKNOWN` for code that is not registered
   */
  amend(tasks: Readonly<Record<string, Task>>): void;
  end(how: "ok" | "cancel", value?: unknown): void;
}
