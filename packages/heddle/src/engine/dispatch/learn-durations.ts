import { advance, createRun, compilePlan, HeddleError, type Command, type CompiledPlan, type RunEvent } from "@heddle/kernel";
import { taskNumber } from "@heddle/kernel/internal";
import type { PlannedWorkflow } from "../definition.ts";
import type { Engine, RunHandle } from "../engine.ts";
import { isJournalEvent } from "../live-piece.ts";
import { Dispatcher } from "./dispatcher.ts";
import { dispatchRules, type DispatchRules } from "./dispatch-rules.ts";
import { median } from "./median.ts";

export interface LearnDurationsOptions {
  /** How many runs are read, the last ended ones first. Default 20. */
  readonly runs?: number;
}

/**
 * How long the tasks of a workflow took in its last completed runs, in milliseconds: the median for each task. For `dispatch.tasks[id].expectedMs`.
 *
 * Journals hold when tasks ended and not when they began. So each run is folded again with the dispatch that the workflow has now: a task began when its turn came. Where runs
 * went by another dispatch that is less exact. What was retried counts with its last attempt; runs that crashed or were paused do not count.
 *
 * @throws HeddleError `OPTION_INVALID`; what reading the store throws
 */
export async function learnDurations(
  engine: Engine,
  workflow: PlannedWorkflow<never>,
  options: LearnDurationsOptions = {},
): Promise<Readonly<Record<string, number>>> {
  const { runs: limit = 20 } = options;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new HeddleError("OPTION_INVALID", `The runs to learn from are ${String(limit)}: it must be a whole number from 1.`);
  }
  const compiled = compilePlan(workflow.plan);
  const rules = dispatchRules(workflow.plan, workflow.code.dispatch ?? { strategy: "reactive" });
  const taken = new Map<string, number[]>();
  for (const { runId } of await engine.list({ workflow: workflow.name, status: "completed", limit })) {
    for (const [task, ms] of (await timesOf(await engine.get(runId), compiled, rules)) ?? []) {
      // Added by a front-end: nobody gives it an expected time.
      if (task.startsWith("__")) continue;
      const times = taken.get(task);
      if (times === undefined) taken.set(task, [ms]);
      else times.push(ms);
    }
  }
  return Object.fromEntries([...taken].map(([task, times]) => [task, median(times)]));
}

/** What each task of one run took, every time that it completed; undefined: the run says nothing of it. */
async function timesOf(
  run: RunHandle,
  compiled: CompiledPlan,
  rules: DispatchRules,
): Promise<(readonly [task: string, ms: number])[] | undefined> {
  const state = createRun(compiled);
  const dispatcher = new Dispatcher(rules);
  const begunAtMs = new Map<number, number>();
  const times: (readonly [string, number])[] = [];
  const execute = (commands: readonly Command[], atMs: number): void => {
    for (const command of commands) {
      if (command.type !== "start-task") continue;
      if (command.notBeforeMs === undefined) dispatcher.stand(command.no, taskNumber(command));
      else begunAtMs.set(command.no, command.notBeforeMs);
    }
    for (let no = dispatcher.next(); no !== undefined; no = dispatcher.next()) begunAtMs.set(no, atMs);
  };
  for await (const event of run.events({ live: false })) {
    if (!isJournalEvent(event)) continue;
    if (isBreak(event)) return undefined;
    const commands = advance(state, event);
    if (event.type === "task-ended") {
      const beganAtMs = begunAtMs.get(event.no);
      if (event.outcome.status === "completed" && beganAtMs !== undefined) times.push([event.task, Math.max(0, event.atMs - beganAtMs)]);
      dispatcher.end(event.no, true);
      dispatcher.close(event.no);
    } else if (event.type === "task-retried") dispatcher.endAttempt(event.no);
    execute(commands, event.atMs);
  }
  return times;
}

/** Time went by in which nothing ran, or what ran is not all in this journal. */
function isBreak({ type }: RunEvent): boolean {
  return type === "run-crashed" || type === "run-paused" || type === "run-forked" || type === "run-migrated";
}
