import {
  edgeCell,
  edgeTrigger,
  firstEdgeCell,
  flagSkippable,
  kindAllSkip,
  kindAllWait,
  kindAnySkip,
  kindEach,
  kindLoneSkip,
  kindNumberSkip,
  kindNumberWait,
  taskCell,
  taskFirstTrigger,
  taskFlags,
  taskSize,
  taskTriggers,
  triggerCell,
  triggerEdges,
  triggerIdle,
  triggerKind,
  triggerNeed,
  triggerSize,
  triggerTask,
} from "../plan/compiled-plan.ts";
import { cellIn, type Cells, type Frame } from "./frame.ts";
import type { RunState } from "./run-state.ts";
import { satisfy } from "./start-task.ts";
import { statusBlocked, statusSkipped } from "./status.ts";
import { cellStarted, cellStatus } from "./task-cell.ts";
import { taintOf, tokenTaken, tokenUntaken } from "./token.ts";

// What a trigger's cells hold, from `triggerCell` on. `S`: 0, or 1 once it is skipped, or 2 + the number of the failed task.
// all, wait     [edges with a token]            then per edge: tokens
// all, skip     [edges with a token, S]         then per edge: its oldest token; younger ones stand in `columns.waiting`
// any, skip     [edges with an untaken token, or -1 once a taken one came, S]   then per edge: note
// number, wait  [taken tokens, or -1 when done]    then per edge: note
// number, skip  [taken tokens, or -1 when done, S, untaken tokens]   then per edge: note
// A note is 1 if a taken token came, plus twice the first tainted untaken token, else any untaken one, else 0.
// `idle` adds a cell before those of the edges: 1 while it is ready.

/** One token arrives on an edge (rules 13 to 15). */
export function deliver(state: RunState, frame: Frame, edge: number, token: number): void {
  state.visits++;
  const { edges, triggers } = state.plan;
  const trigger = edges[edge + edgeTrigger]!;
  const kind = triggers[trigger * triggerSize + triggerKind]!;
  switch (kind) {
    case kindEach:
      if (token === tokenTaken) satisfy(state, frame, trigger);
      return;
    case kindLoneSkip:
      if (token === tokenTaken) satisfy(state, frame, trigger);
      else skipTask(state, frame, triggers[trigger * triggerSize + triggerTask]!, taintOf(token));
      return;
    case kindAllWait:
      if (token === tokenTaken) countAll(state, frame, trigger, edges[edge + edgeCell]!);
      return;
    case kindAllSkip:
      gatherAll(state, frame, trigger, edges[edge + edgeCell]!, token);
      return;
    case kindAnySkip:
      deliverAny(state, frame, trigger, edges[edge + edgeCell]!, token);
      return;
    case kindNumberWait:
    case kindNumberSkip:
      deliverNumber(state, frame, trigger, edges[edge + edgeCell]!, token, kind === kindNumberSkip);
      return;
    default:
      throw new Error(`An edge leads into a trigger of kind ${kind}.`);
  }
}

function countAll(state: RunState, frame: Frame, trigger: number, edgeCellNumber: number): void {
  const { triggers } = state.plan;
  const record = trigger * triggerSize;
  const arrived = cellIn(frame, triggers[record + triggerCell]!);
  const mine = cellIn(frame, edgeCellNumber);
  const { cells } = frame.columns;
  if (cells[mine]! > 0) {
    if (state.round === undefined) cells[mine]!++;
    return;
  }
  cells[mine] = 1;
  const count = cells[arrived]! + 1;
  const wanted = triggers[record + triggerEdges]!;
  if (count < wanted) {
    cells[arrived] = count;
    if (count === 1) frame.halfFull++;
    return;
  }
  state.visits += wanted;
  const first = firstEdgeCell(state.plan, trigger);
  let left = 0;
  if (frame.item < 0) {
    for (let cell = first; cell < first + wanted; cell++) if (--cells[cell]! > 0) left++;
  } else {
    for (let cell = first; cell < first + wanted; cell++) if (--cells[cellIn(frame, cell)]! > 0) left++;
  }
  cells[arrived] = left;
  if (left === 0) frame.halfFull--;
  satisfy(state, frame, trigger);
}

function gatherAll(state: RunState, frame: Frame, trigger: number, edgeCellNumber: number, token: number): void {
  const { triggers } = state.plan;
  const record = trigger * triggerSize;
  const arrived = cellIn(frame, triggers[record + triggerCell]!);
  const mine = cellIn(frame, edgeCellNumber);
  const { columns } = frame;
  const { cells } = columns;
  if (cells[mine] !== 0) {
    if (state.round !== undefined) return;
    columns.waiting ??= new Map();
    const queue = columns.waiting.get(mine);
    if (queue === undefined) columns.waiting.set(mine, [token]);
    else queue.push(token);
    return;
  }
  cells[mine] = token;
  const count = cells[arrived]! + 1;
  const wanted = triggers[record + triggerEdges]!;
  if (count < wanted) {
    cells[arrived] = count;
    if (count === 1) frame.halfFull++;
    return;
  }
  state.visits += wanted;
  const first = firstEdgeCell(state.plan, trigger);
  let left = 0;
  let untaken = false;
  let by = -1;
  for (let cell = first; cell < first + wanted; cell++) {
    const place = cellIn(frame, cell);
    const consumed = cells[place]!;
    cells[place] = nextWaiting(frame, place);
    if (cells[place] !== 0) left++;
    if (consumed === tokenTaken) continue;
    untaken = true;
    if (by < 0) by = taintOf(consumed);
  }
  cells[arrived] = left;
  if (wanted > 1 && left === 0) frame.halfFull--;
  if (untaken) skipTrigger(state, frame, trigger, by);
  else satisfy(state, frame, trigger);
}

