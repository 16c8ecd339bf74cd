import { edgeNext, edgeOn, flagLabelled, onLabelled, taskFlags, taskHome, taskOut, taskSize } from "../plan/compiled-plan.ts";
import type { Id } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import { failAtOnce, endAtOnce } from "./ending.ts";
import { followEdges, noLabels } from "./follow-edges.ts";
import type { Frame } from "./frame.ts";
import { matchFault, publish } from "./gates.ts";
import { kernelError } from "./kernel-error.ts";
import type { Outcome, RunOutcome } from "./outcome.ts";
import { completedOutcome } from "./completion.ts";
import { blamed } from "./outcomes.ts";
import { type OpenDecision, type OpenTask, rootHistory, type RunState } from "./run-state.ts";
import { openSpawn } from "./spawn.ts";
import { noTrigger, startTask } from "./start-task.ts";
import { statusNumber } from "./status.ts";
import type { Verb } from "./verb.ts";

/** What an answer asks for besides its writes, as bits. */
const asksTake = 1;
const asksGoto = 2;
const asksNext = 4;
const asksSpawn = 8;
const asksIterate = 16;
const asksEnd = 32;
const asksPublish = 64;

function askedBy(verbs: readonly Verb[]): number {
  let asked = 0;
  for (const verb of verbs) {
    if ("write" in verb) continue;
    if ("take" in verb) asked |= asksTake;
    else if ("goto" in verb) asked |= asksGoto;
    else if ("next" in verb) asked |= asksNext;
    else if ("spawn" in verb) asked |= asksSpawn;
    else if ("iterate" in verb) asked |= asksIterate;
    else if ("end" in verb) asked |= asksEnd;
    else asked |= asksPublish;
  }
  return asked;
}

/** What an ended activation's verbs and edges lead to (rule 6), its outcome and writes being kept already. `held`: a reset goes on with it, without `end`. */
export function workOff(
  state: RunState,
  frame: Frame,
  record: OpenTask | OpenDecision,
  outcome: Outcome,
  verbs: readonly Verb[] | undefined,
  held: boolean,
): void {
  const asked = verbs === undefined || outcome.status !== "completed" ? 0 : askedBy(verbs);
  if (asked !== 0) {
    workOffVerbs(state, frame, record, outcome, verbs!, asked, held);
    return;
  }
  if (frame.stopped) return;
  const status = statusNumber(outcome.status);
  if (frame.serial === 0 && state.history !== undefined) state.history.takes.delete(record.at);
  followEdges(state, frame, record.at, status, blamed(state, record.at, outcome), noLabels, false);
}

function workOffVerbs(
  state: RunState,
  frame: Frame,
  record: OpenTask | OpenDecision,
  outcome: Outcome,
  verbs: readonly Verb[],
  asked: number,
  held: boolean,
): void {
  const task = record.at;
  const fault = frame.stopped ? publishFault(state, verbs) : verbFault(state, frame, task, verbs);
  if (fault !== undefined) {
    if (frame.serial === 0) rootHistory(state).cut.add(task);
    failAtOnce(state, kernelError("VERB_REFUSED", `Task "${record.task}" ${fault}.`));
    return;
  }
  if ((asked & asksPublish) !== 0) for (const verb of verbs) if ("publish" in verb) publish(state, verb.blob, verb.matches);
  if (frame.stopped) return;
  const again = (asked & asksIterate) === 0 ? undefined : verbs.find((verb) => "iterate" in verb);
  if (again !== undefined) {
    startTask(state, frame, task, noTrigger, again.iterate, undefined, record.scope);
    return;
  }
  const labels = (asked & asksTake) === 0 ? noLabels : takenLabels(verbs);
  const gone = (asked & asksGoto) !== 0;
  if (frame.serial === 0) rememberTaken(state, task, labels, gone);
  followEdges(state, frame, task, statusNumber(outcome.status), task, labels, gone);
  if (gone) for (const verb of verbs) if ("goto" in verb) startNear(state, frame, verb.goto, verb.input);
  if ((asked & asksNext) !== 0) for (const verb of verbs) if ("next" in verb) startNear(state, frame, verb.next, verb.input);
  if ((asked & asksSpawn) !== 0) spawnAll(state, frame, record, verbs);
  if (held || (asked & asksEnd) === 0) return;
  for (const verb of verbs) if ("end" in verb) endAtOnce(state, outcomeOfEnd(state, verb));
}

