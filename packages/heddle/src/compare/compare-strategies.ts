import type { Plan } from "@heddle/kernel";
import { availableParallelism } from "node:os";
import { checkDispatch } from "../engine/dispatch/check-dispatch.ts";
import { strategies as allStrategies, type DispatchOptions, type Strategy } from "../engine/dispatch/dispatch-options.ts";
import { dispatchRules } from "../engine/dispatch/dispatch-rules.ts";
import { simulatePlan, type TaskBar } from "./simulate.ts";

export interface CompareOptions extends Omit<DispatchOptions, "strategy"> {
  /** Tasks under way at once; 0 counts as 1. Default: the processors that Node sees, for all strategies alike. */
  readonly maxConcurrency?: number;
  /** Which, in this order. Default: all. */
  readonly strategies?: readonly Strategy[];
  /** How long tasks really take, by id, in milliseconds. Default: as long as `tasks` says they are expected to, and else 1. */
  readonly durationsMs?: Readonly<Record<string, number>>;
}

/** How one strategy did. */
export interface StrategyRow {
  readonly strategy: Strategy;
  /** From the beginning of the run to the end of its last task, in milliseconds. */
  readonly makespanMs: number;
  /** Most tasks under way at once. */
  readonly peak: number;
  /** Tasks that were ready before there was room for them. */
  readonly waits: number;
  /** How long they stood in line, all together, in milliseconds. */
  readonly waitedMs: number;
  /** What ran when, by the time of its start. */
  readonly bars: readonly TaskBar[];
}

/**
 * What each strategy would make of a plan, in simulated time: the same code decides what begins as in a run.
 *
 * @throws HeddleError `OPTION_INVALID`: as `planned` does, or the plan does not complete when each of its tasks just takes its time
 */
export function compareStrategies(plan: Plan, options: CompareOptions = {}): readonly StrategyRow[] {
  const { strategies = allStrategies, durationsMs = {}, ...limits } = options;
  return strategies.map((strategy) => {
    const dispatch: DispatchOptions = { maxConcurrency: availableParallelism(), ...limits, strategy };
    checkDispatch(plan, dispatch);
    const durationOf = (task: string): number =>
      (Object.hasOwn(durationsMs, task) ? durationsMs[task] : undefined) ?? limits.tasks?.[task]?.expectedMs ?? 1;
    return strategyRow(strategy, simulatePlan(plan, dispatchRules(plan, dispatch), durationOf));
  });
}

/** A row from what ran when. */
export function strategyRow(strategy: Strategy, bars: readonly TaskBar[]): StrategyRow {
  const waiting = bars.filter(({ readyMs, startMs }) => startMs > readyMs);
  return {
    strategy,
    makespanMs: bars.reduce((last, { endMs }) => Math.max(last, endMs), 0),
    peak: bars.reduce((most, { lane }) => Math.max(most, lane + 1), 0),
    waits: waiting.length,
    waitedMs: waiting.reduce((sum, { readyMs, startMs }) => sum + startMs - readyMs, 0),
    bars,
  };
}
