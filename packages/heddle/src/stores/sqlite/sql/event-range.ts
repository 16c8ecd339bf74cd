/** Largest seq that the number of an event has room for: it is the run's number, followed by 32 bits of the event's own. */
export const largestSeq: number = 2 ** 32 - 1;

/**
 * Of the journal's rows: those of one run that come behind a seq. Looked up by the table's key; by its columns `run` and `seq` every row would be read.
 *
 * @param run SQL of the run's number
 * @param afterSeq SQL of the seq, at most `largestSeq`
 */
export function eventsAfter(run: string, afterSeq: string): string {
  return `j.event > (${run} << 32 | ${afterSeq}) AND j.event <= (${run} << 32 | ${largestSeq})`;
}
