import type { Id, Outcome, RunOutcome } from "@heddle/kernel";
import { compareScopes, type KeptEnd, type OracleFrame, type OracleRun } from "./oracle-state.ts";

export function failed(outcome: Outcome): outcome is Extract<Outcome, { status: "failed" | "timed-out" | "unknown" }> {
  return outcome.status === "failed" || outcome.status === "timed-out" || outcome.status === "unknown";
}

/** The outcome and the value of an end, as rule 6 keeps them. */
export function keepEnd(run: OracleRun, { of, outcome, verbs }: KeptEnd): void {
  const { frame, task } = of;
  if (outcome.status === "completed") {
    if (outcome.value === undefined) frame.values.delete(task);
    else frame.values.set(task, outcome.value);
    const spawn = run.spawns.get(frame.spawn ?? "");
    if (spawn !== undefined && spawn.task === task) spawn.values[frame.index] = outcome.value;
  }
  const goesOn = verbs.some((verb) => "iterate" in verb) && !frame.stopped;
  if (goesOn) return;
  const labels = verbs.flatMap((verb) => ("take" in verb ? [verb.take] : []));
  frame.ends.set(task, { outcome, labels, left: verbs.some((verb) => "goto" in verb) });
}

/** Rule 20. */
export function inCanonicalOrder(run: OracleRun, ends: readonly KeptEnd[]): KeptEnd[] {
  const order = [...run.tasks.keys()];
  return ends.toSorted(
    ({ of: a }, { of: b }) => order.indexOf(a.task) - order.indexOf(b.task) || compareScopes(a.scope, b.scope) || a.nth - b.nth,
  );
}

/** An end that nothing follows because the run is ending: rule 32 takes it up again. */
export function keepBack(run: OracleRun, end: KeptEnd): void {
  if (end.of.frame.kind !== "root") return;
  if (end.outcome.status === "cancelled") run.cutOff.add(end.of.task);
  else run.notFollowed.push(end);
}

export function cutOff(run: OracleRun, frame: OracleFrame, task: Id): void {
  if (frame.kind === "root") run.cutOff.add(task);
}

/** Rule 29. `asks`: `end-run` is issued; else the run has ended unasked. */
export function endRun(run: OracleRun, outcome: RunOutcome, asks: boolean): void {
  run.outcome = outcome;
  for (const end of inCanonicalOrder(run, run.kept)) {
    keepEnd(run, end);
    cutOff(run, end.of.frame, end.of.task);
  }
  for (const { frame, by } of run.spawns.values()) cutOff(run, frame, by);
  for (const { frame, task } of run.activations.values()) cutOff(run, frame, task);
  for (const of of [...run.activations.values()].sort((a, b) => a.no - b.no))
    keepEnd(run, { of, outcome: { status: "cancelled" }, verbs: [] });
  run.kept = [];
  run.activations.clear();
  run.ops.clear();
  run.spawns.clear();
  run.frames = run.frames.slice(0, 1);
  run.gates.clear();
  run.timers.clear();
  run.roundRunning = false;
  run.startedInRound.clear();
  run.phase = "asked";
  if (!asks) return;
  run.endRun = { type: "end-run", no: ++run.lastNo, outcome };
  run.issued.push(run.endRun);
}
