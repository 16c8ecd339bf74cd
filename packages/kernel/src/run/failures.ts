import { flagCaught, taskFlags, taskSize } from "../plan/compiled-plan.ts";
import { dissolve } from "./close-frame.ts";
import { beginEnding } from "./ending.ts";
import type { Frame } from "./frame.ts";
import { find } from "./numbered.ts";
import type { Outcome } from "./outcome.ts";
import { release } from "./quiet.ts";
import { issue, type RunState } from "./run-state.ts";
import { failureBits, statusNumber } from "./status.ts";

/** A task has ended: if that is a failure that nothing catches, the nearest group or the root decides what it does (rule 11). */
export function heedFailure(state: RunState, frame: Frame, task: number, outcome: Outcome): void {
  if (((failureBits >> statusNumber(outcome.status)) & 1) === 0) return;
  if ((state.plan.tasks[task * taskSize + taskFlags]! & flagCaught) !== 0) return;
  let around = frame;
  while (around.kind === "spawn" || around.kind === "item") around = around.parent!;
  if (around.kind === "group") {
    if (state.plan.homes[around.home]!.stops && state.phase === "running") stopFrame(state, around);
    return;
  }
  if (state.plan.keeps) return;
  const { error } = outcome as Extract<Outcome, { status: "failed" }>;
  (state.failures ??= []).push({ task, error });
  if (state.plan.homes[around.home]!.stops) beginEnding(state, { status: "failed", error });
}

/** Tell everything in a frame to cancel. Nothing starts in it any more, and what its joins hold is dropped. */
function stopFrame(state: RunState, frame: Frame): void {
  if (frame.stopped) return;
  const told: number[] = [];
  const frames = [frame];
  for (let index = 0; index < frames.length; index++) {
    const inner = frames[index]!;
    // What is in a frame that its own group has stopped was told then.
    const toldBefore = inner.stopped;
    inner.stopped = true;
    inner.ready = undefined;
    inner.halfFull = 0;
    for (const no of toldBefore ? [] : inner.inside!.activations) if (find(state.live, no)?.type !== "open-group") told.push(no);
    for (const further of inner.inside!.frames) frames.push(further);
  }
  // Some may have been stuck with a half-full join: they are gone now, from the inside out.
  for (let index = frames.length - 1; index > 0; index--) {
    const inner = frames[index]!;
    if (inner.live === 0 && !inner.gone) release(state, dissolve(state, inner));
  }
  told.sort((a, b) => a - b);
  for (const no of told) issue(state, { type: "cancel-task", no });
}