function spawnAll(state: RunState, frame: Frame, record: OpenTask | OpenDecision, verbs: readonly Verb[]): void {
  let ordinal = 0;
  for (const verb of verbs) {
    if ("spawn" in verb) openSpawn(state, frame, record.at, record.no, ++ordinal, state.plan.taskNumbers.get(verb.spawn)!, verb.items);
  }
}

/** Why a verb is refused, or nothing. All are looked at before any takes effect. */
function verbFault(state: RunState, frame: Frame, task: number, verbs: readonly Verb[]): string | undefined {
  let iterates = 0;
  let others = 0;
  let ends = 0;
  for (const verb of verbs) {
    let fault: string | undefined;
    if ("take" in verb) {
      others++;
      if (!hasLabel(state, task, verb.take)) fault = `took the label "${verb.take}", which no edge out of it has`;
    } else if ("goto" in verb || "next" in verb) {
      others++;
      const target = "goto" in verb ? verb.goto : verb.next;
      if (nearestHome(state, frame, target) === undefined)
        fault = `wants to go on with "${target}", which is not at home in its frame or one around it`;
    } else if ("spawn" in verb) {
      others++;
      const target = state.plan.taskNumbers.get(verb.spawn);
      if (target === undefined || state.plan.tasks[target * taskSize + taskHome] !== frame.home)
        fault = `spawned "${verb.spawn}", which is not at home in its own frame`;
    } else if ("publish" in verb) fault = matchFault(state, verb.matches);
    else if ("iterate" in verb) iterates++;
    else if ("end" in verb) {
      others++;
      if (++ends > 1) fault = "ended the run twice";
    }
    if (iterates > 1) fault ??= "asked for its next round twice";
    if (iterates > 0 && others > 0) fault ??= "asked for its next round and to go on elsewhere";
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function publishFault(state: RunState, verbs: readonly Verb[]): string | undefined {
  for (const verb of verbs) {
    const fault = "publish" in verb ? matchFault(state, verb.matches) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function hasLabel(state: RunState, task: number, label: Id): boolean {
  const { edges, tasks, labels } = state.plan;
  if ((tasks[task * taskSize + taskFlags]! & flagLabelled) === 0) return false;
  for (let edge = tasks[task * taskSize + taskOut]!; edge !== -1; edge = edges[edge + edgeNext]!) {
    state.visits++;
    if ((edges[edge + edgeOn]! & onLabelled) !== 0 && labels.get(edge) === label) return true;
  }
  return false;
}

function takenLabels(verbs: readonly Verb[]): readonly Id[] {
  let labels: Id[] | undefined;
  for (const verb of verbs) {
    if (!("take" in verb)) continue;
    if (labels === undefined) labels = [verb.take];
    else labels.push(verb.take);
  }
  return labels ?? noLabels;
}

/** The innermost frame around an activation in which a task is at home. */
function nearestHome(state: RunState, frame: Frame, target: Id): Frame | undefined {
  const number = state.plan.taskNumbers.get(target);
  if (number === undefined) return undefined;
  const home = state.plan.tasks[number * taskSize + taskHome]!;
  for (let around: Frame | undefined = frame; around !== undefined; around = around.parent) {
    if (around.home === home && around.kind !== "spawn") return around;
  }
  return undefined;
}

function startNear(state: RunState, frame: Frame, target: Id, input: Json | undefined): void {
  const near = nearestHome(state, frame, target)!;
  startTask(state, near, state.plan.taskNumbers.get(target)!, noTrigger, input, undefined, near.scope);
}

function rememberTaken(state: RunState, task: number, labels: readonly Id[], gone: boolean): void {
  if (labels.length > 0 || gone) rootHistory(state).takes.set(task, { labels, gone });
  else if (state.history !== undefined) state.history.takes.delete(task);
}

function outcomeOfEnd(state: RunState, verb: Extract<Verb, { readonly end: string }>): RunOutcome {
  if (verb.end === "cancel") return { status: "cancelled" };
  return verb.value === undefined ? completedOutcome(state) : { status: "completed", value: verb.value };
}
