import { kindTime, triggerKind, triggerSize, triggerTask } from "../plan/compiled-plan.ts";
import { nextDueMs } from "../time/schedule.ts";
import { gateTimedOut } from "./gates.ts";
import { add, find, remove } from "./numbered.ts";
import { boardOf, issue, type RunState } from "./run-state.ts";
import { startTask } from "./start-task.ts";

/** Set the timers of the time triggers from number `first` on, in order (rules 23 and 31). */
export function setTimeTriggers(state: RunState, first: number): void {
  if (state.plan.schedules.size === 0) return;
  for (const number of state.plan.schedules.keys()) if (number >= first) setNext(state, number, 0);
}

/** A timer has fired. Dropped if it is not set any more. */
export function timerFired(state: RunState, no: number): void {
  const record = find(state.live, no);
  if (record?.type !== "set-timer") return;
  remove(state.live, no);
  state.timerCount--;
  const number = record.at;
  if (state.plan.triggers[number * triggerSize + triggerKind] !== kindTime) {
    gateTimedOut(state, number, record.scope);
    return;
  }
  startTask(state, state.root, state.plan.triggers[number * triggerSize + triggerTask]!, number, undefined, undefined, state.root.scope);
  const { fired } = boardOf(state);
  const times = (fired.get(number) ?? 0) + 1;
  fired.set(number, times);
  setNext(state, number, times);
}

function setNext(state: RunState, trigger: number, fired: number): void {
  const dueAtMs = nextDueMs(state.plan.schedules.get(trigger)!, state.startedAtMs, state.nowMs, fired);
  if (dueAtMs === null || state.phase !== "running") return;
  const no = ++state.lastNo;
  state.timerCount++;
  const record = {
    type: "set-timer" as const,
    no,
    trigger: state.plan.triggerIds[trigger]!,
    scope: state.root.scope,
    dueAtMs,
    at: trigger,
  };
  add(state.live, no, record);
  issue(state, record);
}
