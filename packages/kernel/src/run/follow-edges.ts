import { edgeNext, edgeOn, onDrained, onLabelled, taskOut, taskSize } from "../plan/compiled-plan.ts";
import type { Id } from "../plan/plan.ts";
import type { Frame } from "./frame.ts";
import { deliver } from "./joins.ts";
import type { RunState } from "./run-state.ts";
import { statusBlocked, statusSkipped, taintBits } from "./status.ts";
import { taintedBy, tokenTaken, tokenUntaken } from "./token.ts";

export const noLabels: readonly Id[] = [];

/** Each edge out of an ended task delivers, in order (rules 7 and 8). `by`: the task that a tainted token names. `gone`: it went elsewhere. */
export function followEdges(
  state: RunState,
  frame: Frame,
  task: number,
  status: number,
  by: number,
  labels: readonly Id[],
  gone: boolean,
): void {
  const { edges, tasks } = state.plan;
  const untaken = ((taintBits >> status) & 1) === 0 ? tokenUntaken : taintedBy(by);
  for (let edge = tasks[task * taskSize + taskOut]!; edge !== -1; edge = edges[edge + edgeNext]!) {
    const on = edges[edge + edgeOn]!;
    if ((on & onDrained) !== 0) continue;
    const taken = !gone && ((on >> status) & 1) !== 0 && ((on & onLabelled) === 0 || labels.includes(state.plan.labels.get(edge)!));
    deliver(state, frame, edge, taken ? tokenTaken : untaken);
    // A limit may have ended the run: not one more token is delivered.
    if (state.phase !== "running") return;
  }
}

/** The edges that wait for a spawn of this task to drain deliver (rule 10). */
export function followDrained(state: RunState, frame: Frame, task: number): void {
  const { edges, tasks } = state.plan;
  for (let edge = tasks[task * taskSize + taskOut]!; edge !== -1 && state.phase === "running"; edge = edges[edge + edgeNext]!) {
    if ((edges[edge + edgeOn]! & onDrained) !== 0) deliver(state, frame, edge, tokenTaken);
  }
}

/** Tasks that were skipped deliver their edges, first in, first out, until none is left (rule 18). */
export function workOffLine(state: RunState): void {
  const { line } = state;
  for (let index = 0; index < line.length; index++) {
    if (state.phase !== "running") break;
    const { frame, task, by } = line[index]!;
    followEdges(state, frame, task, by < 0 ? statusSkipped : statusBlocked, by, noLabels, false);
  }
  if (line.length > 0) line.length = 0;
}
