import {
  advance,
  compilePlan,
  createRun,
  HeddleError,
  planHash,
  type Command,
  type Plan,
  type RunEvent,
  type RunOutcome,
} from "@heddle/kernel";
import { taskNumber } from "@heddle/kernel/internal";
import { Dispatcher } from "../engine/dispatch/dispatcher.ts";
import type { DispatchRules } from "../engine/dispatch/dispatch-rules.ts";
import { Heap } from "../engine/dispatch/heap.ts";

/** One start of a task in simulated time, in milliseconds since the run began. */
export interface TaskBar {
  readonly task: string;
  readonly readyMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Place that it took, from 0: the first that was free. */
  readonly lane: number;
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly answer: (atMs: number) => RunEvent;
  readonly ends: number | null;
}

/**
 * Run a plan in simulated time: the kernel says what is due, the dispatcher what begins, and each task takes its time and completes without a value. Of ends at the same
 * time those of tasks that began first come first.
 *
 * @returns what ran when, by the time of its start
 * @throws HeddleError `OPTION_INVALID` where the plan, so run, does not complete: it needs what tasks say or what comes from outside
 */
export function simulatePlan(plan: Plan, rules: DispatchRules, durationMs: (task: string) => number): readonly TaskBar[] {
  const state = createRun(compilePlan(plan));
  const dispatcher = new Dispatcher(rules);
  const due = new Heap<Due>((one, other) => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order));
  const ready = new Map<number, { readonly task: string; readonly atMs: number }>();
  const underWay = new Map<number, TaskBar>();
  const lanes = new Heap<number>((one, other) => one < other);
  const bars: TaskBar[] = [];
  let made = 0;
  let lanesMade = 0;
  let outcome: RunOutcome | undefined;

  const execute = (commands: readonly Command[], atMs: number): void => {
    for (const command of commands) {
      const { no } = command;
      if (command.type === "start-task") {
        ready.set(no, { task: command.task, atMs });
        dispatcher.stand(no, taskNumber(command));
      } else if (command.type === "decide-group") {
        const { task } = command;
        due.add({
          atMs,
          order: made++,
          ends: null,
          answer: (at) => ({ type: "task-ended", atMs: at, no, task, outcome: { status: "completed" } }),
        });
      } else if (command.type === "set-timer") {
        due.add({ atMs: command.dueAtMs, order: made++, ends: null, answer: (at) => ({ type: "timer-fired", atMs: at, no }) });
      } else if (command.type === "end-run") outcome = command.outcome;
    }
    for (let no = dispatcher.next(); no !== undefined; no = dispatcher.next()) begin(no, atMs);
  };
  const begin = (no: number, atMs: number): void => {
    const { task, atMs: readyMs } = ready.get(no) as { task: string; atMs: number };
    ready.delete(no);
    const lane = lanes.take() ?? lanesMade++;
    const bar: TaskBar = { task, readyMs, startMs: atMs, endMs: atMs + durationMs(task), lane };
    underWay.set(no, bar);
    bars.push(bar);
    due.add({
      atMs: bar.endMs,
      order: made++,
      ends: no,
      answer: (at) => ({ type: "task-ended", atMs: at, no, task, outcome: { status: "completed" } }),
    });
  };

  execute(advance(state, { type: "run-started", atMs: 0, workflow: plan.name, planHash: planHash(plan) }), 0);
  for (let next = due.take(); next !== undefined && outcome === undefined; next = due.take()) {
    const { atMs, ends, answer } = next;
    if (ends !== null) {
      lanes.add((underWay.get(ends) as TaskBar).lane);
      underWay.delete(ends);
      dispatcher.end(ends, true);
      dispatcher.close(ends);
    }
    execute(advance(state, answer(atMs)), atMs);
  }
  if (outcome?.status !== "completed") {
    throw new HeddleError(
      "OPTION_INVALID",
      `Plan "${plan.name}" does not complete when each of its tasks just takes its time: it needs what they say, or what comes from outside.`,
      { data: { plan: plan.name } },
    );
  }
  return bars;
}
