import { canonically } from "./canonical-order.ts";
import type { TaskEnded } from "./event.ts";
import { heedFailure } from "./failures.ts";
import { workOffLine } from "./follow-edges.ts";
import type { Frame } from "./frame.ts";
import { find, remove } from "./numbered.ts";
import type { Outcome } from "./outcome.ts";
import { keepOutcome, keepValue } from "./outcomes.ts";
import { release } from "./quiet.ts";
import { frameOf, type Kept, noneKept, type OpenDecision, type OpenTask, rootHistory, type RunState } from "./run-state.ts";
import type { Verb } from "./verb.ts";
import { workOff } from "./work-off.ts";
import { applyRoundWrites, applyWrites } from "./writes.ts";
import type { Json } from "../value/json.ts";

/** An activation has ended (rules 5 and 6). Dropped if it is not open: a late answer. */
export function taskEnded(state: RunState, event: TaskEnded): void {
  const record = find(state.live, event.no);
  if (record === undefined || (record.type !== "start-task" && record.type !== "decide-group")) return;
  endActivation(state, record, event.outcome, event.verbs, event.merged);
}

/** The answer to an open activation. In a superstep plan it is kept until its round closes; failures act at once (rule 20). */
export function endActivation(
  state: RunState,
  record: OpenTask | OpenDecision,
  outcome: Outcome,
  verbs: readonly Verb[] | undefined,
  merged: Readonly<Record<string, Json>> | undefined,
): void {
  const frame = frameOf(state, record.frame);
  remove(state.live, record.no);
  state.openCount--;
  if (frame.inside !== undefined) frame.inside.activations.delete(record.no);
  if (state.functions !== undefined) state.functions.open.delete(record.no);
  const { round } = state;
  if (round !== undefined) {
    const end: Kept = { record, outcome, verbs };
    // Many rounds have one: a literal takes no spare room.
    if (round.kept.length === 0) round.kept = [end];
    else round.kept.push(end);
    round.open--;
    if (outcome.status !== "completed") heedFailure(state, frame, record.at, outcome);
    if (round.open === 0) closeRound(state, merged);
    return;
  }
  keepEnd(state, frame, record, outcome, verbs);
  if (outcome.status !== "completed") heedFailure(state, frame, record.at, outcome);
  else if (verbs !== undefined && !applyWrites(state, record, verbs, merged)) return;
  if (state.phase === "ending") hold(state, { record, outcome, verbs });
  else workOff(state, frame, record, outcome, verbs, false);
  release(state, frame);
}

/** All of a round has ended: outcomes and writes of all, then what follows from each, in canonical order (rule 20). */
function closeRound(state: RunState, merged: Readonly<Record<string, Json>> | undefined): void {
  const round = state.round!;
  const kept = round.kept.length > 1 ? round.kept.sort(canonically) : round.kept;
  round.kept = noneKept;
  // No frame of these is gone: each still counts in its frame.
  for (const { record, outcome, verbs } of kept) keepEnd(state, frameOf(state, record.frame), record, outcome, verbs);
  const written = applyRoundWrites(state, kept, merged);
  if (state.phase === "ending") {
    for (const end of kept) hold(state, end);
    return;
  }
  for (let index = 0; index < kept.length; index++) {
    const end = kept[index]!;
    if (state.phase !== "running") {
      leave(state, end, index < written);
      continue;
    }
    const frame = frameOf(state, end.record.frame);
    workOff(state, frame, end.record, end.outcome, end.verbs, false);
    release(state, frame);
    workOffLine(state);
  }
}

function keepEnd(
  state: RunState,
  frame: Frame,
  record: OpenTask | OpenDecision,
  outcome: Outcome,
  verbs: readonly Verb[] | undefined,
): void {
  // In a stopped frame there is no next round.
  const goesOn = verbs !== undefined && outcome.status === "completed" && !frame.stopped && verbs.some((verb) => "iterate" in verb);
  if (goesOn) keepValue(state, frame, record.at, outcome.value);
  else keepOutcome(state, frame, record.at, outcome);
}

/** An end that came while the run was ending: nothing follows from it, unless a reset reopens the run (rule 32). */
function hold(state: RunState, end: Kept): void {
  if (end.record.frame !== 0) return;
  if (end.outcome.status === "cancelled") rootHistory(state).cut.add(end.record.at);
  else rootHistory(state).held.push(end);
}

/** An end whose round's close was broken off. */
function leave(state: RunState, end: Kept, written: boolean): void {
  if (written) hold(state, end);
  else if (end.record.frame === 0) rootHistory(state).cut.add(end.record.at);
}
