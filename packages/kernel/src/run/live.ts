import type { Frame } from "./frame.ts";
import type { Live, RunState } from "./run-state.ts";

/** The record of a command that is not answered yet. */
export function liveRecord(state: RunState, no: number): Live | undefined {
  return state.live[no - state.liveBase];
}

/** Keep the record of the command numbered last. */
export function addLive(state: RunState, record: Live): void {
  state.live.push(record);
}

/** Forget an answered command. The free front of the list is cut off once it is the larger part. */
export function removeLive(state: RunState, no: number): void {
  const { live } = state;
  const index = no - state.liveBase;
  live[index] = undefined;
  if (index !== state.liveFree) return;
  let free = index + 1;
  while (free < live.length && live[free] === undefined) free++;
  if (free > 32 && free * 2 > live.length) {
    live.copyWithin(0, free);
    live.length -= free;
    state.liveBase += free;
    free = 0;
  }
  state.liveFree = free;
}

/** An open frame by its serial. Records hold serials only for as long as their frame is open. */
export function frameOf(state: RunState, serial: number): Frame {
  return serial === 0 ? state.root : state.frames!.get(serial)!;
}
