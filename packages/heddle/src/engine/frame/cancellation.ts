import { HeddleError } from "@heddle/kernel";
import type { OwnedRun } from "../owned-run.ts";

/** What the code of a run is told when the run was asked to stop. */
export function cancelError({ runId, facts }: OwnedRun): HeddleError {
  return new HeddleError(
    "RUN_CANCELLED",
    `Run ${runId} was cancelled${facts.cancelReason === undefined ? "" : `: ${facts.cancelReason}`}.`,
  );
}

/** Whether an error says that something stopped because it was told to. */
export function isAbort(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === "AbortError" || code === "RUN_CANCELLED" || code === "ABORT_ERR";
}
