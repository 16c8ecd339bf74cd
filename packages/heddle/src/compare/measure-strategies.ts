import type { PlannedWorkflow } from "../engine/definition.ts";
import { checkDispatch } from "../engine/dispatch/check-dispatch.ts";
import { strategies as allStrategies, type DispatchOptions, type Strategy } from "../engine/dispatch/dispatch-options.ts";
import { Heap } from "../engine/dispatch/heap.ts";
import type { Engine, EngineOptions } from "../engine/engine.ts";
import { strategyRow, type StrategyRow } from "./compare-strategies.ts";
import type { TaskBar } from "./simulate.ts";

export interface MeasureOptions {
  /** Which, in this order. Default: all. */
  readonly strategies?: readonly Strategy[];
  /** Tasks under way at once, for all strategies alike. Default: the workflow's own, else the processors that Node sees. */
  readonly maxConcurrency?: number;
  /** Opens an engine for each run. */
  readonly open: (options: EngineOptions) => Promise<Engine>;
}

/** How one strategy did on a real run. */
export interface MeasuredRow extends StrategyRow {
  /** What the run returned; absent: it did not complete. */
  readonly result?: unknown;
  readonly error?: unknown;
}

/**
 * Run a workflow once under each strategy, for real and one after the other, and measure it.
 *
 * @throws HeddleError `OPTION_INVALID`; what `open` throws
 */
export async function measureStrategies<I>(
  workflow: PlannedWorkflow<I>,
  input: I,
  { strategies = allStrategies, maxConcurrency, open }: MeasureOptions,
): Promise<readonly MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const strategy of strategies) {
    const { dispatch } = workflow.code;
    const changed: DispatchOptions = { ...dispatch, strategy, ...(maxConcurrency === undefined ? null : { maxConcurrency }) };
    checkDispatch(workflow.plan, changed);
    rows.push(await measured({ ...workflow, code: { ...workflow.code, dispatch: changed } }, input, strategy, open));
  }
  return rows;
}

async function measured<I>(workflow: PlannedWorkflow<I>, input: I, strategy: Strategy, open: MeasureOptions["open"]): Promise<MeasuredRow> {
  const readyAtMs = new Map<number, number>();
  const startedAtMs = new Map<number, number>();
  const runId = "compared";
  await using engine = await open({
    workflows: [workflow],
    onLive: (of, event) => {
      if (of !== runId || !("no" in event) || event.no === undefined) return;
      if (event.type === "ready" && !readyAtMs.has(event.no)) readyAtMs.set(event.no, event.atMs);
      if (event.type === "started") startedAtMs.set(event.no, event.atMs);
    },
  });
  const run = await engine.start(workflow, input as never, { id: runId });
  const ending = await run.result().then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  const spans: Omit<TaskBar, "lane">[] = [];
  let beganAtMs = 0;
  for await (const event of run.events({ live: false })) {
    if (event.type === "run-started") beganAtMs = event.atMs;
    if (event.type !== "task-ended") continue;
    const startMs = startedAtMs.get(event.no);
    if (startMs === undefined) continue;
    const readyMs = readyAtMs.get(event.no) ?? startMs;
    spans.push({ task: event.task, readyMs: readyMs - beganAtMs, startMs: startMs - beganAtMs, endMs: event.atMs - beganAtMs });
  }
  return { ...strategyRow(strategy, inLanes(spans)), ...ending };
}

/** Give each the first lane that is free at its start. */
function inLanes(spans: readonly Omit<TaskBar, "lane">[]): TaskBar[] {
  const free = new Heap<number>((one, other) => one < other);
  const busy = new Heap<{ readonly lane: number; readonly endMs: number }>((one, other) => one.endMs < other.endMs);
  let lanes = 0;
  return spans
    .toSorted((one, other) => one.startMs - other.startMs || one.endMs - other.endMs)
    .map((span) => {
      while (busy.first !== undefined && busy.first.endMs <= span.startMs) free.add((busy.take() as { lane: number }).lane);
      const lane = free.take() ?? lanes++;
      busy.add({ lane, endMs: span.endMs });
      return { ...span, lane };
    });
}
