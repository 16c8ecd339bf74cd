import type { RunOutcome } from "@heddle/kernel";
import { endRun, failed } from "./oracle-end.ts";
import { cancelTimers } from "./oracle-gates.ts";
import { outEdges } from "./oracle-joins.ts";
import { openActivations, within, type KeptEnd, type OracleActivation, type OracleFrame, type OracleRun } from "./oracle-state.ts";

/** Rule 11. */
export function reportFailure(run: OracleRun, { of, outcome }: KeptEnd): void {
  if (!failed(outcome) || outEdges(run, of.task).some(({ edge }) => edge.on === "failed")) return;
  let frame = of.frame;
  while (frame.kind === "item" && frame.parent !== null) frame = frame.parent;
  if (frame.home === null) {
    if (run.plan.failure === "keep") return;
    run.failures.push({ task: of.task, error: outcome.error });
    if ((run.plan.failure ?? "stop") === "stop") beginEnding(run, { status: "failed", error: outcome.error });
    return;
  }
  const does = run.tasks.get(frame.home)?.does;
  if (run.phase === "running" && does !== undefined && "group" in does && does.failure === "stop") stopFrame(run, frame);
}

/** Rules 11 and 27: wait for what is open, then end. */
export function beginEnding(run: OracleRun, outcome: RunOutcome): void {
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
}
