import type { CommitBatch, CommitVerdict } from "@heddle/kernel";
import type { RunHints } from "../run-hints.ts";

/** Tell watchers what a batch did. */
export function giveHints(hints: RunHints, batch: CommitBatch, verdict: CommitVerdict): void {
  batch.creates?.forEach(({ row }, index) => {
    if (verdict.creates[index]?.status === "created") hints.give(row.runId, "work");
  });
  batch.parts?.forEach((part, index) => {
    const answer = verdict.parts[index];
    if (answer?.status !== "ok") return;
    part.children?.forEach(({ row }, child) => {
      if (answer.children?.[child]?.status === "created") hints.give(row.runId, "work");
    });
    part.messages?.forEach(({ runId }, message) => {
      if (answer.messages?.[message]?.status === "kept") hints.give(runId, "work");
    });
    if (part.release !== undefined) hints.give(part.runId, "work");
    else if (part.events.length > 0) hints.give(part.runId, "grown");
  });
  batch.messages?.forEach(({ runId }, index) => {
    if (verdict.messages[index]?.status === "kept") hints.give(runId, "work");
  });
}