function nextWaiting(frame: Frame, place: number): number {
  const waiting = frame.columns.waiting;
  const queue = waiting?.get(place);
  if (waiting === undefined || queue === undefined) return 0;
  const token = queue.shift()!;
  if (queue.length === 0) waiting.delete(place);
  return token;
}

function deliverAny(state: RunState, frame: Frame, trigger: number, edgeCellNumber: number, token: number): void {
  const header = cellIn(frame, state.plan.triggers[trigger * triggerSize + triggerCell]!);
  const mine = cellIn(frame, edgeCellNumber);
  const { cells } = frame.columns;
  if (token === tokenTaken) {
    cells[header] = -1;
    satisfy(state, frame, trigger);
    return;
  }
  const first = cells[mine] === 0;
  note(cells, mine, token);
  if (!first || cells[header] === -1) return;
  cells[header]!++;
  if (cells[header] === state.plan.triggers[trigger * triggerSize + triggerEdges])
    skipTrigger(state, frame, trigger, firstTaint(state, frame, trigger));
}

function deliverNumber(state: RunState, frame: Frame, trigger: number, edgeCellNumber: number, token: number, skips: boolean): void {
  const record = trigger * triggerSize;
  const { triggers } = state.plan;
  const taken = cellIn(frame, triggers[record + triggerCell]!);
  const untaken = skips ? cellIn(frame, triggers[record + triggerCell]! + 2) : 0;
  const mine = cellIn(frame, edgeCellNumber);
  const { cells } = frame.columns;
  if (cells[taken] === -1) return;
  const need = triggers[record + triggerNeed]! & ~triggerIdle;
  if (token === tokenTaken) {
    cells[mine]! |= 1;
    const count = cells[taken]! + 1;
    if (count === 1 && need > 1) frame.halfFull++;
    cells[taken] = count;
    if (count < need) return;
    if (need > 1) frame.halfFull--;
    cells[taken] = -1;
    satisfy(state, frame, trigger);
    return;
  }
  if (!skips) return;
  note(cells, mine, token);
  cells[untaken]!++;
  if (triggers[record + triggerEdges]! - cells[untaken]! >= need) return;
  if (cells[taken]! > 0) frame.halfFull--;
  cells[taken] = -1;
  skipTrigger(state, frame, trigger, firstTaint(state, frame, trigger));
}

function note(cells: Cells, place: number, token: number): void {
  const kept = cells[place]! >> 1;
  if (kept === 0 || (kept === tokenUntaken && token !== tokenUntaken)) cells[place] = (cells[place]! & 1) | (token << 1);
}

/** The failed task that the first tainted edge names, in edge order. */
function firstTaint(state: RunState, frame: Frame, trigger: number): number {
  const first = firstEdgeCell(state.plan, trigger);
  const end = first + state.plan.triggers[trigger * triggerSize + triggerEdges]!;
  state.visits += end - first;
  for (let cell = first; cell < end; cell++) {
    const by = taintOf(frame.columns.cells[cellIn(frame, cell)]! >> 1);
    if (by >= 0) return by;
  }
  return -1;
}

/** The join cannot fire. Once all triggers of its task are skipped, so is the task (rule 18). */
function skipTrigger(state: RunState, frame: Frame, trigger: number, by: number): void {
  const { plan } = state;
  const mark = cellIn(frame, plan.triggers[trigger * triggerSize + triggerCell]! + 1);
  if (frame.columns.cells[mark] !== 0) return;
  frame.columns.cells[mark] = by < 0 ? 1 : 2 + by;
  const task = plan.triggers[trigger * triggerSize + triggerTask]!;
  const record = task * taskSize;
  if ((plan.tasks[record + taskFlags]! & flagSkippable) === 0) return;
  const triggers = plan.tasks[record + taskTriggers]!;
  if (triggers === 1) {
    skipTask(state, frame, task, by);
    return;
  }
  const count = cellIn(frame, plan.tasks[record + taskCell]! + (plan.superstep ? 2 : 1));
  frame.columns.cells[count]!++;
  if (frame.columns.cells[count] !== triggers) return;
  let first = -1;
  for (let at = plan.tasks[record + taskFirstTrigger]!, end = at + triggers; at < end && first < 0; at++) {
    state.visits++;
    first = frame.columns.cells[cellIn(frame, plan.triggers[at * triggerSize + triggerCell]! + 1)]! - 2;
  }
  skipTask(state, frame, task, Math.max(first, -1));
}

/** The task ends skipped or blocked, unless it was started or has ended so before; its edges deliver when its turn comes. */
function skipTask(state: RunState, frame: Frame, task: number, by: number): void {
  const cell = cellIn(frame, state.plan.tasks[task * taskSize + taskCell]!);
  const { columns } = frame;
  if ((columns.cells[cell]! & (cellStarted | cellStatus)) !== 0) return;
  columns.cells[cell]! |= by < 0 ? statusSkipped : statusBlocked;
  if (by >= 0) (columns.outcomes ??= new Map()).set(cell, { status: "blocked", by: state.plan.taskIds[by]! });
  state.line.push({ frame, task, by });
}
