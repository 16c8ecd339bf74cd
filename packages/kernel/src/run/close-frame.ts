import type { Frame } from "./frame.ts";
import { find, remove } from "./numbered.ts";
import { keepOutcome } from "./outcomes.ts";
import type { OpenGroup, RunState } from "./run-state.ts";

/** A frame is gone, with all that its joins hold. */
export function closeFrame(state: RunState, frame: Frame): void {
  const parent = frame.parent!;
  frame.gone = true;
  remove(state.frames!, frame.serial);
  parent.inside?.frames.delete(frame);
  if (frame.kind === "item") parent.itemFrames![frame.item] = undefined;
  if (frame.kind === "spawn") state.spawns!.delete(frame.scope.at(-1)![1]);
}

/** A frame in a stopped one closes with nothing following; a group in it ends cancelled, without a verdict (rule 11). Returns the frame around it, which it still counts in. */
export function dissolve(state: RunState, frame: Frame): Frame {
  const parent = frame.parent!;
  closeFrame(state, frame);
  if (frame.kind === "group") {
    const group = find(state.live, frame.opener) as OpenGroup;
    keepOutcome(state, parent, group.at, { status: "cancelled" });
    parent.inside?.activations.delete(group.no);
    remove(state.live, group.no);
  }
  return parent;
}
