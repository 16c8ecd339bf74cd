import type { Frame } from "./frame.ts";
import { dissolve } from "./close-frame.ts";
import type { RunState } from "./run-state.ts";

// Frames in which nothing is open any more, the one that opened first on top: a binary heap, nearly always of length 0 or 1.

/** An end in a frame is worked off, or a frame in it is gone. A frame in a stopped one is gone with that, and may take the one around it along. */
export function release(state: RunState, frame: Frame): void {
  let around = frame;
  while (--around.live === 0) {
    if (!around.stopped || around.parent?.stopped !== true) {
      pushQuiet(state, around);
      return;
    }
    around = dissolve(state, around);
  }
}

/** Look at this frame once nothing is left to deliver. The root is looked at after every event anyway. */
export function pushQuiet(state: RunState, frame: Frame): void {
  if (frame.serial === 0) return;
  const heap = state.quiet;
  let at = heap.push(frame) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (heap[above]!.serial <= frame.serial) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = frame;
}

export function popQuiet(state: RunState): Frame | undefined {
  const heap = state.quiet;
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let at = 0;
  for (let below = 1; below < heap.length; below = at * 2 + 1) {
    if (below + 1 < heap.length && heap[below + 1]!.serial < heap[below]!.serial) below++;
    if (heap[below]!.serial >= last.serial) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = last;
  return top;
}
