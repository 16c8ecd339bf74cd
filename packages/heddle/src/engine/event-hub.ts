import { readEvent } from "./event-text.ts";
import type { JournalEvent, LiveEvent } from "./engine.ts";
import type { LivePiece } from "./owned-run.ts";

export interface Listener {
  event(event: LiveEvent): void;
}

/** Tells those in this process who watch a run what was committed for it. Costs nothing for runs that nobody watches. */
export class EventHub {
  readonly #listeners = new Map<string, Set<Listener>>();

  listen(runId: string, listener: Listener): Disposable {
    let listeners = this.#listeners.get(runId);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(runId, listeners);
    }
    listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(runId) === listeners) this.#listeners.delete(runId);
      },
    };
  }

  publish(runId: string, firstSeq: number, events: readonly string[]): void {
    const listeners = this.#listeners.get(runId);
    if (listeners === undefined) return;
    for (let index = 0; index < events.length; index++) {
      const event: JournalEvent = { seq: firstSeq + index, ...readEvent(events[index] as string) };
      for (const listener of listeners) listener.event(event);
    }
  }

  live(runId: string, seq: number, atMs: number, piece: LivePiece): void {
    const listeners = this.#listeners.get(runId);
    if (listeners === undefined) return;
    const event: LiveEvent = { seq, atMs, ...piece };
    for (const listener of listeners) listener.event(event);
  }

  watched(runId: string): boolean {
    return this.#listeners.has(runId);
  }
}
