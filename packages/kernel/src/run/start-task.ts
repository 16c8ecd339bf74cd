import {
  taskCell,
  taskFirstTrigger,
  taskOpens,
  taskSize,
  triggerCell,
  triggerIdle,
  triggerKind,
  triggerNeed,
  triggerSize,
  triggerTask,
  headerSize,
} from "../plan/compiled-plan.ts";
import type { Id } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { endByLimit } from "./ending.ts";
import { cellIn, type Frame, newFrame, row } from "./frame.ts";
import { boardOf, issue, type OpenGroup, type Opening, type OpenTask, rootHistory, type RunState } from "./run-state.ts";
import { add, numbered } from "./numbered.ts";
import { pushQuiet } from "./quiet.ts";
import type { Scope } from "./scope.ts";
import { cellStarted, nthOne, nthShift } from "./task-cell.ts";

/** No trigger: a verb or a reset starts the task. */
export const noTrigger = -1;

/**
 * Start a task in a frame: command it, or open its frame if it is a group. `scope` is the frame's but for what a data trigger starts.
 * Does nothing once the run is no longer running.
 */
export function startTask(
  state: RunState,
  frame: Frame,
  task: number,
  trigger: number,
  input: Json | undefined,
  consumed: readonly Id[] | undefined,
  scope: Scope,
): void {
  if (state.phase !== "running") return;
  const { plan } = state;
  const record = task * taskSize;
  const opens = plan.tasks[record + taskOpens]!;
  if (opens < 0 && state.round !== undefined && !joinRound(state)) return;
  if (state.activations >= plan.maxActivations) {
    endByLimit(
      state,
      `The run has started ${plan.maxActivations} activations, which is its limit; "${plan.taskIds[task]}" was not started. Raise limits.activations if that is meant.`,
    );
    return;
  }
  state.activations++;
  const cell = cellIn(frame, plan.tasks[record + taskCell]!);
  const { cells } = frame.columns;
  let nth: number;
  if (scope === frame.scope) {
    cells[cell] = (cells[cell]! + nthOne) | cellStarted;
    nth = cells[cell] >> nthShift;
  } else {
    cells[cell] = cells[cell]! | cellStarted;
    nth = countInScope(state, task, scope);
  }
  frame.live++;
  const no = ++state.lastNo;
  if (frame.inside !== undefined) frame.inside.activations.add(no);
  const triggerId = trigger === noTrigger ? undefined : plan.triggerIds[trigger];
  if (opens >= 0) {
    const group: OpenGroup = {
      type: "open-group",
      task: plan.taskIds[task]!,
      scope,
      nth,
      attempt: 1,
      no,
      trigger: triggerId,
      input,
      consumed,
      notBeforeMs: undefined,
      at: task,
      frame: frame.serial,
      inner: state.lastFrame + 1,
    };
    add(state.live, no, group);
    if (frame.serial === 0) rememberStart(state, task, trigger, group);
    openGroup(state, frame, group, opens);
    return;
  }
  const start: OpenTask = {
    type: "start-task",
    task: plan.taskIds[task]!,
    scope,
    nth,
    attempt: 1,
    no,
    trigger: triggerId,
    input,
    consumed,
    notBeforeMs: undefined,
    at: task,
    frame: frame.serial,
  };
  add(state.live, no, start);
  state.openCount++;
  if (state.round !== undefined) state.round.open++;
  if (frame.serial === 0) rememberStart(state, task, trigger, start);
  issue(state, start);
}

/** Start the task of a control trigger that fires; in a superstep plan at most once per round (rule 16). */
export function startByTrigger(state: RunState, frame: Frame, trigger: number): void {
  const task = state.plan.triggers[trigger * triggerSize + triggerTask]!;
  if (state.round !== undefined) {
    const round = state.round.open > 0 ? state.round.number : state.round.number + 1;
    const mark = cellIn(frame, state.plan.tasks[task * taskSize + taskCell]! + 1);
    if (frame.columns.cells[mark] === round) return;
    frame.columns.cells[mark] = round;
  }
  startTask(state, frame, task, trigger, undefined, undefined, frame.scope);
}

