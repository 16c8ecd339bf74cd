/** A level of priority is worth so long a wait. */
export const ageingMs = 60_000;

/** The lowest and the highest priority that a run may have. */
export const priorities = { lowest: -1_000, highest: 1_000 } as const;

/**
 * The place of a due run in the order of claims: the smaller goes first, and of two equal ones the older run. Each level of priority counts as a minute of
 * waiting: so a run of low priority that has waited for long enough goes before one of high priority that has just come. The clock is not in it: which of two
 * runs goes first stays as it is while both wait.
 *
 * @returns epoch milliseconds
 */
export function claimRankMs({ wakeAtMs, priority }: { readonly wakeAtMs: number; readonly priority: number }): number {
  return wakeAtMs - priority * ageingMs;
}

/**
 * A permit of a rate that was given so much later than a claim says it is tells of a clock that was set back since: it counts as given now. One that is
 * nearer was given by somebody who was heard before, although he looked at the clock after: it keeps its time.
 */
export const clockStepMs = 60_000;
