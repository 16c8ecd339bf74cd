import type { Command, ErrorValue, Id, Json, Outcome, RunEvent, RunOutcome, Verb } from "@heddle/kernel";
import { applyWrites } from "./oracle-channels.ts";
import { cutOff, endRun, failed, keepBack, keepEnd } from "./oracle-end.ts";
import { cancelTimers, checkMatches, gateEmpty, publish, setTimeTriggers, timerFired } from "./oracle-gates.ts";
import { allEdges, deliver, deliverAgain, deliverEnd, fireOpenings, fireReady, halfFullJoins, outEdges } from "./oracle-joins.ts";
import { joinRound, openSpawn, startTask } from "./oracle-start.ts";
import { reset } from "./oracle-reset.ts";
import { checkVerbs, frameFor } from "./oracle-verbs.ts";
import {
  compareScopes,
  EndAtOnce,
  homeOf,
  kernelError,
  openActivations,
  openFrame,
  tasksOf,
  within,
  type KeptEnd,
  type OracleActivation,
  type OracleFrame,
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
    if (event.type === "tasks-reset") reset(run, event.tasks, workOffLine, followAll);
    return;
  }
  if (event.type === "run-ended") {
    if (run.phase !== "asked") endRun(run, event.outcome, false);
    run.phase = "ended";
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
    case "plan-amended":
      amend(run, event.tasks);
      return;
    case "op-opened":
      if (isOpen(run, event.of)) opsOf(run, event.of).open.set(event.key, { ...event } as unknown as Json);
      return;
    case "op-ended":
      if (!isOpen(run, event.of)) return;
      opsOf(run, event.of).open.delete(event.key);
      run.signals = run.signals.filter(({ id }) => id !== event.signal);
      return;
    case "segment-started": {
      if (!isOpen(run, event.of)) return;
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

function isOpen(run: OracleRun, no: number): boolean {
  return openActivations(run).some((activation) => activation.no === no);
}

function opsOf(run: OracleRun, no: number): { open: Map<string, Json>; segments: number; input?: Json } {
  const ops = run.ops.get(no) ?? { open: new Map(), segments: 0 };
  run.ops.set(no, ops);
  return ops;
}

function rootOf(run: OracleRun): OracleFrame {
  const [root] = run.frames;
  if (root === undefined) throw new Error("no root frame");
  return root;
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

/** Does a part of what an end says; if that is refused, a reset starts its task again. */
function whole(run: OracleRun, { of }: KeptEnd, part: () => void): void {
  try {
    part();
  } catch (thrown) {
    if (thrown instanceof EndAtOnce) cutOff(run, of.frame, of.task);
    throw thrown;
  }
}

function closeRound(run: OracleRun, merged: Readonly<Record<Id, Json>>): void {
  const order = [...run.tasks.keys()];
  const ends = run.kept.toSorted(
    ({ of: a }, { of: b }) => order.indexOf(a.task) - order.indexOf(b.task) || compareScopes(a.scope, b.scope) || a.nth - b.nth,
  );
  run.kept = [];
  run.roundRunning = false;
  run.startedInRound.clear();
  for (const end of ends) keepEnd(run, end);
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

/** One after the other; those whose turn does not come are kept for a reset. */
function followAll(run: OracleRun, ends: readonly KeptEnd[]): void {
  const left = [...ends];
  try {
    for (let end = left.shift(); end !== undefined; end = left.shift()) {
      follow(run, end);
      workOffLine(run);
    }
  } finally {
    run.notFollowed.push(...left.filter(({ of }) => of.frame.kind === "root"));
  }
}

/** What an end leads to: the rest of rule 6. */
function follow(run: OracleRun, { of, outcome, verbs }: KeptEnd): void {
  const { frame, task } = of;
  whole(run, { of, outcome, verbs }, () => {
    if (!frame.stopped) checkVerbs(run, of, verbs);
    for (const verb of verbs) if ("publish" in verb) checkMatches(run, verb.matches);
  });
  for (const verb of verbs) if ("publish" in verb) publish(run, verb.blob, verb.matches);
  if (frame.stopped) return;

  for (const verb of verbs) {
    if (!("iterate" in verb)) continue;
    startTask(run, frame, task, { input: verb.iterate, scope: of.scope });
    return;
  }
  const labels = verbs.flatMap((verb) => ("take" in verb ? [verb.take] : []));
  deliverEnd(run, frame, task, { outcome, labels, left: verbs.some((verb) => "goto" in verb) });
  for (const verb of verbs) if ("goto" in verb) startTask(run, frameFor(run, frame, verb.goto) ?? frame, verb.goto, { input: verb.input });
  for (const verb of verbs) if ("next" in verb) startTask(run, frameFor(run, frame, verb.next) ?? frame, verb.next, { input: verb.input });
  let spawned = 0;
  for (const verb of verbs) {
    if (!("spawn" in verb)) continue;
    const key = openSpawn(run, of, (spawned += 1), verb.spawn, verb.items);
    if (verb.items.length === 0) spawnDrained(run, key);
  }
  for (const verb of verbs) {
    if (!("end" in verb)) continue;
    if (verb.end === "cancel") throw new EndAtOnce({ status: "cancelled" });
    const value = verb.value ?? defaultValue(run);
    throw new EndAtOnce({ status: "completed", ...(value === undefined ? {} : { value }) });
  }
}

function spawnDrained(run: OracleRun, key: string): void {
  const spawn = run.spawns.get(key);
  if (spawn === undefined) throw new Error("unknown spawn");
  run.spawns.delete(key);
  spawn.frame.drained.add(key);
  spawn.frame.items.set(spawn.task, spawn.values);
  for (const out of outEdges(run, spawn.task)) if (out.edge.on === "drained") deliver(run, spawn.frame, out, { taken: true, by: null });
}

function workOffLine(run: OracleRun): void {
  for (let next = run.line.shift(); next !== undefined; next = run.line.shift()) {
    deliverEnd(run, next.frame, next.task, { outcome: next.outcome, labels: [], left: false });
  }
}

/** Rule 11. */
function reportFailure(run: OracleRun, { of, outcome }: KeptEnd): void {
  if (!failed(outcome) || outEdges(run, of.task).some(({ edge }) => edge.on === "failed")) return;
  let frame = of.frame;
  while (frame.kind === "item" && frame.parent !== null) frame = frame.parent;
  if (frame.home === null) {
    run.failures.push({ task: of.task, error: outcome.error });
    if ((run.plan.failure ?? "stop") === "stop") beginEnding(run, { status: "failed", error: outcome.error });
    return;
  }
  const does = run.tasks.get(frame.home)?.does;
  if (run.phase === "running" && does !== undefined && "group" in does && does.failure === "stop") stopFrame(run, frame);
}

/** Rules 11 and 27: wait for what is open, then end. */
function beginEnding(run: OracleRun, outcome: RunOutcome): void {
  if (run.phase !== "running") return;
  run.phase = "ending";
  run.outcome = outcome;
  cancel(run, openActivations(run));
  cancelTimers(run);
  if (openActivations(run).length === 0 && run.kept.length === 0) endRun(run, outcome, true);
}

function cancel(run: OracleRun, activations: readonly OracleActivation[]): void {
  for (const activation of activations) {
    if (activation.cancelled) continue;
    run.activations.set(activation.no, { ...activation, cancelled: true });
    run.issued.push({ type: "cancel-task", no: activation.no });
  }
}

function stopFrame(run: OracleRun, stopped: OracleFrame): void {
  if (stopped.stopped) return;
  for (const frame of run.frames) {
    if (!within(frame, stopped)) continue;
    frame.stopped = true;
    frame.joins.clear();
    frame.ready.clear();
  }
  cancel(
    run,
    openActivations(run).filter(({ frame }) => within(frame, stopped)),
  );
  for (const activation of run.activations.values()) {
    if (activation.stage !== "inner" || !within(activation.frame, stopped)) continue;
    run.activations.delete(activation.no);
    keepEnd(run, { of: activation, outcome: { status: "cancelled" }, verbs: [] });
  }
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

/** Rules 17, 24 and 26. */
function settle(run: OracleRun): void {
  for (;;) {
    workOffLine(run);
    if (run.phase !== "running") return;
    const frame = run.frames.find((one) => quiet(run, one) && (one.ready.size > 0 || drains(run, one)));
    if (frame === undefined) break;
    if (frame.ready.size > 0) fireReady(run, frame);
    else drain(run, frame);
  }
  const gatesWait = [...run.gates.values()].some((gate) => !gateEmpty(gate));
  if (openActivations(run).length > 0 || run.timers.size > 0 || gatesWait) return;
  const joins = halfFullJoins(run, run.frames).map(({ trigger, task, frame, missing }) => ({ trigger, task, scope: frame.scope, missing }));
  if (joins.length === 0) throw new Error("nothing is due, nothing is half full, and the root has not drained");
  endRun(
    run,
    { status: "failed", error: kernelError("RUN_STALLED", "joins can never fire", { joins } as unknown as Json, run.failures[0]?.error) },
    true,
  );
}

/** Nothing open in the frame. Frames inside a stopped one are looked at with it. */
function quiet(run: OracleRun, frame: OracleFrame): boolean {
  if (frame.parent?.stopped === true) return false;
  const mine = (at: OracleFrame): boolean => (frame.stopped ? within(at, frame) : at === frame);
  const inner = !frame.stopped && run.frames.some(({ parent }) => parent === frame);
  return (
    !inner && !run.kept.some(({ of }) => mine(of.frame)) && ![...run.activations.values()].some((activation) => mine(activation.frame))
  );
}

function drains(run: OracleRun, frame: OracleFrame): boolean {
  if (frame.kind === "root" && (run.timers.size > 0 || [...run.gates.values()].some((gate) => !gateEmpty(gate)))) return false;
  return halfFullJoins(run, [frame]).length === 0;
}

function drain(run: OracleRun, frame: OracleFrame): void {
  if (frame.kind === "root") {
    const value = defaultValue(run);
    const [failure] = run.failures;
    endRun(
      run,
      failure === undefined
        ? { status: "completed", ...(value === undefined ? {} : { value }) }
        : { status: "failed", error: failure.error },
      true,
    );
    return;
  }
  run.frames = run.frames.filter((one) => !within(one, frame));
  if (frame.kind === "item") {
    const spawn = run.spawns.get(frame.spawn ?? "");
    if (spawn === undefined) throw new Error("unknown spawn");
    spawn.left -= 1;
    if (spawn.left === 0) spawnDrained(run, frame.spawn ?? "");
    return;
  }
  const of = run.activations.get(frame.of ?? 0);
  if (of === undefined) throw new Error("unknown group");
  joinRound(run);
  const { task, scope, nth, attempt, no } = of;
  const members = tasksOf(run, frame.home).flatMap((member) => {
    const outcome = frame.ends.get(member)?.outcome;
    return outcome === undefined ? [] : [{ task: member, outcome }];
  });
  const command: Command = { type: "decide-group", task, scope, nth, attempt, no, members };
  run.activations.set(no, { ...of, stage: "deciding", command });
  run.issued.push(command);
}

/** Rule 25. */
function defaultValue(run: OracleRun): Json | undefined {
  const root = rootOf(run);
  const { output } = run.plan;
  if (output !== undefined && "task" in output) return root.values.get(output.task);
  const entries = (
    output === undefined
      ? tasksOf(run, null)
          .filter((task) => outEdges(run, task).length === 0 && root.ends.get(task)?.outcome.status === "completed")
          .map((task) => [task, root.values.get(task)])
      : output.channels.map((id) => [id, run.channels.get(id)])
  ) as [Id, Json | undefined][];
  return Object.fromEntries(entries.filter((entry): entry is [Id, Json] => entry[1] !== undefined));
}

/** Rule 31. */
function amend(run: OracleRun, tasks: Extract<RunEvent, { type: "plan-amended" }>["tasks"]): void {
  for (const [id, task] of Object.entries(tasks)) run.tasks.set(id, task);
  if (run.phase !== "running") return;
  const added = Object.keys(tasks).filter((task) => homeOf(run, task) === null);
  for (const out of allEdges(run)) if (added.includes(out.task)) deliverAgain(run, rootOf(run), out, false);
  fireOpenings(run, rootOf(run), added);
  setTimeTriggers(run, added);
}
