import { rootHome, taskHome, taskOut, taskSize, taskSlot } from "../plan/compiled-plan.ts";
import type { Json } from "../value/json.ts";
import { setKey } from "../value/tagged.ts";
import { channelValue } from "./channels.ts";
import { valueIn } from "./frame.ts";
import type { RunOutcome } from "./outcome.ts";
import { statusIn } from "./outcomes.ts";
import type { RunState } from "./run-state.ts";
import { statusCompleted } from "./status.ts";

/** The run's value when nothing else gives it one (rule 25). */
export function completedOutcome(state: RunState): RunOutcome {
  const value = outputOf(state);
  return value === undefined ? { status: "completed" } : { status: "completed", value };
}

function outputOf(state: RunState): Json | undefined {
  const { plan } = state;
  if (plan.output === undefined) {
    const output: Record<string, Json> = {};
    for (const task of plan.sinks) {
      if (plan.tasks[task * taskSize + taskOut] === -1 && statusIn(state, state.root, task) === statusCompleted)
        addEntry(output, plan.taskIds[task]!, valueOf(state, task));
    }
    return output;
  }
  if ("task" in plan.output) {
    const task = plan.taskNumbers.get(plan.output.task);
    return task === undefined || plan.tasks[task * taskSize + taskHome] !== rootHome ? undefined : valueOf(state, task);
  }
  const output: Record<string, Json> = {};
  for (const id of plan.output.channels) {
    const number = plan.channelNumbers.get(id);
    if (number !== undefined) addEntry(output, id, channelValue(state, number));
  }
  return output;
}

function addEntry(output: Record<string, Json>, id: string, value: Json | undefined): void {
  if (value !== undefined) setKey(output, id, value);
}

function valueOf(state: RunState, task: number): Json | undefined {
  return valueIn(state.root, state.plan.tasks[task * taskSize + taskSlot]!) as Json | undefined;
}
