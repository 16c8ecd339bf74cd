import { canonically } from "./canonical-order.ts";
import { kernelError } from "./kernel-error.ts";
import { add, clear, entries, remove } from "./numbered.ts";
import type { ErrorValue, RunOutcome } from "./outcome.ts";
import { keepOutcome, keepValue } from "./outcomes.ts";
import { frameOf, issue, type Kept, type Live, type OpenDecision, type OpenTask, rootHistory, type RunState } from "./run-state.ts";

/** The run is to end so once what is open has answered: everything open is told to cancel, nothing new starts (rules 11 and 27). */
export function beginEnding(state: RunState, outcome: RunOutcome): void {
  if (state.phase !== "running") return;
  state.phase = "ending";
  state.outcome = outcome;
  for (const record of entries(state.live)) {
    // What its stopped group told to cancel is not told again.
    if (isActivation(record) && !frameOf(state, record.frame).stopped) issue(state, { type: "cancel-task", no: record.no });
  }
  cancelTimers(state);
}

/** End the run in this very step: what is open counts as answered (rule 27). */
export function endAtOnce(state: RunState, outcome: RunOutcome): void {
  if (state.phase !== "running") return;
  for (const record of entries(state.live)) if (isActivation(record)) issue(state, { type: "cancel-task", no: record.no });
  cancelTimers(state);
  issueEnd(state, outcome);
}

export function failAtOnce(state: RunState, error: ErrorValue): void {
  endAtOnce(state, { status: "failed", error });
}

/** The run has reached a limit, which no reset gets round (rules 28 and 32). */
export function endByLimit(state: RunState, message: string): void {
  const outcome: RunOutcome = { status: "failed", error: kernelError("STEP_LIMIT", message) };
  endAtOnce(state, outcome);
  state.limit = outcome;
}

/** Command `end-run` and let go of all but the root frame (rule 29). */
export function issueEnd(state: RunState, outcome: RunOutcome): void {
  letGo(state);
  commandEnd(state, outcome);
}

export function commandEnd(state: RunState, outcome: RunOutcome): void {
  state.phase = "closing";
  state.outcome = outcome;
  const record = { type: "end-run" as const, no: ++state.lastNo, outcome };
  add(state.live, record.no, record);
  issue(state, record);
}

/** The journal says that the run has ended: after `end-run`, or because the engine ended it. */
export function markEnded(state: RunState, outcome: RunOutcome): void {
  if (state.phase !== "closing") letGo(state);
  state.phase = "ended";
  state.outcome = outcome;
  clear(state.live, state.lastNo + 1);
}

/** The first failure that nothing caught, if there was one. */
export function firstFailure(state: RunState): ErrorValue | undefined {
  return state.failures?.[0]?.error;
}

export function cancelledOutcome(reason: string | undefined): RunOutcome {
  return reason === undefined ? { status: "cancelled" } : { status: "cancelled", error: kernelError("RUN_CANCELLED", reason) };
}

function isActivation(record: Live): record is OpenTask | OpenDecision {
  return record.type === "start-task" || record.type === "decide-group";
}

function cancelTimers(state: RunState): void {
  if (state.timerCount === 0) return;
  for (const { type, no } of entries(state.live)) {
    if (type !== "set-timer") continue;
    remove(state.live, no);
    issue(state, { type: "cancel-timer", no });
  }
  state.timerCount = 0;
}

/** Give what is still open its outcome, remember what a reset has to start again, and drop frames, gates and records. */
function letGo(state: RunState): void {
  if (state.round !== undefined && state.round.kept.length > 0) dropRound(state, state.round.kept.sort(canonically));
  for (const record of entries(state.live)) {
    if (record.type === "set-timer" || record.type === "end-run" || record.frame !== 0) continue;
    keepOutcome(state, state.root, record.at, { status: "cancelled" });
    rootHistory(state).cut.add(record.at);
  }
  if (state.frames !== undefined) {
    for (const frame of entries(state.frames)) {
      frame.gone = true;
      if (frame.kind === "spawn" && frame.parent === state.root) rootHistory(state).cut.add(frame.spawner);
    }
    state.frames = undefined;
    state.spawns = undefined;
  }
  state.root.live = 0;
  clear(state.live, state.lastNo + 1);
  state.openCount = 0;
  state.timerCount = 0;
  if (state.round !== undefined) state.round.open = 0;
  if (state.board !== undefined) state.board.gates.clear();
  state.gateCount = 0;
  if (state.functions !== undefined) state.functions.open.clear();
}

/** Ends whose round does not close keep outcome and value; their writes are lost, so a reset starts them again. */
function dropRound(state: RunState, kept: readonly Kept[]): void {
  for (const { record, outcome, verbs } of kept) {
    if (record.frame !== 0) continue;
    if (outcome.status === "completed" && verbs?.some((verb) => "iterate" in verb) === true)
      keepValue(state, state.root, record.at, outcome.value);
    else keepOutcome(state, state.root, record.at, outcome);
    rootHistory(state).cut.add(record.at);
  }
  state.round!.kept = [];
}
