import { kindTime, triggerKind, triggerSize, triggerTask } from "../plan/compiled-plan.ts";
import { gateTimedOut } from "./gates.ts";
import { liveRecord, removeLive } from "./live.ts";
import { boardOf, issue, type RunState } from "./run-state.ts";
import { startTask } from "./start-task.ts";

/** Set the timers of the time triggers from `first` on, in order (rules 23 and 31). */
export function setTimeTriggers(state: RunState, first: number): void {
  for (const [number, schedule] of state.plan.schedules) {
    if (number < first || state.phase !== "running") continue;
    if ("everyMs" in schedule) {
      if ((schedule.times ?? 1) > 0) setTimer(state, number, nextMultiple(state, schedule.everyMs));
    } else setTimer(state, number, "atMs" in schedule ? schedule.atMs : state.startedAtMs + schedule.afterMs);
  }
}

/** A timer has fired. Dropped if it is not set any more. */
export function timerFired(state: RunState, no: number): void {
  const record = liveRecord(state, no);
  if (record?.type !== "set-timer") return;
  removeLive(state, no);
  state.timerCount--;
  const number = record.at;
  if (state.plan.triggers[number * triggerSize + triggerKind] !== kindTime) {
    gateTimedOut(state, number, record.scope);
    return;
  }
  startTask(state, state.root, state.plan.triggers[number * triggerSize + triggerTask]!, number, undefined, undefined, state.root.scope);
  const schedule = state.plan.schedules.get(number)!;
  if (!("everyMs" in schedule) || state.phase !== "running") return;
  const { fired } = boardOf(state);
  const times = (fired.get(number) ?? 0) + 1;
  fired.set(number, times);
  if (times < (schedule.times ?? Number.POSITIVE_INFINITY)) setTimer(state, number, nextMultiple(state, schedule.everyMs));
}

/** The first multiple of `everyMs` after the run's start that is later than now. */
function nextMultiple(state: RunState, everyMs: number): number {
  return state.startedAtMs + (Math.floor((state.nowMs - state.startedAtMs) / everyMs) + 1) * everyMs;
}

function setTimer(state: RunState, trigger: number, dueAtMs: number): void {
  const no = ++state.lastNo;
  state.timerCount++;
  const record = { type: "set-timer" as const, no, trigger: state.plan.triggerIds[trigger]!, scope: state.root.scope, dueAtMs, at: trigger };
  state.live.push(record);
  issue(state, record);
}
