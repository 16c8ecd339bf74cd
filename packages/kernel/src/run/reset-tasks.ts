import {
  edgeNext,
  edgeOn,
  edgeTrigger,
  firstEdgeCell,
  flagSkippable,
  hasEdgeCells,
  headerSize,
  onDrained,
  rootHome,
  taskCell,
  taskFirstTrigger,
  taskFlags,
  taskHome,
  taskOut,
  taskSize,
  taskSlot,
  taskTriggers,
  triggerCell,
  triggerEdges,
  triggerIdle,
  triggerIn,
  triggerKind,
  triggerNeed,
  triggerSize,
  triggerTask,
} from "../plan/compiled-plan.ts";
import type { Id } from "../plan/plan.ts";
import { canonically } from "./canonical-order.ts";
import { deliverAgain } from "./deliver-again.ts";
import { commandEnd } from "./ending.ts";
import { workOffLine } from "./follow-edges.ts";
import { setValue } from "./frame.ts";
import { isHalfFull } from "./half-full-joins.ts";
import { rootHistory, type RunState } from "./run-state.ts";
import { noTrigger, startTask } from "./start-task.ts";
import { cellStarted, cellStatus, nthShift } from "./task-cell.ts";
import { workOff } from "./work-off.ts";

/** Reopen an ended run: start the named tasks again, and what its end cut off, and let all that they lead to wait for them (rule 32). */
export function resetTasks(state: RunState, names: readonly Id[]): void {
  if (state.limit !== undefined) {
    commandEnd(state, state.limit);
    return;
  }
  const history = rootHistory(state);
  const named = namedTasks(state, names);
  const order = downstream(state, named);
  const set = new Set(order);
  const starters = named.filter(uppermost(state, named, order));
  const held = history.held.filter(({ record }) => !set.has(record.at));
  const late = new Set(held.map(({ record }) => record.at));
  history.cut.clear();
  history.held = [];
  state.phase = "running";
  state.outcome = undefined;
  state.root.live = 0;
  state.failures = state.failures?.filter(({ task }) => !set.has(task));
  const inOrder = order.sort((a, b) => a - b);
  for (const task of inOrder) clearTask(state, task);
  if (state.root.ready !== undefined) {
    state.root.ready = state.root.ready.filter((trigger) => !set.has(state.plan.triggers[trigger * triggerSize + triggerTask]!));
    if (state.root.ready.length === 0) state.root.ready = undefined;
  }

  for (const task of starters) startAgain(state, task);
  state.restarted = new Set(starters);
  for (const task of inOrder) refill(state, task, set, late);
  state.restarted = undefined;
  workOffLine(state);
  for (const end of state.round === undefined ? held : held.sort(canonically)) {
    // One before it may have ended the run again.
    if (state.phase !== "running") {
      rootHistory(state).held.push(end);
      continue;
    }
    workOff(state, state.root, end.record, end.outcome, end.verbs, true);
    workOffLine(state);
  }
}

/** Root tasks of the list and what the run's end cut off, in plan order. */
function namedTasks(state: RunState, names: readonly Id[]): number[] {
  const named = new Set(rootHistory(state).cut);
  for (const name of names) {
    const number = state.plan.taskNumbers.get(name);
    if (number !== undefined && state.plan.tasks[number * taskSize + taskHome] === rootHome) named.add(number);
  }
  return [...named].sort((a, b) => a - b);
}

/** Where tasks lead: by edges, and to what they spawned in the root frame. */
function* successors(state: RunState, task: number): Generator<number> {
  const { edges, tasks, triggers } = state.plan;
  for (let edge = tasks[task * taskSize + taskOut]!; edge !== -1; edge = edges[edge + edgeNext]!) {
    yield triggers[edges[edge + edgeTrigger]! * triggerSize + triggerTask]!;
  }
  yield* rootHistory(state).spawned.get(task) ?? [];
}

/** The tasks and all that they lead to, in depth-first post-order: what a task leads to comes before it, but for cycles. */
function downstream(state: RunState, named: readonly number[]): number[] {
  const seen = new Set<number>();
  const order: number[] = [];
  for (const first of named) {
    if (seen.has(first)) continue;
    seen.add(first);
    const path = [{ task: first, rest: successors(state, first) }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.next();
      if (next.done === true) {
        order.push(top.task);
        path.pop();
      } else if (!seen.has(next.value)) {
        seen.add(next.value);
        path.push({ task: next.value, rest: successors(state, next.value) });
      }
    }
  }
  return order;
}

