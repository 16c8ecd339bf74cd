import { HeddleError } from "../errors/heddle-error.ts";
import { takenBy } from "../run/status.ts";
import {
  type CompiledPlan,
  edgeCell,
  edgeNext,
  edgeOn,
  edgeSize,
  edgeTrigger,
  firstEdgeCell,
  flagCaught,
  flagLabelled,
  flagSkippable,
  hasEdgeCells,
  headerSize,
  kindAllSkip,
  kindAllWait,
  kindAnySkip,
  kindData,
  kindEach,
  kindLoneSkip,
  kindNumberSkip,
  kindNumberWait,
  kindOpening,
  kindTime,
  onDrained,
  onLabelled,
  rootHome,
  taskCell,
  taskFirstTrigger,
  taskFlags,
  taskHome,
  taskOpens,
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
} from "./compiled-plan.ts";
import type { ControlTrigger, Id, Plan, Task } from "./plan.ts";
import { type TaskList, taskList } from "./task-list.ts";

/**
 * Turn a Plan into the tables that runs work on. Takes time and space in proportion to the Plan, of which it keeps the channels, the
 * data triggers and the ids. Expects a valid Plan; `validatePlan` explains faults, this only refuses to go on.
 *
 * @throws HeddleError `PLAN_INVALID` an edge or a group names a task that is not there or not in the same group; a data or time
 *   trigger stands on a group's member
 */
export function compilePlan(plan: Plan): CompiledPlan {
  return compileTasks(plan, taskList(plan.tasks));
}

/** The same of a plan whose tasks are at hand. */
export function compileTasks(plan: Plan, list: TaskList): CompiledPlan {
  const channelIds = Object.keys(plan.channels ?? {});
  const compiled: CompiledPlan = {
    superstep: plan.discipline === "superstep",
    maxActivations: plan.limits?.activations ?? 1_000_000,
    maxRounds: plan.limits?.rounds ?? Number.POSITIVE_INFINITY,
    output: plan.output,
    keeps: plan.failure === "keep",
    taskCount: 0,
    taskIds: [],
    taskNumbers: new Map(),
    tasks: new Int32Array(0),
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
    homes: [{ members: [], opening: [], cells: 0, slots: 0, stops: (plan.failure ?? "stop") === "stop" }],
    channelIds,
    channelNumbers: new Map(channelIds.map((id, number) => [id, number])),
    channels: channelIds.map((id) => plan.channels![id]!),
    ephemerals: channelIds.flatMap((id, number) => (plan.channels![id]!.kind === "ephemeral" ? [number] : [])),
  };
  addTasks(compiled, list);
  return compiled;
}

