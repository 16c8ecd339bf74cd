import {
  type CompiledPlan,
  firstEdgeCell,
  kindAllSkip,
  kindAllWait,
  kindNumberSkip,
  kindNumberWait,
  taskHome,
  taskSize,
  triggerCell,
  triggerEdges,
  triggerIn,
  triggerKind,
  triggerSize,
  triggerTask,
} from "../plan/compiled-plan.ts";
import type { Id } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { cellOf, type Frame } from "./frame.ts";
import { entries } from "./numbered.ts";
import type { RunState } from "./run-state.ts";

export interface HalfFullJoin {
  readonly [key: string]: Json;
  readonly trigger: Id;
  readonly task: Id;
  readonly scope: Json;
  readonly missing: Id[];
}

/** Every half-full join, frames in opening order, then in plan order (rule 26). Looks through the plan: for runs that are stalled. */
export function halfFullJoins(state: RunState): HalfFullJoin[] {
  const joins: HalfFullJoin[] = [];
  const frames = [state.root, ...entries(state.frames)];
  for (const frame of frames) {
    if (frame.halfFull === 0 || frame.kind === "spawn") continue;
    for (let trigger = 0; trigger < state.plan.triggerCount; trigger++) {
      const task = state.plan.triggers[trigger * triggerSize + triggerTask]!;
      if (state.plan.tasks[task * taskSize + taskHome] !== frame.home) continue;
      const missing = missingSources(state.plan, frame, trigger);
      if (missing !== undefined)
        joins.push({
          trigger: state.plan.triggerIds[trigger]!,
          task: state.plan.taskIds[task]!,
          scope: frame.scope,
          missing,
        });
    }
  }
  return joins;
}

/** Sources of the edges that a half-full join still waits for; undefined when it is not half full. */
function missingSources(plan: CompiledPlan, frame: Frame, trigger: number): Id[] | undefined {
  if (!isHalfFull(plan, frame, trigger)) return undefined;
  const record = trigger * triggerSize;
  const number = isNumber(plan, trigger);
  const first = firstEdgeCell(plan, trigger);
  const missing: Id[] = [];
  for (let index = 0; index < plan.triggers[record + triggerEdges]!; index++) {
    const held = cellOf(frame, first + index);
    if (number ? (held & 1) === 0 : held === 0)
      missing.push(plan.taskIds[plan.inEdges[(plan.triggers[record + triggerIn]! + index) * 2]!]!);
  }
  return missing;
}

/** Whether a join holds tokens and has not fired for them (rule 19). */
export function isHalfFull(plan: CompiledPlan, frame: Frame, trigger: number): boolean {
  const kind = plan.triggers[trigger * triggerSize + triggerKind]!;
  if (kind !== kindAllWait && kind !== kindAllSkip && !isNumber(plan, trigger)) return false;
  return cellOf(frame, plan.triggers[trigger * triggerSize + triggerCell]!) > 0;
}

function isNumber(plan: CompiledPlan, trigger: number): boolean {
  const kind = plan.triggers[trigger * triggerSize + triggerKind]!;
  return kind === kindNumberWait || kind === kindNumberSkip;
}
