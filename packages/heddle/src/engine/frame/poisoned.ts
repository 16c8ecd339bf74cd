import { HeddleError } from "@heddle/kernel";

/**
 * After so many deaths of processes in which it was the only start of its run under way, a step or a task is to blame. The first may have come from outside: a
 * machine that was switched off, a process that was killed for its memory, or another run beside it.
 */
export const deathsToBlame = 2;

/** What ended its process while nothing else of its run was under way. */
export function poisoned(what: string, runId: string): HeddleError {
  return new HeddleError(
    "STEP_POISONED",
    `${what} of run ${runId} ended its process again and again. Mend it, then run: heddle retry ${runId}`,
    { data: { runId } },
  );
}
