import { HeddleError } from "../errors/heddle-error.ts";
import { takenBy } from "../run/status.ts";
import {
  type CompiledPlan, edgeCell, edgeNext, edgeOn, edgeSize, edgeTrigger, firstEdgeCell, flagCaught, flagLabelled, flagSkippable, hasEdgeCells, headerSize,
  kindAllSkip, kindAllWait, kindAnySkip, kindData, kindEach, kindLoneSkip, kindNumberSkip, kindNumberWait, kindOpening, kindTime, onDrained, onLabelled,
  rootHome, taskCell, taskFirstTrigger, taskFlags, taskHome, taskOpens, taskOut, taskSize, taskSlot, taskTriggers, triggerCell, triggerEdges, triggerIdle,
  triggerIn, triggerKind, triggerNeed, triggerSize, triggerTask,
} from "./compiled-plan.ts";
import type { ControlTrigger, Id, Plan, Task } from "./plan.ts";

type Tasks = Readonly<Record<Id, Task>>;

/**
 * Turn a Plan into the tables that runs work on. Takes time and space in proportion to the Plan, which may be let go afterwards
 * but for its handler references and policies. Expects a valid Plan; `validatePlan` explains faults, this only refuses to go on.
 *
 * @throws HeddleError `PLAN_INVALID` an edge or a group names a task that is not there or not in the same group; a data or time
 *   trigger stands on a group's member
 */
export function compilePlan(plan: Plan): CompiledPlan {
  const channelIds = Object.keys(plan.channels ?? {});
  const compiled: CompiledPlan = {
    superstep: plan.discipline === "superstep",
    stops: plan.failure !== "drain",
    maxActivations: plan.limits?.activations ?? 1_000_000,
    maxRounds: plan.limits?.rounds ?? Number.POSITIVE_INFINITY,
    output: plan.output,
    taskCount: 0,
    taskIds: [],
    taskNumbers: new Map(),
    tasks: new Int32Array(0),
    does: [],
    policies: new Map(),
    writes: new Map(),
    sinks: [],
    triggerCount: 0,
    triggerIds: [],
    triggers: new Int32Array(0),
    dataTriggers: new Map(),
    dataNumbers: new Map(),
    schedules: new Map(),
    edgeCount: 0,
    edges: new Int32Array(0),
    inEdges: new Int32Array(0),
    labels: new Map(),
    lastEdges: new Map(),
    homes: [{ task: -1, members: [], opening: [], cells: 0, slots: 0, stops: plan.failure !== "drain" }],
    channelIds,
    channelNumbers: new Map(channelIds.map((id, number) => [id, number])),
    channels: channelIds.map((id) => plan.channels![id]!),
  };
  addTasks(compiled, plan.tasks);
  return compiled;
}

/** Tables of their own for a run that amends its plan: later `addTasks` leave the ones it came from alone. */
export function ownTables(plan: CompiledPlan): CompiledPlan {
  return {
    ...plan,
    taskIds: [...plan.taskIds],
    taskNumbers: new Map(plan.taskNumbers),
    tasks: plan.tasks.slice(),
    does: [...plan.does],
    policies: new Map(plan.policies),
    writes: new Map(plan.writes),
    sinks: [...plan.sinks],
    triggerIds: [...plan.triggerIds],
    triggers: plan.triggers.slice(),
    dataTriggers: new Map(plan.dataTriggers),
    dataNumbers: new Map(plan.dataNumbers),
    schedules: new Map(plan.schedules),
    edges: plan.edges.slice(),
    inEdges: plan.inEdges.slice(),
    labels: new Map(plan.labels),
    lastEdges: new Map(plan.lastEdges),
    homes: plan.homes.map((home) => ({ ...home, members: [...home.members], opening: [...home.opening] })),
  };
}

/** Add tasks at the end of the order. Costs what is added, amortised, plus the out-edges of their sources. */
export function addTasks(plan: CompiledPlan, tasks: Tasks): void {
  const ids = Object.keys(tasks);
  const firstTask = plan.taskCount;
  const firstTrigger = plan.triggerCount;
  numberTasks(plan, tasks, ids);
  // What `inEdges` needs only until the edges have their places by source.
  const on: number[] = [];
  const labels = new Map<number, Id>();
  const firstIn = plan.edgeCount;
  for (let number = firstTask; number < plan.taskCount; number++) addTask(plan, number, tasks[ids[number - firstTask]!]!, on, labels);
  placeEdges(plan, firstTask, firstTrigger, firstIn, on, labels);
  for (let number = firstTask; number < plan.taskCount; number++) {
    if (plan.tasks[number * taskSize + taskHome] === rootHome && plan.tasks[number * taskSize + taskOut] === -1) plan.sinks.push(number);
  }
}

