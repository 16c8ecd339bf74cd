import { addTasks, ownTables } from "../plan/compile.ts";
import {
  kindOpening,
  rootHome,
  taskHome,
  taskSize,
  triggerEdges,
  triggerIn,
  triggerKind,
  triggerSize,
  triggerTask,
} from "../plan/compiled-plan.ts";
import type { Id, Task } from "../plan/plan.ts";
import { taskList } from "../plan/task-list.ts";
import { deliverAgain } from "./deliver-again.ts";
import { moreCells } from "./frame.ts";
import type { RunState } from "./run-state.ts";
import { satisfy } from "./start-task.ts";
import { setTimeTriggers } from "./timers.ts";

/** Add tasks to the run's plan (rule 31). The first amendment copies the plan's tables; later ones cost what they add. */
export function amendPlan(state: RunState, tasks: Readonly<Record<Id, Task>>): void {
  const first = state.plan.triggerCount;
  addToPlan(state, tasks);
  if (state.phase !== "running") return;
  const { plan, root } = state;
  for (let trigger = first; trigger < plan.triggerCount; trigger++) {
    if (!isAtRoot(state, trigger)) continue;
    const begin = plan.triggers[trigger * triggerSize + triggerIn]!;
    for (let place = begin; place < begin + plan.triggers[trigger * triggerSize + triggerEdges]!; place++) {
      deliverAgain(state, plan.inEdges[place * 2]!, plan.inEdges[place * 2 + 1]!);
    }
  }
  for (let trigger = first; trigger < plan.triggerCount; trigger++) {
    if (isAtRoot(state, trigger) && plan.triggers[trigger * triggerSize + triggerKind] === kindOpening) satisfy(state, root, trigger);
  }
  setTimeTriggers(state, first);
}

/** The tables and the root's cells, without what follows from the tasks. */
export function addToPlan(state: RunState, tasks: Readonly<Record<Id, Task>>): void {
  if (state.amendments === undefined) {
    state.amendments = [];
    state.plan = ownTables(state.plan);
  }
  addTasks(state.plan, taskList(tasks));
  state.amendments.push(tasks);
  state.root.columns.cells = moreCells(state.root.columns.cells, state.plan.homes[rootHome]!.cells);
}

function isAtRoot(state: RunState, trigger: number): boolean {
  return state.plan.tasks[state.plan.triggers[trigger * triggerSize + triggerTask]! * taskSize + taskHome] === rootHome;
}
