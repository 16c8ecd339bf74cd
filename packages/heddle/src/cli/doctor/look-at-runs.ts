import type { RunStatus } from "@heddle/kernel";
import type { Engine, RunSummary } from "../../engine/engine.ts";
import { fileTag, type NextSteps } from "../next-steps.ts";
import { formatMoment, formatRelative, formatWholeSeconds } from "../text/format-time.ts";
import type { Finding } from "./finding.ts";

/** So many runs are read; more are said to be more. */
const most = 10_000;

/** A run that has been due for longer than this has nobody who takes it. */
const lateMs = 60_000;

/** A run from further in the future than this was not written by this machine's clock. */
const aheadMs = 5_000;

const shown = 5;

/** Look at the runs of a store: how many there are, which wait for somebody, which nobody takes up, and whether the clock fits them. */
export async function lookAtRuns(engine: Pick<Engine, "list">, nowMs: number, steps: NextSteps): Promise<readonly Finding[]> {
  const runs = await engine.list({ limit: most });
  const by = Map.groupBy(runs, ({ status }) => status);
  const counts = [...by].map(([status, members]) => `${members.length} ${status}`).join(", ");
  const findings: Finding[] = [
    {
      status: "ok",
      subject: "runs",
      says: runs.length === 0 ? "none yet" : `${runs.length}${runs.length === most ? " or more" : ""}: ${counts}`,
    },
  ];
  findings.push(...clockFinding(runs, nowMs), ...lateFindings(runs, nowMs, steps));
  const paused = by.get("paused") ?? [];
  if (paused.length > 0) {
    findings.push({
      status: "problem",
      subject: "paused",
      says: `${count(paused.length, "run waits", "runs wait")} for somebody to mend them: ${names(paused)}`,
      next: paused.slice(0, shown).map(({ runId }) => ["why", steps.about("show", runId)]),
    });
  }
  const dead = await engine.list({ dead: true, limit: most });
  if (dead.length > 0) {
    findings.push({
      status: "note",
      subject: "failed",
      says: `${count(dead.length, "run", "runs")} failed and nobody retried: ${names(dead)}`,
      next: [["look", steps.list("dead")]],
    });
  }
  return findings;
}

function clockFinding(runs: readonly RunSummary[], nowMs: number): readonly Finding[] {
  const newestMs = runs.reduce((newest, { createdAtMs, endedAtMs }) => Math.max(newest, createdAtMs, endedAtMs ?? 0), 0);
  if (newestMs > nowMs + aheadMs) {
    return [
      {
        status: "problem",
        subject: "clock",
        says: `The store knows a time ${formatWholeSeconds(newestMs - nowMs)} ahead of this machine's clock (${formatMoment(nowMs)}): timers will be late by that. Set the clock.`,
      },
    ];
  }
  return [{ status: "ok", subject: "clock", says: formatMoment(nowMs) }];
}

function lateFindings(runs: readonly RunSummary[], nowMs: number, steps: NextSteps): readonly Finding[] {
  const waiting: readonly RunStatus[] = ["queued", "waiting"];
  const late = runs.filter(({ status, wakeAtMs }) => waiting.includes(status) && wakeAtMs !== undefined && wakeAtMs < nowMs - lateMs);
  if (late.length === 0) return [{ status: "ok", subject: "due", says: "no run is due that nobody takes up" }];
  const oldestMs = Math.min(...late.map(({ wakeAtMs }) => wakeAtMs ?? nowMs));
  return [
    {
      status: "problem",
      subject: "due",
      says: `${count(late.length, "run is", "runs are")} due and no process takes them up, since ${formatRelative(oldestMs, nowMs)}: ${names(late)}`,
      next: late
        .slice(0, shown)
        .map((run) => [
          "go on",
          run.tags[fileTag] === undefined ? steps.about("show", run.runId) : steps.run(run.tags[fileTag], run.runId),
        ]),
    },
  ];
}

function names(runs: readonly RunSummary[]): string {
  return (
    runs
      .slice(0, shown)
      .map(({ runId }) => runId)
      .join(", ") + (runs.length > shown ? ` and ${runs.length - shown} more` : "")
  );
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
