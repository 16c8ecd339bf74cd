import type { RunState, Scope } from "@heddle/kernel";
import {
  firstEdgeCell,
  kindAllSkip,
  kindAllWait,
  kindNumberSkip,
  kindNumberWait,
  taskHome,
  taskSize,
  triggerCell,
  triggerEdges,
  triggerKind,
  triggerSize,
  triggerTask,
} from "../../src/plan/compiled-plan.ts";
import { cellOf, type Frame } from "../../src/run/frame.ts";
import { entries } from "../../src/run/numbered.ts";
import type { JoinCensus } from "./oracle.ts";

/** Every control join of the kernel that holds tokens, in the interpreter's form. Reads the kernel's own cells. */
export function kernelCensus(state: RunState): JoinCensus[] {
  const found: JoinCensus[] = [];
  for (const frame of [state.root, ...entries(state.frames)]) {
    if (frame.kind === "spawn" || frame.stopped) continue;
    for (let trigger = 0; trigger < state.plan.triggerCount; trigger += 1) {
      const task = at(state.plan.triggers, trigger * triggerSize + triggerTask);
      if (at(state.plan.tasks, task * taskSize + taskHome) !== frame.home) continue;
      const tokens = tokensOf(state, frame, trigger);
      if (tokens > 0) found.push({ scope: frame.scope, trigger: state.plan.triggerIds[trigger] ?? "", tokens });
    }
  }
  return found;
}

/** Scopes of the frames that the kernel keeps, in opening order. */
export function kernelFrames(state: RunState): Scope[] {
  return [state.root, ...entries(state.frames)].filter(({ kind }) => kind !== "spawn").map(({ scope }) => scope);
}

/** How many functions' operations the kernel keeps. */
export function kernelFunctions(state: RunState): number {
  return state.functions?.open.size ?? 0;
}

function tokensOf(state: RunState, frame: Frame, trigger: number): number {
  const { triggers } = state.plan;
  const kind = at(triggers, trigger * triggerSize + triggerKind);
  if (kind === kindNumberWait || kind === kindNumberSkip)
    return Math.max(0, cellOf(frame, at(triggers, trigger * triggerSize + triggerCell)));
  if (kind !== kindAllWait && kind !== kindAllSkip) return 0;
  const first = firstEdgeCell(state.plan, trigger);
  let tokens = 0;
  for (let cell = first; cell < first + at(triggers, trigger * triggerSize + triggerEdges); cell += 1) {
    const held = cellOf(frame, cell);
    if (kind === kindAllWait) tokens += held;
    else if (held !== 0) tokens += 1 + (frame.columns.waiting?.get(placeOf(frame, cell))?.length ?? 0);
  }
  return tokens;
}

function placeOf(frame: Frame, cell: number): number {
  return frame.item < 0 ? cell : (frame.columns.starts?.get(cell) ?? 0) + frame.item;
}

function at(table: Int32Array, index: number): number {
  const value = table[index];
  if (value === undefined) throw new RangeError(`no cell ${index}`);
  return value;
}