/** Tables of their own for a run that amends its plan: later `addTasks` leave the ones it came from alone. */
export function ownTables(plan: CompiledPlan): CompiledPlan {
  return {
    ...plan,
    taskIds: [...plan.taskIds],
    taskNumbers: new Map(plan.taskNumbers),
    tasks: plan.tasks.slice(),
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

/** Add tasks at the end of the order. Costs what is added, amortised. */
export function addTasks(plan: CompiledPlan, list: TaskList): void {
  const { tasks } = list;
  const added: Added = {
    firstTask: plan.taskCount,
    firstTrigger: plan.triggerCount,
    firstIn: plan.edgeCount,
    on: new Int32Array(0),
    labels: undefined,
  };
  numberTasks(plan, list, added);
  for (let index = 0; index < tasks.length; index++) addTask(plan, added.firstTask + index, tasks[index]!, added);
  placeEdges(plan, added);
  for (let number = added.firstTask; number < plan.taskCount; number++) {
    if (plan.tasks[number * taskSize + taskHome] === rootHome && plan.tasks[number * taskSize + taskOut] === -1) plan.sinks.push(number);
  }
}

/** What is known of the tasks being added until their edges have their places. */
interface Added {
  readonly firstTask: number;
  readonly firstTrigger: number;
  readonly firstIn: number;
  /** What goes into `edgeOn`, by edge in order. */
  on: Int32Array;
  labels: Map<number, Id> | undefined;
}

/** Ids, homes and room in the tables. Everything is counted first: growing by steps would make the collector walk a large plan several times. */
function numberTasks(plan: CompiledPlan, list: TaskList, added: Added): void {
  const { taskNumbers } = plan;
  const { firstTask } = added;
  const { ids, tasks } = list;
  const taskCount = firstTask + ids.length;
  let triggers = 0;
  let edges = 0;
  let groups = 0;
  plan.taskIds = longer(plan.taskIds, ids);
  for (let index = 0; index < ids.length; index++) {
    const { does, when } = tasks[index]!;
    taskNumbers.set(ids[index]!, firstTask + index);
    if ("group" in does) groups++;
    triggers += when.length;
    for (const trigger of when) if ("after" in trigger) edges += trigger.after.length;
  }
  if (taskNumbers.size < taskCount) throw invalid("An added task has the id of one that is there.", {});
  plan.taskCount = taskCount;
  plan.tasks = room(plan.tasks, taskCount * taskSize);
  plan.triggers = room(plan.triggers, (plan.triggerCount + triggers) * triggerSize);
  if (firstTask === 0) plan.triggerIds.length = triggers;
  plan.edges = room(plan.edges, (plan.edgeCount + edges) * edgeSize);
  plan.inEdges = room(plan.inEdges, (plan.edgeCount + edges) * 2);
  added.on = new Int32Array(edges);
  for (let task = firstTask; task < taskCount; task++) {
    plan.tasks[task * taskSize + taskHome] = rootHome;
    plan.tasks[task * taskSize + taskOpens] = -1;
    plan.tasks[task * taskSize + taskOut] = -1;
  }
  if (groups > 0) openHomes(plan, tasks, firstTask);
}

function openHomes(plan: CompiledPlan, tasks: TaskList["tasks"], firstTask: number): void {
  for (let index = 0; index < tasks.length; index++) {
    const { does } = tasks[index]!;
    if (!("group" in does)) continue;
    const number = firstTask + index;
    const home = plan.homes.push({ members: [], opening: [], cells: 0, slots: 0, stops: does.failure === "stop" }) - 1;
    plan.tasks[number * taskSize + taskOpens] = home;
    for (const member of does.group) {
      const memberNumber = plan.taskNumbers.get(member);
      if (memberNumber === undefined || memberNumber < firstTask) {
        throw invalid(`Group "${plan.taskIds[number]}" lists "${member}", which is no task beside it.`, {
          task: plan.taskIds[number]!,
          member,
        });
      }
      plan.tasks[memberNumber * taskSize + taskHome] = home;
    }
  }
}

function addTask(plan: CompiledPlan, number: number, task: Task, added: Added): void {
  const record = number * taskSize;
  const homeNumber = plan.tasks[record + taskHome]!;
  const home = plan.homes[homeNumber]!;
  if (homeNumber !== rootHome) home.members.push(number);
  plan.tasks[record + taskSlot] = home.slots++;
  plan.tasks[record + taskCell] = home.cells;
  plan.tasks[record + taskFirstTrigger] = plan.triggerCount;
  plan.tasks[record + taskTriggers] = task.when.length;
  home.cells += plan.superstep ? 2 : 1;
  const skippable =
    task.when.length > 0 && task.when.every((trigger) => "after" in trigger && trigger.untaken === "skip" && trigger.after.length > 0);
  if (skippable && task.when.length > 1) home.cells++;
  // Added to, not set: an earlier task may come after this one and has marked it already.
  if (skippable) plan.tasks[record + taskFlags]! |= flagSkippable;
  if (task.writes !== undefined) plan.writes.set(number, new Set(task.writes));

  for (const trigger of task.when) {
    const triggerNumber = plan.triggerCount++;
    const at = triggerNumber * triggerSize;
    plan.triggerIds[triggerNumber] = trigger.id;
    plan.triggers[at + triggerTask] = number;
    plan.triggers[at + triggerCell] = -1;
    plan.triggers[at + triggerEdges] = 0;
    plan.triggers[at + triggerIn] = plan.edgeCount;
    plan.triggers[at + triggerNeed] = 0;
    if ("after" in trigger) {
      addControlTrigger(plan, number, triggerNumber, trigger, task.when.length === 1, added);
      continue;
    }
    if (homeNumber !== rootHome)
      throw invalid(`Trigger "${trigger.id}" of "${plan.taskIds[number]}" stands in a group; data and time start only root tasks.`, {
        task: plan.taskIds[number]!,
      });
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

function addControlTrigger(plan: CompiledPlan, task: number, number: number, trigger: ControlTrigger, alone: boolean, added: Added): void {
  const homeNumber = plan.tasks[task * taskSize + taskHome]!;
  const home = plan.homes[homeNumber]!;
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
  const { tasks, inEdges, taskNumbers } = plan;
  for (const edge of trigger.after) {
    const from = taskNumbers.get(edge.from);
    if (from === undefined || tasks[from * taskSize + taskHome] !== homeNumber) {
      throw invalid(`Trigger "${trigger.id}" of "${plan.taskIds[task]}" comes after "${edge.from}", which is no task of the same group.`, {
        task: plan.taskIds[task]!,
        from: edge.from,
      });
    }
    const place = plan.edgeCount++;
    inEdges[place * 2] = from;
    let on = takenBy[edge.on];
    if (edge.on === "failed") tasks[from * taskSize + taskFlags]! |= flagCaught;
    else if (edge.on === "drained") on |= onDrained;
    if (edge.label !== undefined) {
      on |= onLabelled;
      tasks[from * taskSize + taskFlags]! |= flagLabelled;
      (added.labels ??= new Map()).set(place, edge.label);
    }
    added.on[place - added.firstIn] = on;
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
function placeEdges(plan: CompiledPlan, { firstTask, firstTrigger, firstIn, on, labels }: Added): void {
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
      if (labels !== undefined && (on[place - firstIn]! & onLabelled) !== 0) plan.labels.set(edge, labels.get(place)!);
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

/** `table`, or a larger copy of it with room to grow; exactly so large where nothing was. */
function room(table: Int32Array, size: number): Int32Array {
  if (table.length >= size) return table;
  const larger = new Int32Array(table.length === 0 ? size : Math.max(size, table.length * 2));
  larger.set(table);
  return larger;
}

/** The first list is taken as it is; later ones are added to it. */
function longer(ids: Id[], more: Id[]): Id[] {
  if (ids.length === 0) return more;
  for (const id of more) ids.push(id);
  return ids;
}

function invalid(message: string, data: Readonly<Record<string, string>>): HeddleError {
  return new HeddleError("PLAN_INVALID", message, { data });
}
