import { HeddleError } from "../errors/heddle-error.ts";
import { amendPlan } from "./amend-plan.ts";
import { endActivation, taskEnded } from "./answer.ts";
import { applyOutsideWrites } from "./channels.ts";
import type { Command } from "./command.ts";
import { beginEnding, cancelledOutcome, failAtOnce, markEnded } from "./ending.ts";
import type { Published, RunEvent } from "./event.ts";
import { matchFault, publish } from "./gates.ts";
import { kernelError } from "./kernel-error.ts";
import { find, replace } from "./numbered.ts";
import { opEnded, opOpened, segmentStarted, signalReceived } from "./operations.ts";
import { resetTasks } from "./reset-tasks.ts";
import { frameOf, issue, type OpenTask, type RunState, takeCommands } from "./run-state.ts";
import { settle } from "./settle.ts";
import { fillFrame } from "./start-task.ts";
import { setTimeTriggers, timerFired } from "./timers.ts";

/**
 * Apply one journal event and return the commands that it makes due. `docs/plan.md` says what that is, rule by rule.
 * Changes `state` and nothing else; time comes inside the event. Cost, amortised over a run: in proportion to what the event
 * touches, never to the plan; only the end of a run looks through its root tasks, and a stalled one through its joins.
 */
export function advance(state: RunState, event: RunEvent): readonly Command[] {
  if (!applies(state, event)) return takeCommands(state);
  state.nowMs = event.atMs;
  switch (event.type) {
    case "task-ended":
      taskEnded(state, event);
      break;
    case "op-opened":
      opOpened(state, event);
      return takeCommands(state);
    case "op-ended":
      opEnded(state, event);
      return takeCommands(state);
    case "run-started":
      state.phase = "running";
      state.startedAtMs = event.atMs;
      fillFrame(state, state.root);
      setTimeTriggers(state, 0);
      break;
    case "task-retried":
      taskRetried(state, event.no, event.dueAtMs);
      break;
    case "timer-fired":
      timerFired(state, event.no);
      break;
    case "published":
      published(state, event);
      break;
    case "cancel-requested":
      beginEnding(state, cancelledOutcome(event.reason));
      break;
    case "run-ended":
      markEnded(state, event.outcome);
      return takeCommands(state);
    case "plan-amended":
      amendPlan(state, event.tasks);
      break;
    case "tasks-reset":
      resetTasks(state, event.tasks);
      break;
    case "segment-started":
      segmentStarted(state, event.of, event.input);
      return takeCommands(state);
    case "signal-received":
      signalReceived(state, event);
      return takeCommands(state);
    case "channels-written":
      applyOutsideWrites(state, event.writes, event.merged);
      return takeCommands(state);
    case "run-forked":
    case "run-paused":
    case "run-resumed":
    case "run-migrated":
    case "run-crashed":
    case "task-started":
    case "tasks-held":
    case "tasks-released":
    case "op-retried":
    case "emitted":
      return takeCommands(state);
    default:
      throw unknownEvent(event satisfies never);
  }
  settle(state);
  return takeCommands(state);
}

const droppedWhileEnding: ReadonlySet<RunEvent["type"]> = new Set([
  "run-started",
  "tasks-reset",
  "published",
  "timer-fired",
  "channels-written",
]);

/** Whether an event counts where the run stands (rules 11 and 29). */
function applies(state: RunState, event: RunEvent): boolean {
  switch (state.phase) {
    case "running":
      return event.type !== "run-started" && event.type !== "tasks-reset";
    case "fresh":
      return event.type === "run-started";
    case "ending":
      return !droppedWhileEnding.has(event.type);
    case "closing":
      return event.type === "run-ended";
    case "ended":
      return event.type === "tasks-reset";
    default:
      return state.phase satisfies never;
  }
}

/** An attempt has ended and the activation goes on (rule 30), unless it was told to cancel. */
function taskRetried(state: RunState, no: number, dueAtMs: number): void {
  const record = find(state.live, no);
  if (record?.type !== "start-task") return;
  if (state.phase === "ending" || frameOf(state, record.frame).stopped) {
    endActivation(state, record, { status: "cancelled" }, undefined, undefined);
    return;
  }
  const again: OpenTask = {
    type: "start-task",
    task: record.task,
    scope: record.scope,
    nth: record.nth,
    attempt: record.attempt + 1,
    no,
    trigger: record.trigger,
    input: record.input,
    consumed: record.consumed,
    notBeforeMs: dueAtMs,
    at: record.at,
    frame: record.frame,
  };
  replace(state.live, no, again);
  issue(state, again);
}

function published(state: RunState, event: Published): void {
  const fault = matchFault(state, event.matches);
  if (fault === undefined) publish(state, event.blob, event.matches);
  else failAtOnce(state, kernelError("VERB_REFUSED", `Artifact "${event.artifact}" was ${fault}.`));
}

function unknownEvent({ type }: { readonly type: string }): HeddleError {
  return new HeddleError(
    "JOURNAL_CORRUPT",
    `It holds an event of type "${type}", which this version does not know: a newer Heddle wrote it. Use that version in every process that shares the store.`,
    { data: { type } },
  );
}
