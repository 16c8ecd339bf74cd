import type { Engine, RunHandle } from "../../engine/engine.ts";
import type { RunView, WaitView } from "../../engine/run-view.ts";
import { openQuestions, type OpenQuestion } from "../ask/open-question.ts";

/** What holds a run up, its own and what the runs that it waits for have. */
export interface Parked {
  readonly questions: readonly OpenQuestion[];
  readonly signals: readonly { readonly runId: string; readonly name: string; readonly dueAtMs: number | null }[];
  readonly paused: readonly { readonly runId: string; readonly pause: NonNullable<RunView["pause"]> }[];
  /** Runs of workflows that this process has no code for. */
  readonly strange: readonly { readonly runId: string; readonly workflow: string; readonly version: string | null }[];
}

export interface ParkedOptions {
  readonly engine: Pick<Engine, "get" | "knows">;
  readonly nowMs: number;
}

/** A time-out that is no further away than this is worth waiting for. */
const soonMs = 60_000;

/** A run that is due for so long and is of a workflow that we do not have is not about to be taken by anybody. */
const unclaimedMs = 2_000;

/** Chains of runs that wait for runs are read so deep. */
const deepest = 8;

const nothing: Parked = { questions: [], signals: [], paused: [], strange: [] };

/**
 * Tell whether a run can only go on when a person or another program does something: it is paused, or it waits, and all it
 * waits for are answers, signals and runs of which the same is true. Time-outs of those waits count only if they are near.
 *
 * @returns null when the run goes on by itself
 */
export async function parkedRun(run: RunHandle, options: ParkedOptions, depth = 0): Promise<Parked | null> {
  const { status, version, wakeAtMs } = await run.summary();
  const dueForMs = wakeAtMs === undefined ? Number.NEGATIVE_INFINITY : options.nowMs - wakeAtMs;
  if (status === "queued" && dueForMs > unclaimedMs && !options.engine.knows(run.workflow, version))
    return { ...nothing, strange: [{ runId: run.id, workflow: run.workflow, version: version ?? null }] };
  if (status !== "waiting" && status !== "paused") return null;
  // Due already: an answer or a signal has come, or a time-out has passed, and it will be taken up.
  if (status === "waiting" && dueForMs >= 0) return null;
  const view = await run.state();
  const questions = openQuestions(run.id, view.waits);
  if (status === "paused")
    return {
      ...nothing,
      questions,
      paused: [{ runId: run.id, pause: view.pause ?? { code: "RUN_MISMATCH", message: "The run is paused." } }],
    };
  if (view.waits.length === 0 || view.waits.some((wait) => !isForOthers(wait, options.nowMs))) return null;

  const signals = view.waits
    .filter((wait) => wait.kind === "receive")
    .map((wait) => ({ runId: run.id, name: wait.signal ?? wait.key, dueAtMs: wait.dueAtMs ?? null }));
  let parked: Parked = { ...nothing, questions, signals };
  for (const { child } of view.waits.filter((wait) => wait.kind === "call")) {
    const inner = child === undefined || depth >= deepest ? null : await parkedRun(await options.engine.get(child), options, depth + 1);
    if (inner === null) return null;
    parked = {
      questions: [...parked.questions, ...inner.questions],
      signals: [...parked.signals, ...inner.signals],
      paused: [...parked.paused, ...inner.paused],
      strange: [...parked.strange, ...inner.strange],
    };
  }
  return parked;
}

function isForOthers(wait: WaitView, nowMs: number): boolean {
  if (wait.kind !== "ask" && wait.kind !== "receive" && wait.kind !== "call") return false;
  return wait.dueAtMs === undefined || wait.dueAtMs - nowMs > soonMs;
}
