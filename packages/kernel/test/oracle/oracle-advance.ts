import type { Command, ErrorValue, Id, Json, Outcome, RunEvent, RunOutcome, Verb } from "@heddle/kernel";
import { applyWrites, emptyEphemerals, writeFromOutside } from "./oracle-channels.ts";
import { cutOff, endRun, inCanonicalOrder, keepBack, keepEnd } from "./oracle-end.ts";
import { beginEnding, reportFailure } from "./oracle-failure.ts";
import { follow, followAll, whole } from "./oracle-follow.ts";
import { cancelTimers, checkMatches, publish, setTimeTriggers, timerFired } from "./oracle-gates.ts";
import { allEdges, deliverAgain, fireOpenings } from "./oracle-joins.ts";
import { reset } from "./oracle-reset.ts";
import { settle } from "./oracle-settle.ts";
import {
  EndAtOnce,
  addTasks,
  homeOf,
  openActivations,
  openFrame,
  rootOf,
  tasksOf,
  type KeptEnd,
  type OracleActivation,
  type OracleRun,
} from "./oracle-state.ts";

/** Apply one event by `docs/plan.md` and return what it makes due. */
export function oracleAdvance(run: OracleRun, event: RunEvent): Command[] {
  run.issued = [];
  run.line = [];
  run.atMs = event.atMs;
  try {
    apply(run, event);
    settle(run);
  } catch (thrown) {
    if (!(thrown instanceof EndAtOnce)) throw thrown;
    endAtOnce(run, thrown.outcome);
  }
  return run.issued;
}

function apply(run: OracleRun, event: RunEvent): void {
  // Rules 29 and "Order of work": what counts at all.
  if (run.phase === "new") {
    if (event.type === "run-started") start(run);
    return;
  }
  if (run.phase === "ended") {
    if (event.type === "tasks-reset") reset(run, event.tasks);
    return;
  }
  if (event.type === "run-ended") {
    if (run.phase !== "asked") endRun(run, event.outcome, false);
    run.phase = "ended";
    if (!run.limited) run.outcome = event.outcome;
    run.endRun = null;
    return;
  }
  if (run.phase === "asked") return;

  switch (event.type) {
    case "task-ended":
      taskEnded(run, event.no, event.outcome, event.verbs ?? [], event.merged ?? {});
      return;
    case "task-retried":
      taskRetried(run, event.no, event.dueAtMs);
      return;
    case "timer-fired":
      if (run.phase === "running") timerFired(run, event.no);
      return;
    case "published":
      if (run.phase !== "running") return;
      checkMatches(run, event.matches);
      publish(run, event.blob, event.matches);
      return;
    case "cancel-requested": {
      const error: ErrorValue | null =
        event.reason === undefined ? null : { name: "HeddleError", code: "RUN_CANCELLED", message: event.reason };
      beginEnding(run, { status: "cancelled", ...(error === null ? {} : { error }) });
      return;
    }
    case "channels-written":
      if (run.phase === "running") writeFromOutside(run, event);
      return;
    case "plan-amended":
      amend(run, event.tasks);
      return;
    case "op-opened":
      if (hasFunction(run, event.of)) opsOf(run, event.of).open.set(event.key, { op: event.op });
      return;
    case "op-ended":
      if (!hasFunction(run, event.of)) return;
      opsOf(run, event.of).open.delete(event.key);
      run.signals = run.signals.filter(({ id }) => id !== event.signal);
      return;
    case "segment-started": {
      if (!hasFunction(run, event.of)) return;
      const { segments } = opsOf(run, event.of);
      run.ops.set(event.of, { open: new Map(), segments: segments + 1, input: event.input });
      return;
    }
    case "signal-received":
      run.signals.push({ id: event.id, name: event.name, ...(event.value === undefined ? {} : { value: event.value }) });
      return;
    default:
      return;
  }
}

function isRunning(run: OracleRun): boolean {
  return run.phase === "running";
}

function isEnding(run: OracleRun): boolean {
  return run.phase === "ending";
}

