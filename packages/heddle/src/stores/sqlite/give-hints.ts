import type { CommitBatch, CommitVerdict, CreateVerdict, RunId } from "@heddle/kernel";
import type { RunHints } from "../run-hints.ts";

/** Tell watchers what a batch did. */
export function giveHints(hints: RunHints, batch: CommitBatch, verdict: CommitVerdict): void {
  batch.creates?.forEach(({ row }, index) => {
    giveCreated(hints, row.runId, verdict.creates[index]);
  });
  batch.parts?.forEach((part, index) => {
    const answer = verdict.parts[index];
    if (answer?.status !== "ok") return;
    part.children?.forEach(({ row }, child) => {
      giveCreated(hints, row.runId, answer.children?.[child]);
    });
    part.messages?.forEach(({ runId }, message) => {
      if (answer.messages?.[message]?.status === "kept") hints.give(runId, "work");
    });
    // Given up with mail, it is due whatever time was asked for.
    if (part.release !== undefined && (part.release.wakeAtMs !== null || part.release.status === "queued")) hints.give(part.runId, "work");
    else if (part.events.length > 0 || part.release !== undefined) hints.give(part.runId, "grown");
  });
  batch.messages?.forEach(({ runId }, index) => {
    if (verdict.messages[index]?.status === "kept") hints.give(runId, "work");
  });
}

function giveCreated(hints: RunHints, runId: RunId, verdict: CreateVerdict | undefined): void {
  // One that its maker owns has nothing for others to do.
  if (verdict?.status === "created") hints.give(runId, verdict.claimed ? "grown" : "work");
}
