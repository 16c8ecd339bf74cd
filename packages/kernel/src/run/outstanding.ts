import type { Command } from "./command.ts";
import type { RunState } from "./run-state.ts";

/** What was commanded and is not answered yet, by `no`: what a restarted engine has to do again. `cancel-task` and `cancel-timer` ask for no answer. */
export function outstanding(state: RunState): readonly Command[] {
  const commands: Command[] = [];
  for (let index = state.liveFree; index < state.live.length; index++) {
    const record = state.live[index];
    if (record !== undefined && record.type !== "open-group") commands.push(record);
  }
  return commands;
}
