import { triggerSize, triggerTask } from "../plan/compiled-plan.ts";
import type { DataTrigger, Id } from "../plan/plan.ts";
import { add, remove } from "./numbered.ts";
import { type Artifact, boardOf, type Gate, issue, type RunState } from "./run-state.ts";
import type { Scope } from "./scope.ts";
import { startTask } from "./start-task.ts";
import type { Match } from "./verb.ts";

/** Why matches cannot be followed, or nothing. */
export function matchFault(state: RunState, matches: readonly Match[]): string | undefined {
  for (const match of matches) {
    const number = state.plan.dataNumbers.get(match.trigger);
    if (number === undefined) return `published for the trigger "${match.trigger}", which is no data trigger of the plan`;
    if (slotIndex(state.plan.dataTriggers.get(number)!, match.slot) < 0)
      return `published for slot ${match.slot} of the trigger "${match.trigger}", which has no such slot`;
  }
  return undefined;
}

/** Put an artifact into the gates that it matched; those that it completes start their tasks (rule 22). */
export function publish(state: RunState, blob: Id, matches: readonly Match[]): void {
  for (const match of matches) {
    if (state.phase !== "running") return;
    const number = state.plan.dataNumbers.get(match.trigger)!;
    const trigger = state.plan.dataTriggers.get(number)!;
    const gate = gateOf(state, number, trigger, match.scope);
    gate.matched++;
    forget(gate, trigger);
    gate.slots[slotIndex(trigger, match.slot)]!.push({ blob, at: gate.matched });
    complete(state, gate, trigger);
  }
}

/** A gate's timer has fired: what it holds is dropped, or is the batch (rule 22). */
export function gateTimedOut(state: RunState, number: number, scope: Scope): void {
  const gate = state.board?.gates.get(number)?.get(scopeKey(scope));
  if (gate === undefined) return;
  gate.timer = 0;
  const trigger = state.plan.dataTriggers.get(number)!;
  const batch = trigger.batch === undefined ? undefined : gate.slots.flat().map(({ blob }) => blob);
  dropGate(state, gate);
  if (batch !== undefined) start(state, gate, batch);
}

/** Start the gate's task if the gate is full; else see to its timer. */
function complete(state: RunState, gate: Gate, trigger: DataTrigger): void {
  const limitMs = trigger.batch === undefined ? trigger.within?.ms : trigger.batch.ms;
  if (!isFull(gate, trigger)) {
    if (gate.timer === 0 && limitMs !== undefined) setGateTimer(state, gate, limitMs);
    return;
  }
  const consumed = gate.slots.flatMap((slot, index) => slot.splice(0, countOf(trigger, index))).map(({ blob }) => blob);
  if (gate.timer !== 0) {
    remove(state.live, gate.timer);
    state.timerCount--;
    issue(state, { type: "cancel-timer", no: gate.timer });
    gate.timer = 0;
  }
  const empty = gate.slots.every((slot) => slot.length === 0);
  if (empty) dropGate(state, gate);
  start(state, gate, consumed);
  if (!empty && limitMs !== undefined && state.phase === "running") setGateTimer(state, gate, limitMs);
}

function isFull(gate: Gate, trigger: DataTrigger): boolean {
  for (let index = 0; index < gate.slots.length; index++) if (gate.slots[index]!.length < countOf(trigger, index)) return false;
  return true;
}

function countOf(trigger: DataTrigger, index: number): number {
  return trigger.batch === undefined ? trigger.on[index]!.count : (trigger.batch.size ?? Number.POSITIVE_INFINITY);
}

/** Drop artifacts that are not among the last `within.count` that the gate matched. */
function forget(gate: Gate, trigger: DataTrigger): void {
  const count = trigger.batch === undefined ? trigger.within?.count : undefined;
  if (count === undefined) return;
  const oldest = gate.matched - count;
  for (const slot of gate.slots) {
    let old = 0;
    while (old < slot.length && slot[old]!.at <= oldest) old++;
    if (old > 0) slot.splice(0, old);
  }
}

function start(state: RunState, gate: Gate, consumed: readonly Id[]): void {
  const { root } = state;
  const scope = gate.scope.length === 0 ? root.scope : gate.scope;
  startTask(state, root, state.plan.triggers[gate.trigger * triggerSize + triggerTask]!, gate.trigger, undefined, consumed, scope);
}

function setGateTimer(state: RunState, gate: Gate, afterMs: number): void {
  const no = ++state.lastNo;
  gate.timer = no;
  state.timerCount++;
  const record = {
    type: "set-timer" as const,
    no,
    trigger: state.plan.triggerIds[gate.trigger]!,
    scope: gate.scope,
    dueAtMs: state.nowMs + afterMs,
    at: gate.trigger,
  };
  add(state.live, no, record);
  issue(state, record);
}

function gateOf(state: RunState, number: number, trigger: DataTrigger, scope: Scope): Gate {
  return (
    boardOf(state).gates.get(number)?.get(scopeKey(scope)) ??
    addGate(state, { trigger: number, scope, matched: 0, slots: trigger.on.map((): Artifact[] => []), timer: 0 })
  );
}

export function addGate(state: RunState, gate: Gate): Gate {
  const { gates } = boardOf(state);
  let byScope = gates.get(gate.trigger);
  if (byScope === undefined) gates.set(gate.trigger, (byScope = new Map()));
  byScope.set(scopeKey(gate.scope), gate);
  state.gateCount++;
  return gate;
}

function dropGate(state: RunState, gate: Gate): void {
  const byScope = state.board!.gates.get(gate.trigger)!;
  byScope.delete(scopeKey(gate.scope));
  if (byScope.size === 0) state.board!.gates.delete(gate.trigger);
  state.gateCount--;
}

function slotIndex(trigger: DataTrigger, slot: number): number {
  return trigger.on.findIndex((candidate) => candidate.slot === slot);
}

/** One trigger's scopes are of one length and kind, so a single value needs no text made of it. */
function scopeKey(scope: Scope): string | number {
  return scope.length === 1 ? scope[0]![1] : JSON.stringify(scope);
}