/** Ids, homes and room in the tables. */
function numberTasks(plan: CompiledPlan, tasks: Tasks, ids: readonly Id[]): void {
  const firstTask = plan.taskCount;
  let triggers = plan.triggerCount;
  let edges = plan.edgeCount;
  plan.tasks = room(plan.tasks, (firstTask + ids.length) * taskSize);
  for (const id of ids) {
    const task = tasks[id]!;
    const number = plan.taskCount++;
    if (plan.taskNumbers.has(id)) throw invalid(`Task "${id}" is there already.`, { task: id });
    plan.taskNumbers.set(id, number);
    plan.taskIds.push(id);
    plan.does.push(task.does);
    triggers += task.when.length;
    for (const trigger of task.when) if ("after" in trigger) edges += trigger.after.length;
    plan.tasks[number * taskSize + taskHome] = rootHome;
    plan.tasks[number * taskSize + taskOpens] = -1;
  }
  for (const id of ids) {
    const { does } = tasks[id]!;
    if (!("group" in does)) continue;
    const number = plan.taskNumbers.get(id)!;
    const home = plan.homes.push({ task: number, members: [], opening: [], cells: 0, slots: 0, stops: does.failure === "stop" }) - 1;
    plan.tasks[number * taskSize + taskOpens] = home;
    for (const member of does.group) {
      const memberNumber = plan.taskNumbers.get(member);
      if (memberNumber === undefined || memberNumber < firstTask) throw invalid(`Group "${id}" lists "${member}", which is no task beside it.`, { task: id, member });
      plan.tasks[memberNumber * taskSize + taskHome] = home;
    }
  }
  plan.triggers = room(plan.triggers, triggers * triggerSize);
  plan.edges = room(plan.edges, edges * edgeSize);
  plan.inEdges = room(plan.inEdges, edges * 2);
}

function addTask(plan: CompiledPlan, number: number, task: Task, on: number[], labels: Map<number, Id>): void {
  const record = number * taskSize;
  const homeNumber = plan.tasks[record + taskHome]!;
  const home = plan.homes[homeNumber]!;
  if (homeNumber !== rootHome) home.members.push(number);
  plan.tasks[record + taskOut] = -1;
  plan.tasks[record + taskSlot] = home.slots++;
  plan.tasks[record + taskCell] = home.cells;
  plan.tasks[record + taskFirstTrigger] = plan.triggerCount;
  plan.tasks[record + taskTriggers] = task.when.length;
  home.cells += plan.superstep ? 2 : 1;
  const skippable = task.when.length > 0 && task.when.every((trigger) => "after" in trigger && trigger.untaken === "skip" && trigger.after.length > 0);
  if (skippable && task.when.length > 1) home.cells++;
  // Added to, not set: an earlier task may come after this one and has marked it already.
  if (skippable) plan.tasks[record + taskFlags]! |= flagSkippable;
  if (task.policy !== undefined) plan.policies.set(number, task.policy);
  if (task.writes !== undefined) plan.writes.set(number, new Set(task.writes));

  for (const trigger of task.when) {
    const triggerNumber = plan.triggerCount++;
    const at = triggerNumber * triggerSize;
    plan.triggerIds.push(trigger.id);
    plan.triggers[at + triggerTask] = number;
    plan.triggers[at + triggerCell] = -1;
    plan.triggers[at + triggerEdges] = 0;
    plan.triggers[at + triggerIn] = plan.edgeCount;
    plan.triggers[at + triggerNeed] = 0;
    if ("after" in trigger) {
      addControlTrigger(plan, number, triggerNumber, trigger, task.when.length === 1, on, labels);
      continue;
    }
    if (homeNumber !== rootHome) throw invalid(`Trigger "${trigger.id}" of "${plan.taskIds[number]}" stands in a group; data and time start only root tasks.`, { task: plan.taskIds[number]! });
    if ("on" in trigger) {
      plan.triggers[at + triggerKind] = kindData;
      plan.dataTriggers.set(triggerNumber, trigger);
      plan.dataNumbers.set(trigger.id, triggerNumber);
    } else {
      plan.triggers[at + triggerKind] = kindTime;
      plan.schedules.set(triggerNumber, trigger.at);
    }
  }
}

