import { taskCell, taskSize, taskSlot } from "../plan/compiled-plan.ts";
import type { Json } from "../value/json.ts";
import { cellIn, cellOf, type Frame, setValue, valueIn } from "./frame.ts";
import type { Outcome } from "./outcome.ts";
import type { RunState } from "./run-state.ts";
import { statusCompleted, statusNone, statusNumber, statusSkipped } from "./status.ts";
import { cellStatus } from "./task-cell.ts";

const skipped: Outcome = { status: "skipped" };

/** Keep how a task ended in a frame. Returns the status by number. */
export function keepOutcome(state: RunState, frame: Frame, task: number, outcome: Outcome): number {
  const record = task * taskSize;
  const cell = cellIn(frame, state.plan.tasks[record + taskCell]!);
  const { columns } = frame;
  const status = statusNumber(outcome.status);
  columns.cells[cell] = (columns.cells[cell]! & ~cellStatus) | status;
  if (outcome.status === "completed") {
    setValue(frame, state.plan.tasks[record + taskSlot]!, outcome.value);
    if (columns.outcomes !== undefined) columns.outcomes.delete(cell);
  } else if (status !== statusSkipped) (columns.outcomes ??= new Map()).set(cell, outcome);
  return status;
}

/** Keep a value that is no end: the last outcome stays what it was. */
export function keepValue(state: RunState, frame: Frame, task: number, value: Json | undefined): void {
  const record = task * taskSize;
  const cell = cellIn(frame, state.plan.tasks[record + taskCell]!);
  const slot = state.plan.tasks[record + taskSlot]!;
  const { columns } = frame;
  if ((columns.cells[cell]! & cellStatus) === statusCompleted && columns.outcomes?.has(cell) !== true) {
    (columns.outcomes ??= new Map()).set(cell, completed(valueIn(frame, slot) as Json | undefined));
  }
  setValue(frame, slot, value);
}

/** How a task last ended in a frame. */
export function outcomeIn(state: RunState, frame: Frame, task: number): Outcome | undefined {
  const record = task * taskSize;
  const cell = state.plan.tasks[record + taskCell]!;
  const status = cellOf(frame, cell) & cellStatus;
  if (status === statusNone) return undefined;
  if (status === statusSkipped) return skipped;
  return (
    frame.columns.outcomes?.get(cellIn(frame, cell)) ?? completed(valueIn(frame, state.plan.tasks[record + taskSlot]!) as Json | undefined)
  );
}

/** Task that a blocked end names, by number; the task itself when that id is none. */
export function blamed(state: RunState, task: number, outcome: Outcome | undefined): number {
  return outcome?.status === "blocked" ? (state.plan.taskNumbers.get(outcome.by) ?? task) : task;
}

export function statusIn(state: RunState, frame: Frame, task: number): number {
  return cellOf(frame, state.plan.tasks[task * taskSize + taskCell]!) & cellStatus;
}

function completed(value: Json | undefined): Outcome {
  return value === undefined ? { status: "completed" } : { status: "completed", value };
}
