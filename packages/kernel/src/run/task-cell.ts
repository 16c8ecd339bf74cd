/**
 * A task's cell in a frame: its last status in the low three bits (`status.ts`), whether it was started since the frame
 * opened or the task was reset, and above that how often it was started.
 */
export const cellStatus = 7;
export const cellStarted = 8;
/** One start: `cell >> nthShift` is `nth`. */
export const nthShift = 4;
export const nthOne = 1 << nthShift;