function addControlTrigger(plan: CompiledPlan, task: number, number: number, trigger: ControlTrigger, alone: boolean, on: number[], labels: Map<number, Id>): void {
  const home = plan.homes[plan.tasks[task * taskSize + taskHome]!]!;
  const at = number * triggerSize;
  const kind = kindOf(trigger, alone);
  if (kind === kindOpening) home.opening.push(number);
  plan.triggers[at + triggerKind] = kind;
  plan.triggers[at + triggerEdges] = trigger.after.length;
  plan.triggers[at + triggerNeed] = (typeof trigger.join === "number" ? trigger.join : 0) | (trigger.idle === true ? triggerIdle : 0);
  const header = headerSize[kind]! + (trigger.idle === true ? 1 : 0);
  if (header > 0) {
    plan.triggers[at + triggerCell] = home.cells;
    home.cells += header + (hasEdgeCells[kind] ? trigger.after.length : 0);
  }
  for (const edge of trigger.after) {
    const from = plan.taskNumbers.get(edge.from);
    if (from === undefined || plan.tasks[from * taskSize + taskHome] !== plan.tasks[task * taskSize + taskHome]) {
      throw invalid(`Trigger "${trigger.id}" of "${plan.taskIds[task]}" comes after "${edge.from}", which is no task of the same group.`, { task: plan.taskIds[task]!, from: edge.from });
    }
    const place = plan.edgeCount++;
    plan.inEdges[place * 2] = from;
    on.push(takenBy[edge.on] | (edge.on === "drained" ? onDrained : 0) | (edge.label === undefined ? 0 : onLabelled));
    if (edge.label !== undefined) labels.set(place, edge.label);
    if (edge.on === "failed") plan.tasks[from * taskSize + taskFlags]! |= flagCaught;
    if (edge.label !== undefined) plan.tasks[from * taskSize + taskFlags]! |= flagLabelled;
  }
}

function kindOf(trigger: ControlTrigger, alone: boolean): number {
  if (trigger.after.length === 0) return kindOpening;
  const skips = trigger.untaken === "skip";
  if (typeof trigger.join === "number") return skips ? kindNumberSkip : kindNumberWait;
  if (trigger.join === "any") return skips ? kindAnySkip : kindEach;
  if (trigger.after.length > 1) return skips ? kindAllSkip : kindAllWait;
  if (!skips) return kindEach;
  return alone && trigger.idle !== true ? kindLoneSkip : kindAllSkip;
}

/** Give the new edges places in `edges`: those out of new tasks side by side, those out of old tasks at the end of their chains. */
function placeEdges(plan: CompiledPlan, firstTask: number, firstTrigger: number, firstIn: number, on: readonly number[], labels: ReadonlyMap<number, Id>): void {
  const { inEdges, edges, tasks, triggers } = plan;
  const next = new Int32Array(plan.taskCount - firstTask + 1);
  for (let place = firstIn; place < plan.edgeCount; place++) {
    const from = inEdges[place * 2]!;
    if (from >= firstTask) next[from - firstTask + 1]!++;
  }
  next[0] = firstIn;
  for (let index = 1; index < next.length; index++) next[index]! += next[index - 1]!;
  let late = next[next.length - 1]!;

  for (let trigger = firstTrigger; trigger < plan.triggerCount; trigger++) {
    const at = trigger * triggerSize;
    const first = triggers[at + triggerIn]!;
    const cells = hasEdgeCells[triggers[at + triggerKind]!] ? firstEdgeCell(plan, trigger) : -1;
    for (let index = 0; index < triggers[at + triggerEdges]!; index++) {
      const place = first + index;
      const from = inEdges[place * 2]!;
      const edge = (from < firstTask ? late++ : next[from - firstTask]!++) * edgeSize;
      inEdges[place * 2 + 1] = edge;
      edges[edge + edgeNext] = -1;
      edges[edge + edgeTrigger] = trigger;
      edges[edge + edgeCell] = cells === -1 ? -1 : cells + index;
      edges[edge + edgeOn] = on[place - firstIn]!;
      const label = labels.get(place);
      if (label !== undefined) plan.labels.set(edge, label);
      const record = from * taskSize + taskOut;
      if (tasks[record] === -1) tasks[record] = edge;
      else edges[(from < firstTask ? lastEdge(plan, from) : edge - edgeSize) + edgeNext] = edge;
      if (from < firstTask) plan.lastEdges.set(from, edge);
    }
  }
}

/** The last edge out of a task that was there before; walked once, then remembered. */
function lastEdge(plan: CompiledPlan, from: number): number {
  let last = plan.lastEdges.get(from) ?? plan.tasks[from * taskSize + taskOut]!;
  while (plan.edges[last + edgeNext] !== -1) last = plan.edges[last + edgeNext]!;
  return last;
}

/** `table`, or a larger copy of it: exactly so large at first, then with room to grow. */
function room(table: Int32Array, size: number): Int32Array {
  if (table.length >= size) return table;
  const larger = new Int32Array(table.length === 0 ? size : Math.max(size, table.length * 2));
  larger.set(table);
  return larger;
}

function invalid(message: string, data: Readonly<Record<string, string>>): HeddleError {
  return new HeddleError("PLAN_INVALID", message, { data });
}