/** A satisfied trigger fires, or waits until nothing else is due. */
export function satisfy(state: RunState, frame: Frame, trigger: number): void {
  if (state.restarted !== undefined && state.restarted.has(state.plan.triggers[trigger * triggerSize + triggerTask]!)) return;
  if ((state.plan.triggers[trigger * triggerSize + triggerNeed]! & triggerIdle) !== 0) markReady(state, frame, trigger);
  else startByTrigger(state, frame, trigger);
}

/** All idle triggers that are ready fire, in order (rule 17). */
export function fireReady(state: RunState, frame: Frame): void {
  const ready = frame.ready!.sort((a, b) => a - b);
  frame.ready = undefined;
  for (const trigger of ready) frame.columns.cells[cellIn(frame, readyCell(state, trigger))] = 0;
  for (const trigger of ready) startByTrigger(state, frame, trigger);
}

/** Fire what starts with a frame, in order; groups that open on the way are filled before the rest, without recursion. */
export function fillFrame(state: RunState, frame: Frame): void {
  if (state.opening.length > 0) {
    state.opening.push({ frame, next: 0 });
    return;
  }
  const opening: Opening[] = [{ frame, next: 0 }];
  state.opening = opening;
  for (let top = opening.at(-1); top !== undefined; top = opening.at(-1)) {
    const triggers = state.plan.homes[top.frame.home]!.opening;
    if (top.next === triggers.length || state.phase !== "running") {
      opening.pop();
      if (top.frame.live === 0) pushQuiet(state, top.frame);
      continue;
    }
    satisfy(state, top.frame, triggers[top.next++]!);
  }
}

export function registerFrame(state: RunState, frame: Frame): void {
  frame.parent!.inside?.frames.add(frame);
  add((state.frames ??= numbered(frame.serial)), frame.serial, frame);
}

/** Whether a failure inside may stop the frame, so that what is inside has to be known. */
export function insideOf(parent: Frame, stops: boolean): Frame["inside"] {
  return stops || parent.inside !== undefined ? { activations: new Set(), frames: new Set() } : undefined;
}

/** Make the activation that starts now part of a round; the first one begins it. False: that was one round too many. */
export function joinRound(state: RunState): boolean {
  const round = state.round!;
  if (round.open > 0) return true;
  if (round.number >= state.plan.maxRounds) {
    endByLimit(
      state,
      `The run has made ${round.number} rounds, which is its limit. Raise limits.rounds (of a graph: stepLimit) if that is meant.`,
    );
    return false;
  }
  round.number++;
  return true;
}

function openGroup(state: RunState, parent: Frame, group: OpenGroup, homeNumber: number): void {
  const home = state.plan.homes[homeNumber]!;
  const scope: Scope = [...parent.scope, ["group", group.no]];
  const frame = newFrame(
    ++state.lastFrame,
    "group",
    homeNumber,
    scope,
    parent,
    group.no,
    group.at,
    -1,
    -1,
    row(home),
    insideOf(parent, home.stops),
  );
  // The group's activation is what holds the parent open.
  registerFrame(state, frame);
  fillFrame(state, frame);
}

function markReady(state: RunState, frame: Frame, trigger: number): void {
  const cell = cellIn(frame, readyCell(state, trigger));
  if (frame.columns.cells[cell] === 1) return;
  frame.columns.cells[cell] = 1;
  (frame.ready ??= []).push(trigger);
}

/** The cell after a trigger's header, there if it is `idle`. */
export function readyCell(state: RunState, trigger: number): number {
  const at = trigger * triggerSize;
  return state.plan.triggers[at + triggerCell]! + headerSize[state.plan.triggers[at + triggerKind]!]!;
}

/** What a reset needs beyond the task's first trigger, to start it as it was started last. */
function rememberStart(state: RunState, task: number, trigger: number, record: OpenTask | OpenGroup): void {
  const usual =
    trigger === state.plan.tasks[task * taskSize + taskFirstTrigger] && record.input === undefined && record.consumed === undefined;
  if (!usual) rootHistory(state).starts.set(task, record);
  else if (state.history !== undefined) state.history.starts.delete(task);
}

function countInScope(state: RunState, task: number, scope: Scope): number {
  const { starts } = boardOf(state);
  const key = `${task} ${JSON.stringify(scope)}`;
  const nth = (starts.get(key) ?? 0) + 1;
  starts.set(key, nth);
  return nth;
}
