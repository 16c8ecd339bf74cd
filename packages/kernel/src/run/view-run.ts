import { type CompiledPlan, taskHome, taskSize, taskSlot } from "../plan/compiled-plan.ts";
import type { Id, Task } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { channelValue } from "./channels.ts";
import type { StartTask } from "./command.ts";
import type { OpOpened } from "./event.ts";
import { type Frame, valueIn } from "./frame.ts";
import { entries, find } from "./numbered.ts";
import type { Outcome, RunOutcome } from "./outcome.ts";
import { outcomeIn } from "./outcomes.ts";
import { frameOf, type OpenDecision, type OpenTask, type Phase, type RunState, type Signal } from "./run-state.ts";
import type { Scope } from "./scope.ts";

// What an engine reads of a run's state. Nothing here changes it. Values are handed out as they came with their events.

/** Number of the task that a command starts, dense within its plan: what an engine keeps per task is found by it without a look-up by name. */
export function taskNumber(command: StartTask): number {
  return (command as OpenTask).at;
}

/** Number of a task by its id. */
export function numberOf(plan: CompiledPlan, task: Id): number | undefined {
  return plan.taskNumbers.get(task);
}

/** The value of a task's last completed end in the frame of this scope; undefined if there is none, or the frame is gone. */
export function taskValue(state: RunState, task: Id, scope: Scope): Json | undefined {
  const number = state.plan.taskNumbers.get(task);
  return number === undefined ? undefined : valueByNumber(state, number, scope);
}

/** The values of a spawned task by index, of its last drained spawn in the frame of this scope; an item without a value is undefined. */
export function itemValues(state: RunState, task: Id, scope: Scope): readonly (Json | undefined)[] | undefined {
  const number = state.plan.taskNumbers.get(task);
  return number === undefined ? undefined : itemsByNumber(state, number, scope);
}

/** As `taskValue`. */
export function valueByNumber(state: RunState, task: number, scope: Scope): Json | undefined {
  const frame = frameAt(state, scope);
  if (frame === undefined || !isAtHome(state, frame, task)) return undefined;
  return valueIn(frame, state.plan.tasks[task * taskSize + taskSlot]!) as Json | undefined;
}

/** As `itemValues`. */
export function itemsByNumber(state: RunState, task: number, scope: Scope): readonly (Json | undefined)[] | undefined {
  const items = frameAt(state, scope)?.items?.get(task);
  if (items === undefined) return undefined;
  return (items.values ?? new Array(items.count).fill(undefined)) as readonly (Json | undefined)[];
}

/** How a task last ended in the frame of this scope. */
export function lastOutcome(state: RunState, task: Id, scope: Scope): Outcome | undefined {
  const number = state.plan.taskNumbers.get(task);
  const frame = frameAt(state, scope);
  if (number === undefined || frame === undefined || !isAtHome(state, frame, number)) return undefined;
  return outcomeIn(state, frame, number);
}

/** Input of the innermost open group around this scope: what a verb or a spawn started it with. */
export function groupInput(state: RunState, scope: Scope): Json | undefined {
  for (let frame = frameAt(state, scope); frame !== undefined; frame = frame.parent) {
    const record = frame.kind === "group" ? find(state.live, frame.opener) : undefined;
    if (record?.type === "open-group") return record.input;
  }
  return undefined;
}

/** What each channel holds; channels without a value are left out. The objects never change once handed out. */
export function channelValues(state: RunState): Readonly<Record<Id, Json>> {
  const entries: [Id, Json][] = [];
  state.plan.channelIds.forEach((id, number) => {
    const value = channelValue(state, number);
    if (value !== undefined) entries.push([id, value]);
  });
  return Object.fromEntries(entries);
}

/** What a channel holds, by its number; undefined: nothing. The same object until its next write. */
export function channelByNumber(state: RunState, channel: number): Json | undefined {
  return channelValue(state, channel);
}

/** Activations that are commanded and not answered, by `no`. */
export function openActivations(state: RunState): readonly (OpenTask | OpenDecision)[] {
  return entries(state.live).filter((record) => record.type === "start-task" || record.type === "decide-group");
}

/** Whether an open activation was commanded to cancel: a restarted engine cancels it again. */
export function isToldToCancel(state: RunState, no: number): boolean {
  const record = find(state.live, no);
  if (record?.type !== "start-task" && record?.type !== "decide-group") return false;
  return state.phase === "ending" || frameOf(state, record.frame).stopped;
}

/** Where the run stands: `ending` waits for what was told to cancel, `closing` for `run-ended`. */
export function runPhase(state: RunState): Phase {
  return state.phase;
}

/** What was added to the run's plan, oldest first: the same list, which grows. */
export function amendmentsOf(state: RunState): readonly Readonly<Record<Id, Task>>[] {
  return state.amendments ?? noAmendments;
}

const noAmendments: readonly never[] = [];

/** True from the failure, cancellation or `end-run` on: nothing new starts. */
export function isEnding(state: RunState): boolean {
  return state.phase === "ending" || state.phase === "closing" || state.phase === "ended";
}

/** How the run ends; undefined while it runs. */
export function endingOutcome(state: RunState): RunOutcome | undefined {
  return state.outcome;
}

/** Operations that an activation's durable function waits for, in the order in which they were opened. */
export function openOperations(state: RunState, no: number): readonly OpOpened[] {
  return [...(state.functions?.open.get(no)?.operations.values() ?? [])];
}

/** Which segment of its durable function an activation is in, from 1, and the input that the segment began with. */
export function segmentOf(state: RunState, no: number): { readonly number: number; readonly input: Json | undefined } {
  const open = state.functions?.open.get(no);
  return open === undefined ? { number: 1, input: undefined } : { number: open.segment, input: open.input };
}

/** Signals that nobody has taken, oldest first; with a name, those of that name. */
export function signalBuffer(state: RunState, name?: string): readonly Signal[] {
  const signals = name === undefined ? state.functions?.signals : state.functions?.signalsByName.get(name);
  return signals === undefined ? [] : [...signals.values()];
}

/** The oldest signal of a name that nobody has taken. */
export function nextSignal(state: RunState, name: string): Signal | undefined {
  return state.functions?.signalsByName.get(name)?.values().next().value;
}

/** The open frame of a scope. What a data trigger adds to a scope is no frame. */
function frameAt(state: RunState, scope: Scope): Frame | undefined {
  let frame: Frame | undefined = state.root;
  for (let index = 0; index < scope.length && frame !== undefined; index++) {
    const [kind, value] = scope[index]!;
    if (kind === "group") {
      const record = find(state.live, value as number);
      frame = record?.type === "open-group" ? frameOf(state, record.inner) : undefined;
    } else if (kind === "spawn") frame = state.spawns?.get(value);
    else if (kind === "item") frame = frame.itemFrames?.[value as number];
  }
  return frame;
}

function isAtHome(state: RunState, frame: Frame, task: number): boolean {
  return frame.kind !== "spawn" && state.plan.tasks[task * taskSize + taskHome] === frame.home;
}
