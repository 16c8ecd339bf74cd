import { taskSize, taskSlot } from "../plan/compiled-plan.ts";
import type { Id } from "../plan/plan.ts";
import { closeFrame } from "./close-frame.ts";
import { completedOutcome } from "./completion.ts";
import { failAtOnce, firstFailure, issueEnd } from "./ending.ts";
import { followDrained, workOffLine } from "./follow-edges.ts";
import type { Frame } from "./frame.ts";
import { halfFullJoins } from "./half-full-joins.ts";
import { kernelError } from "./kernel-error.ts";
import { find, replace } from "./numbered.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeIn } from "./outcomes.ts";
import { popQuiet, pushQuiet, release } from "./quiet.ts";
import { issue, type OpenDecision, type OpenGroup, type RunState } from "./run-state.ts";
import { keepItems } from "./spawn.ts";
import { fireReady, joinRound } from "./start-task.ts";

/**
 * After an event: deliver what stands in line, then take the frames in which nothing is open, the one that opened first first:
 * their idle triggers fire, or they drain (rules 17 and 24). Then see whether the run is at its end.
 */
export function settle(state: RunState): void {
  if (state.line.length > 0) workOffLine(state);
  while (state.phase === "running") {
    const frame = state.quiet.length > 0 ? popQuiet(state) : quietRoot(state);
    if (frame === undefined) {
      if (state.openCount === 0) settleRun(state);
      break;
    }
    if (frame.gone || frame.live > 0) continue;
    if (frame.ready !== undefined) {
      fireReady(state, frame);
      if (frame.live === 0) pushQuiet(state, frame);
    } else if (frame.halfFull === 0) drain(state, frame);
    workOffLine(state);
  }
  if (state.phase === "ending" && state.openCount === 0) issueEnd(state, state.outcome!);
  // An end at once leaves them as they are.
  if (state.line.length > 0) state.line.length = 0;
  if (state.quiet.length > 0) state.quiet.length = 0;
  if (state.opening.length > 0) state.opening.length = 0;
}

/** The root, if it has something to do about being quiet here. That it drains is for `settleRun` to see. */
function quietRoot(state: RunState): Frame | undefined {
  return state.root.live === 0 && state.root.ready !== undefined ? state.root : undefined;
}

function drain(state: RunState, frame: Frame): void {
  const parent = frame.parent!;
  if (frame.kind === "group") {
    decideGroup(state, frame, parent);
    return;
  }
  closeFrame(state, frame);
  if (frame.kind === "spawn") {
    keepItems(
      parent,
      frame.task,
      frame.serial,
      frame.columns.width,
      frame.columns.itemValues!.get(state.plan.tasks[frame.task * taskSize + taskSlot]!),
    );
    followDrained(state, parent, frame.task);
  }
  release(state, parent);
}

/** Ask the engine for the verdict on a group that has nothing left to do. */
function decideGroup(state: RunState, frame: Frame, parent: Frame): void {
  if (state.round !== undefined && !joinRound(state)) return;
  closeFrame(state, frame);
  const group = find(state.live, frame.opener) as OpenGroup;
  const members: { readonly task: Id; readonly outcome: Outcome }[] = [];
  for (const member of state.plan.homes[frame.home]!.members) {
    const outcome = outcomeIn(state, frame, member);
    if (outcome !== undefined) members.push({ task: state.plan.taskIds[member]!, outcome });
  }
  const decision: OpenDecision = {
    type: "decide-group",
    task: group.task,
    scope: group.scope,
    nth: group.nth,
    attempt: 1,
    no: group.no,
    members,
    at: group.at,
    frame: parent.serial,
  };
  replace(state.live, group.no, decision);
  state.openCount++;
  if (state.round !== undefined) state.round.open++;
  issue(state, decision);
}

/** Nothing is open: the run has drained, or waits for a timer or an artifact, or is stalled (rules 24 to 26). */
function settleRun(state: RunState): void {
  const { root } = state;
  if (state.timerCount > 0 || state.gateCount > 0) return;
  if (root.live === 0 && root.halfFull === 0) {
    const error = firstFailure(state);
    issueEnd(state, error === undefined ? completedOutcome(state) : { status: "failed", error });
    return;
  }
  const joins = halfFullJoins(state);
  const cause = firstFailure(state);
  const names = joins.map(
    ({ trigger, task, missing }) => `"${trigger}" of "${task}" still waits for ${missing.map((id) => `"${id}"`).join(", ")}`,
  );
  const message = `Nothing is left to do, but joins are half full: ${names.slice(0, 10).join("; ")}${names.length > 10 ? `; and ${names.length - 10} more` : ""}.`;
  failAtOnce(state, kernelError("RUN_STALLED", message, cause === undefined ? { data: { joins } } : { data: { joins }, cause }));
}
