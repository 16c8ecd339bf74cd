import { readEvent } from "./event-text.ts";
import type { JournalEvent, LiveEvent } from "./engine.ts";

export interface Listener {
  event(event: LiveEvent): void;
  /** The run may have changed elsewhere: look at the store. */
  hint(): void;
}

/** Tells those in this process who watch a run what was committed for it. Costs nothing for runs that nobody watches. */
export class EventHub {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #hinted = new Map<string, Set<() => void>>();

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

  /** Only to be told to look: no event is decoded for it. */
  onHint(runId: string, call: () => void): Disposable {
    const calls = this.#hinted.get(runId) ?? new Set();
    calls.add(call);
    this.#hinted.set(runId, calls);
    return {
      [Symbol.dispose]: () => {
        calls.delete(call);
        if (calls.size === 0) this.#hinted.delete(runId);
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

  live(runId: string, event: LiveEvent): void {
    const listeners = this.#listeners.get(runId);
    if (listeners !== undefined) for (const listener of listeners) listener.event(event);
  }

  /** Another process may have written: to one run, or to any. */
  hint(runId: string | null): void {
    if (runId !== null) {
      for (const call of this.#hinted.get(runId) ?? []) call();
      for (const listener of this.#listeners.get(runId) ?? []) listener.hint();
      return;
    }
    for (const calls of this.#hinted.values()) for (const call of calls) call();
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.hint();
  }

  watched(runId: string): boolean {
    return this.#listeners.has(runId);
  }
}
