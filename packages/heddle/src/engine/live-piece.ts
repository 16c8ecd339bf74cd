import type { JournalEvent, LiveEvent, LivePiece } from "./engine.ts";

const pieces: Readonly<Record<LivePiece["type"], true>> = { stream: true, log: true, progress: true, started: true, ready: true };

/** Whether an event stands in the journal; others are only told to those who watch while they happen. */
export function isJournalEvent(event: LiveEvent): event is JournalEvent {
  return !Object.hasOwn(pieces, event.type);
}