/** Of the named tasks, those that no other one leads to; of those in one cycle, the first. */
function uppermost(state: RunState, named: readonly number[], postOrder: readonly number[]): (task: number) => boolean {
  const isNamed = new Set(named);
  const covered = new Set<number>();
  const upper = new Set<number>();
  // From the back a task stands before all that it leads to, but for those in a cycle with it.
  for (let index = postOrder.length - 1; index >= 0; index--) {
    const task = postOrder[index]!;
    if (!isNamed.has(task) || covered.has(task)) continue;
    upper.add(task);
    covered.add(task);
    const stack = [task];
    for (let from = stack.pop(); from !== undefined; from = stack.pop()) {
      for (const next of successors(state, from)) {
        if (covered.has(next)) continue;
        covered.add(next);
        stack.push(next);
      }
    }
  }
  return (task) => upper.has(task);
}

/** A task of the root as it was when the run opened, but for `nth`. */
function clearTask(state: RunState, task: number): void {
  const { plan, root, history } = state;
  const record = task * taskSize;
  const { cells } = root.columns;
  const cell = plan.tasks[record + taskCell]!;
  cells[cell]! &= ~(cellStatus | cellStarted);
  // A group that the run's end cut off was started in the round that comes now, and is not to count as started twice in it (rule 16).
  if (plan.superstep) cells[cell + 1] = 0;
  root.columns.outcomes?.delete(cell);
  setValue(root, plan.tasks[record + taskSlot]!, undefined);
  root.items?.delete(task);
  history?.takes.delete(task);
  history?.spawned.delete(task);
  const first = plan.tasks[record + taskFirstTrigger]!;
  const count = plan.tasks[record + taskTriggers]!;
  if (count > 1 && (plan.tasks[record + taskFlags]! & flagSkippable) !== 0) cells[cell + (plan.superstep ? 2 : 1)] = 0;
  for (let trigger = first; trigger < first + count; trigger++) {
    const at = trigger * triggerSize;
    const begin = plan.triggers[at + triggerCell]!;
    if (begin === -1) continue;
    if (isHalfFull(plan, root, trigger)) root.halfFull--;
    const kind = plan.triggers[at + triggerKind]!;
    const idle = (plan.triggers[at + triggerNeed]! & triggerIdle) === 0 ? 0 : 1;
    const end = begin + headerSize[kind]! + idle + (hasEdgeCells[kind] ? plan.triggers[at + triggerEdges]! : 0);
    cells.fill(0, begin, end);
    if (root.columns.waiting !== undefined && hasEdgeCells[kind]) {
      for (let edge = firstEdgeCell(plan, trigger); edge < end; edge++) root.columns.waiting.delete(edge);
    }
  }
}

/** Start a task as it was started last. */
function startAgain(state: RunState, task: number): void {
  const { plan, root } = state;
  const last = rootHistory(state).starts.get(task);
  const first = plan.tasks[task * taskSize + taskFirstTrigger]!;
  const count = plan.tasks[task * taskSize + taskTriggers]!;
  if (last !== undefined) {
    const found = last.trigger === undefined ? -1 : plan.triggerIds.slice(first, first + count).indexOf(last.trigger);
    startTask(
      state,
      root,
      task,
      found < 0 ? noTrigger : first + found,
      last.input,
      last.consumed,
      last.scope.length === 0 ? root.scope : last.scope,
    );
    return;
  }
  const before = root.columns.cells[plan.tasks[task * taskSize + taskCell]!]! >> nthShift;
  startTask(state, root, task, before > 0 && count > 0 ? first : noTrigger, undefined, undefined, root.scope);
}

/** A task's triggers get the tokens again that sources outside the set once delivered. What ended too late delivers later, but for its spawns. */
function refill(state: RunState, task: number, set: ReadonlySet<number>, late: ReadonlySet<number>): void {
  const { plan } = state;
  const first = plan.tasks[task * taskSize + taskFirstTrigger]!;
  for (let trigger = first; trigger < first + plan.tasks[task * taskSize + taskTriggers]!; trigger++) {
    const begin = plan.triggers[trigger * triggerSize + triggerIn]!;
    for (let place = begin; place < begin + plan.triggers[trigger * triggerSize + triggerEdges]!; place++) {
      const source = plan.inEdges[place * 2]!;
      const edge = plan.inEdges[place * 2 + 1]!;
      if (set.has(source)) continue;
      if (!late.has(source) || (plan.edges[edge + edgeOn]! & onDrained) !== 0) deliverAgain(state, source, edge);
    }
  }
}
