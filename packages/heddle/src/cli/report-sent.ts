import type { Engine, RunHandle, RunSummary } from "../engine/engine.ts";
import type { Io } from "./io.ts";
import { fileTag, type NextSteps, stepLines } from "./next-steps.ts";
import { wrapText } from "./text/line.ts";

/** How long somebody who runs the store gets to take up what was sent, and how often we look. */
const patienceMs = 1_000;
const lookMs = 50;

/**
 * Say that something was recorded for a run, whether a process took it up, and if not, the command that goes on with the
 * run. What was sent is kept either way.
 */
export async function reportSent(what: string, engine: Pick<Engine, "get">, run: RunHandle, steps: NextSteps, io: Io): Promise<void> {
  const taken = await takenUp(run, io);
  const summary = await run.summary();
  const ended = summary.endedAtMs !== undefined;
  const root = await startedFrom(engine, summary);
  const state = ended ? ` The run is ${summary.status}.` : taken ? "" : " No process runs it now; it takes effect when one does.";
  const next: readonly (readonly [string, string])[] = ended
    ? [["look", steps.about("show", run.id)]]
    : taken || root === null
      ? [["follow", steps.about("events", run.id, "--follow")]]
      : [["go on", steps.run(root.file, root.runId)]];
  io.out([...wrapText(`${what}${state}`, Math.max(20, (io.screen?.columns ?? 120) - 1)), ...stepLines(next, io)].join("\n"));
}

// The file is known of the run that a person started: a child's is that of the run that called it.
async function startedFrom(
  engine: Pick<Engine, "get">,
  summary: RunSummary,
): Promise<{ readonly runId: string; readonly file: string } | null> {
  let at = summary;
  for (let depth = 0; depth < 16; depth++) {
    const file = at.tags[fileTag];
    if (file !== undefined) return { runId: at.runId, file };
    if (at.parentId === undefined) return null;
    at = await (await engine.get(at.parentId)).summary();
  }
  return null;
}

// Mail that nobody has taken leaves a run due: waiting, or queued, with a time that has come.
async function takenUp(run: RunHandle, io: Io): Promise<boolean> {
  const untilMs = io.clock.monotonicMs() + patienceMs;
  for (;;) {
    const { status, wakeAtMs } = await run.summary();
    const due =
      (status === "waiting" || status === "queued" || status === "paused") && wakeAtMs !== undefined && wakeAtMs <= io.clock.nowMs();
    if (!due) return true;
    if (io.clock.monotonicMs() >= untilMs || io.interrupted.aborted) return false;
    await new Promise<void>((resolve) => io.clock.after(lookMs, resolve));
  }
}
