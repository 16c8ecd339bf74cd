import type { Clock } from "@heddle/kernel";
import { readJournalEvent } from "./event-text.ts";
import type { EngineOptions, LiveEvent, LivePiece } from "./engine.ts";

export interface Listener {
  event(event: LiveEvent): void;
  /** The run may have changed elsewhere: look at the store. */
  hint(): void;
}

/** Tells those in this process who watch a run what was committed for it, and what it says of itself meanwhile. Costs nothing for runs that nobody watches. */
export class EventHub {
  readonly #clock: Clock;
  readonly #onLive: EngineOptions["onLive"];
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #hinted = new Map<string, Set<() => void>>();

  /** @param onLive is told what all runs say of themselves */
  constructor(clock: Clock, onLive: EngineOptions["onLive"]) {
    this.#clock = clock;
    this.#onLive = onLive;
  }

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
      const event = readJournalEvent(firstSeq + index, events[index] as string);
      for (const listener of listeners) listener.event(event);
    }
  }

  /** Whether anybody would be told what a run says of itself. */
  watches(runId: string): boolean {
    return this.#onLive !== undefined || this.#listeners.has(runId);
  }

  /** @param seq of the event before it */
  live(runId: string, seq: number, piece: LivePiece): void {
    if (!this.watches(runId)) return;
    const event = { seq, atMs: this.#clock.nowMs(), ...piece };
    const listeners = this.#listeners.get(runId);
    if (listeners !== undefined) for (const listener of listeners) listener.event(event);
    try {
      this.#onLive?.(runId, event);
    } catch (error) {
      // A listener's fault is not the step's: it surfaces where uncaught errors do.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** Another process may have written: to one run, or to any. */
  hint(runId: string | null): void {
    if (runId !== null) {
      // Nearly no run has anybody who waits for this.
      this.#hinted.get(runId)?.forEach((call) => call());
      this.#listeners.get(runId)?.forEach((listener) => listener.hint());
      return;
    }
    for (const calls of this.#hinted.values()) for (const call of calls) call();
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.hint();
  }
}
