import type { Command } from "./command.ts";
import { entries } from "./numbered.ts";
import type { RunState } from "./run-state.ts";

/** What was commanded and is not answered yet, by `no`: what a restarted engine has to do again. `cancel-task` and `cancel-timer` ask for no answer. */
export function outstanding(state: RunState): readonly Command[] {
  return entries(state.live).filter((record) => record.type !== "open-group");
}
