import assert from "node:assert/strict";
import { open, planned, workloadPlan, type Strategy, type Workload } from "heddle";
import { openMemoryStore } from "heddle/internal";
import { FakeClock } from "@heddle/testing";

/** What happened in a run, in milliseconds of simulated time since it began. */
export interface SimulatedRun {
  readonly makespanMs: number;
  readonly peak: number;
  readonly times: ReadonlyMap<string, { readonly startMs: number; readonly endMs: number }>;
}

/** Run a recorded workflow on the real engine, each task for as long as it was recorded, in simulated time. A task that runs twice, or before a parent has ended, throws. */
export async function simulatedRun(workload: Workload, strategy: Strategy, maxConcurrency: number): Promise<SimulatedRun> {
  const clock = new FakeClock();
  const startMs = clock.nowMs();
  const times = new Map<string, { startMs: number; endMs: number }>();
  let underWay = 0;
  let peak = 0;
  const { plan, tasks } = workloadPlan(workload);
  const code = Object.fromEntries(
    workload.tasks.map(({ id, parents, runtimeMs }) => [
      id,
      async (): Promise<void> => {
        assert.ok(!times.has(id), `${id} runs a second time`);
        for (const parent of parents) assert.ok(Number.isFinite(times.get(parent)?.endMs), `${id} begins before ${parent} has ended`);
        const time = { startMs: clock.nowMs() - startMs, endMs: Number.POSITIVE_INFINITY };
        times.set(id, time);
        peak = Math.max(peak, ++underWay);
        await new Promise<void>((resolve) => void clock.after(runtimeMs, resolve));
        underWay--;
        time.endMs = clock.nowMs() - startMs;
      },
    ]),
  );
  const workflow = planned(plan, { tasks: code, dispatch: { strategy, maxConcurrency, tasks } });
  await using engine = await open(openMemoryStore({ clock }), { clock, workflows: [workflow], concurrency: 1 });
  const run = await engine.start(workflow, null);
  await clock.runUntil(run.result());
  assert.equal(times.size, workload.tasks.length);
  const ends = [...times.values()].map(({ endMs }) => endMs);
  return { makespanMs: ends.reduce((last, endMs) => Math.max(last, endMs), 0), peak, times };
}
