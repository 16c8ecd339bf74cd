import type { Engine, RunHandle } from "../../engine/engine.ts";
import type { RunView, WaitView } from "../../engine/run-view.ts";
import { openQuestions, type OpenQuestion } from "../ask/open-question.ts";

/** What holds a run up: answers and signals, of its own and of the runs that it waits for. */
export interface Parked {
  readonly questions: readonly OpenQuestion[];
  readonly signals: readonly { readonly runId: string; readonly name: string; readonly dueAtMs: number | null }[];
  readonly paused: readonly { readonly runId: string; readonly pause: NonNullable<RunView["pause"]> }[];
}

/** A time-out that is no further away than this is worth waiting for. */
const soonMs = 60_000;

/** Chains of runs that wait for runs are read so deep. */
const deepest = 8;

/**
 * Tell whether a run can only go on when a person or another program does something: it is paused, or it waits, and all it
 * waits for are answers, signals and runs of which the same is true. Time-outs of those waits count only if they are near.
 *
 * @returns null when the run goes on by itself
 */
export async function parkedRun(engine: Pick<Engine, "get">, run: RunHandle, nowMs: number, depth = 0): Promise<Parked | null> {
  const { status, wakeAtMs } = await run.summary();
  if (status !== "waiting" && status !== "paused") return null;
  // Due already: an answer or a signal has come, or a time-out has passed, and it will be taken up.
  if (status === "waiting" && wakeAtMs !== undefined && wakeAtMs <= nowMs) return null;
  const view = await run.state();
  if (view.status === "paused" || status === "paused") {
    const pause = view.pause ?? { code: "RUN_MISMATCH", message: "The run is paused." };
    return { questions: openQuestions(run.id, view.waits), signals: [], paused: [{ runId: run.id, pause }] };
  }
  if (view.waits.length === 0 || view.waits.some((wait) => !isForOthers(wait, nowMs))) return null;
  let parked: Parked = {
    questions: openQuestions(run.id, view.waits),
    signals: view.waits.filter((wait) => wait.kind === "receive").map((wait) => ({ runId: run.id, name: wait.signal ?? wait.key, dueAtMs: wait.dueAtMs ?? null })),
    paused: [],
  };
  for (const { child } of view.waits.filter((wait) => wait.kind === "call")) {
    const inner = child === undefined || depth >= deepest ? null : await parkedRun(engine, await engine.get(child), nowMs, depth + 1);
    if (inner === null) return null;
    parked = { questions: [...parked.questions, ...inner.questions], signals: [...parked.signals, ...inner.signals], paused: [...parked.paused, ...inner.paused] };
  }
  return parked;
}

function isForOthers(wait: WaitView, nowMs: number): boolean {
  if (wait.kind !== "ask" && wait.kind !== "receive" && wait.kind !== "call") return false;
  return wait.dueAtMs === undefined || wait.dueAtMs - nowMs > soonMs;
}
