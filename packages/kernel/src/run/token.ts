/** A token on an edge, as an integer: taken, untaken, or from `tainted` on untaken with the number of the task that failed. */
export const tokenTaken = 1;
export const tokenUntaken = 2;
const tainted = 3;

export function taintedBy(task: number): number {
  return tainted + task;
}

/** The failed task that a token names, or -1. */
export function taintOf(token: number): number {
  return token >= tainted ? token - tainted : -1;
}
