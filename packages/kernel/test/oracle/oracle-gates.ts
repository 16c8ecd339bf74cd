import type { DataTrigger, Id, Match, SetTimer, TimeTrigger } from "@heddle/kernel";
import { startTask } from "./oracle-joins.ts";
import { homeOf, refuse, rootOf, type OracleGate, type OracleRun, type OracleTimer } from "./oracle-state.ts";

function dataTrigger(run: OracleRun, id: Id): { readonly task: Id; readonly trigger: DataTrigger } | null {
  for (const [task, { when }] of run.tasks) {
    for (const trigger of when) if (trigger.id === id && "on" in trigger) return { task, trigger };
  }
  return null;
}

export function checkMatches(run: OracleRun, matches: readonly Match[]): void {
  for (const match of matches) {
    const found = dataTrigger(run, match.trigger);
    if (found === null || !found.trigger.on.some(({ slot }) => slot === match.slot)) {
      refuse("VERB_REFUSED", `no slot ${match.slot} of trigger ${match.trigger}`, { trigger: match.trigger, slot: match.slot });
    }
  }
}

/** Rule 22. */
export function publish(run: OracleRun, blob: Id, matches: readonly Match[]): void {
  for (const match of matches) {
    const found = dataTrigger(run, match.trigger);
    if (found === null) throw new Error("matches were not checked");
    const { task, trigger } = found;
    const key = JSON.stringify([match.trigger, match.scope]);
    const gate: OracleGate = run.gates.get(key) ?? {
      task,
      trigger: trigger.id,
      scope: match.scope,
      slots: trigger.on.map(() => []),
      seen: 0,
      timer: null,
    };
    run.gates.set(key, gate);

    gate.seen += 1;
    gate.slots[trigger.on.findIndex(({ slot }) => slot === match.slot)]?.push({ blob, seq: gate.seen });
    const { count } = trigger.batch === undefined ? (trigger.within ?? {}) : {};
    if (count !== undefined) gate.slots = gate.slots.map((slot) => slot.filter(({ seq }) => seq > gate.seen - count));

    const ms = trigger.batch === undefined ? trigger.within?.ms : trigger.batch.ms;
    const needs = trigger.on.map((slot) => (trigger.batch === undefined ? slot.count : (trigger.batch.size ?? Infinity)));
    if (gate.slots.every((slot, at) => slot.length >= (needs[at] ?? 0))) {
      if (gate.timer !== null) cancelTimer(run, gate.timer);
      gate.timer = null;
      consume(run, gate, needs);
      if (ms !== undefined && !gateEmpty(gate)) gate.timer = setTimer(run, trigger.id, gate.scope, run.atMs + ms, { gate: key });
    } else if (ms !== undefined && gate.timer === null) {
      gate.timer = setTimer(run, trigger.id, gate.scope, run.atMs + ms, { gate: key });
    }
  }
}

function consume(run: OracleRun, gate: OracleGate, needs: readonly number[]): void {
  const consumed = gate.slots.flatMap((slot, at) => slot.splice(0, needs[at] ?? 0)).map(({ blob }) => blob);
  startTask(run, rootOf(run), gate.task, { trigger: gate.trigger, consumed, scope: gate.scope });
}

export function gateEmpty(gate: OracleGate): boolean {
  return gate.slots.every((slot) => slot.length === 0);
}

function setTimer(run: OracleRun, trigger: Id, scope: SetTimer["scope"], dueAtMs: number, does: OracleTimer["does"]): number {
  const command: SetTimer = { type: "set-timer", no: ++run.lastNo, trigger, scope, dueAtMs };
  run.timers.set(command.no, { command, does });
  run.issued.push(command);
  return command.no;
}

function cancelTimer(run: OracleRun, no: number): void {
  run.timers.delete(no);
  run.issued.push({ type: "cancel-timer", no });
}

export function cancelTimers(run: OracleRun): void {
  for (const no of [...run.timers.keys()].sort((a, b) => a - b)) cancelTimer(run, no);
}

/** Rule 23: the timers of these tasks, when the run starts or is amended. */
export function setTimeTriggers(run: OracleRun, tasks: readonly Id[]): void {
  for (const task of tasks) {
    if (homeOf(run, task) !== null) continue;
    for (const trigger of run.tasks.get(task)?.when ?? []) if ("at" in trigger) setTime(run, task, trigger, 1);
  }
}

function setTime(run: OracleRun, task: Id, trigger: TimeTrigger, count: number): void {
  const { at } = trigger;
  const dueAtMs =
    "atMs" in at
      ? at.atMs
      : "afterMs" in at
        ? run.startedAtMs + at.afterMs
        : run.startedAtMs + (Math.floor((run.atMs - run.startedAtMs) / at.everyMs) + 1) * at.everyMs;
  setTimer(run, trigger.id, [], dueAtMs, { task, trigger: trigger.id, count });
}

export function timerFired(run: OracleRun, no: number): void {
  const timer = run.timers.get(no);
  if (timer === undefined) return;
  run.timers.delete(no);
  const { does } = timer;
  if ("gate" in does) {
    const gate = run.gates.get(does.gate);
    if (gate === undefined) return;
    gate.timer = null;
    const batch = dataTrigger(run, gate.trigger)?.trigger.batch !== undefined;
    if (batch) consume(run, gate, [Infinity]);
    else gate.slots = gate.slots.map(() => []);
    return;
  }
  startTask(run, rootOf(run), does.task, { trigger: does.trigger });
  const trigger = run.tasks.get(does.task)?.when.find(({ id }) => id === does.trigger);
  if (trigger !== undefined && "at" in trigger && "everyMs" in trigger.at && does.count < (trigger.at.times ?? Infinity))
    setTime(run, does.task, trigger, does.count + 1);
}