function hasFunction(run: OracleRun, no: number): boolean {
  return openActivations(run).some((activation) => activation.no === no && activation.stage === "task");
}

function opsOf(run: OracleRun, no: number): { open: Map<string, Json>; segments: number; input?: Json } {
  const ops = run.ops.get(no) ?? { open: new Map(), segments: 0 };
  run.ops.set(no, ops);
  return ops;
}

function start(run: OracleRun): void {
  run.phase = "running";
  run.startedAtMs = run.atMs;
  const root = openFrame(run, { parent: null, kind: "root", home: null, scope: [] });
  fireOpenings(run, root, tasksOf(run, null));
  setTimeTriggers(run, tasksOf(run, null));
}

/** Rules 5, 6, 20 and 21. */
function taskEnded(run: OracleRun, no: number, outcome: Outcome, verbs: readonly Verb[], merged: Readonly<Record<Id, Json>>): void {
  const of = run.activations.get(no);
  if (of === undefined || of.stage === "inner") return;
  run.activations.delete(no);
  run.ops.delete(no);
  const end: KeptEnd = { of, outcome, verbs: outcome.status === "completed" ? verbs : [] };
  if (run.plan.discipline === "superstep") {
    run.kept.push(end);
    reportFailure(run, end);
    if (openActivations(run).length === 0) closeRound(run, merged);
    return;
  }
  keepEnd(run, end);
  whole(run, end, () => applyWrites(run, end, merged, new Map()));
  reportFailure(run, end);
  if (isRunning(run)) {
    follow(run, end);
    return;
  }
  keepBack(run, end);
  if (isEnding(run) && openActivations(run).length === 0) endRun(run, run.outcome ?? { status: "completed" }, true);
}

function closeRound(run: OracleRun, merged: Readonly<Record<Id, Json>>): void {
  const ends = inCanonicalOrder(run, run.kept);
  run.kept = [];
  run.roundRunning = false;
  run.startedInRound.clear();
  for (const end of ends) keepEnd(run, end);
  emptyEphemerals(run);
  const writers = new Map<Id, OracleActivation>();
  const lost = [...ends];
  const written: KeptEnd[] = [];
  try {
    for (const end of ends) {
      applyWrites(run, end, merged, writers);
      written.push(...lost.splice(0, 1));
    }
  } finally {
    for (const { of } of lost) cutOff(run, of.frame, of.task);
    if (lost.length > 0 || run.phase === "ending") for (const end of written) keepBack(run, end);
  }
  if (run.phase === "ending") endRun(run, run.outcome ?? { status: "completed" }, true);
  else followAll(run, ends);
}

/** Rule 27: the run ends in this very step. */
function endAtOnce(run: OracleRun, outcome: RunOutcome): void {
  run.line = [];
  for (const { no } of openActivations(run)) run.issued.push({ type: "cancel-task", no });
  cancelTimers(run);
  endRun(run, outcome, true);
}

/** Rule 30. */
function taskRetried(run: OracleRun, no: number, dueAtMs: number): void {
  const of = run.activations.get(no);
  if (of === undefined || of.stage !== "task" || of.command?.type !== "start-task") return;
  if (run.phase === "ending" || of.frame.stopped) {
    taskEnded(run, no, { status: "cancelled" }, [], {});
    return;
  }
  const attempt = of.attempt + 1;
  const command: Command = { ...of.command, attempt, notBeforeMs: dueAtMs };
  run.activations.set(no, { ...of, attempt, command });
  run.issued.push(command);
}

/** Rule 31. */
function amend(run: OracleRun, tasks: Extract<RunEvent, { type: "plan-amended" }>["tasks"]): void {
  addTasks(run, tasks);
  if (run.phase !== "running") return;
  const added = Object.keys(tasks).filter((task) => homeOf(run, task) === null);
  for (const out of allEdges(run)) if (added.includes(out.task)) deliverAgain(run, rootOf(run), out, false);
  fireOpenings(run, rootOf(run), added);
  setTimeTriggers(run, added);
}
