import type { Json, RunState, StartTask } from "@heddle/kernel";

/**
 * Where a task's input comes from. What it takes of the state when an activation begins is kept for its further attempts and for the time after a
 * crash: the state may hold something else by then. `Given` is opaque to all others; it holds values as they came with their events, by reference.
 */
export interface InputSource<Given = unknown> {
  /** What the state holds for it now; null: its input comes from elsewhere, the verb that started it or the run's input. */
  take(state: RunState, command: StartTask): Given | null;
  /** The input that the code is given, a copy of its own. @param runInput gives a copy of the run's input */
  read(given: Given, command: StartTask, runInput: () => unknown): unknown;
  /** Whether the state by itself would give the same, by identity: then a snapshot need not keep it. */
  isStillHeld(state: RunState, command: StartTask, given: Given): boolean;
  /** As JSON, for a snapshot. */
  write(given: Given): Json;
  parse(json: Json): Given;
}
