import type { ErrorValue } from "@heddle/kernel";
import { Operation } from "./operation.ts";
import type { StepPlan } from "./step-plan.ts";
import type { TaskFrame } from "./task-frame.ts";

/** A completed step that can be undone. */
export interface Undo {
  readonly key: string;
  readonly result: unknown;
  readonly plan: StepPlan;
}

/** Undo completed steps, newest first, each recorded as an operation of its own; then call back, with the first error that came of it. */
export function undoAll(frame: TaskFrame, undo: Undo[], done: (failure: ErrorValue | null) => void): void {
  let failure: ErrorValue | null = null;
  const next = (): void => {
    const entry = undo.pop();
    if (entry === undefined) {
      done(failure);
      return;
    }
    const { key, plan, result } = entry;
    const operation = new Operation(`${key}/undo`, "undo", null, (outcome) => {
      if (outcome.status !== "completed" && "error" in outcome && outcome.error !== undefined) failure ??= outcome.error;
      next();
    });
    operation.step = { ...plan, run: (step) => plan.compensate?.(result as never, step), once: false, compensate: undefined };
    frame.issue(operation);
  };
  next();
}
