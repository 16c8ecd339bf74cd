import { HeddleError } from "@heddle/kernel";

/** What ended its process while nothing else of its run was under way. */
export function poisoned(what: string, runId: string): HeddleError {
  return new HeddleError(
    "STEP_POISONED",
    `${what} of run ${runId} ended its process again and again. Mend it, then run: heddle retry ${runId}`,
    { data: { runId } },
  );
}
