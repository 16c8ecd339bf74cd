import { HeddleError, type Id, type Task } from "@heddle/kernel";
import { isToldToCancel, planError } from "@heddle/kernel/internal";
import type { OwnedRun } from "../owned-run.ts";
import type { TaskFrame } from "./task-frame.ts";

/**
 * A task's code wants tasks to be added to its run's plan: kept until it ends, and checked at once. What is there already just so is left out, so
 * that code that runs again may ask again.
 *
 * @throws HeddleError `PLAN_INVALID`, `PLAN_CYCLE`, `HANDLER_UNKNOWN`, `VALUE_TOO_LARGE`, `SECRET_IN_VALUE`
 */
export function amend(frame: TaskFrame, tasks: Readonly<Record<Id, Task>>): void {
  const { run } = frame;
  const { plan } = run.journaled;
  const added = Object.entries(tasks).filter(([id, task]) => !plan.has(id, task));
  const wanted = Object.fromEntries([...Object.entries(frame.amendments ?? {}), ...added]);
  const faults = plan.faults(wanted, wantedIn(run));
  if (faults.length > 0) throw planError(`What task "${frame.command.task}" adds to plan "${run.workflow}"`, faults);
  for (const [id, task] of added) {
    if (!("use" in task.does) || run.definition.tasks.hasCode(id, task)) continue;
    throw new HeddleError(
      "HANDLER_UNKNOWN",
      `Task "${id}", which "${frame.command.task}" adds to plan "${run.workflow}", does "${task.does.use}": no code is registered for that.`,
      { data: { task: id, use: task.does.use } },
    );
  }
  // As it will be read from the journal; nothing that the caller changes later.
  const copy = JSON.parse(JSON.stringify(wanted)) as Record<Id, Task>;
  run.keep(copy, "the tasks that are added", "");
  frame.amendments = copy;
}

/** The task has completed: what it wanted to add is recorded directly before that. */
export function recordAmendments(frame: TaskFrame): void {
  const { run, amendments, command } = frame;
  if (amendments === null || isToldToCancel(run.state, command.no)) return;
  // Another task may have added the same meanwhile.
  const tasks = Object.fromEntries(Object.entries(amendments).filter(([id]) => run.journaled.taskOf(id) === undefined));
  if (Object.keys(tasks).length > 0) run.record({ type: "plan-amended", atMs: run.stampMs(), tasks });
}

/** What the tasks under way are about to add. */
function wantedIn(run: OwnedRun): ReadonlyMap<Id, Task> {
  const wanted = new Map<Id, Task>();
  for (const { amendments } of run.frames.all()) for (const [id, task] of Object.entries(amendments ?? {})) wanted.set(id, task);
  return wanted;
}
