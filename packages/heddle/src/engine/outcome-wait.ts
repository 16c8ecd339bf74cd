import { HeddleError, type RunOutcome } from "@heddle/kernel";
import type { HeddleEngine } from "./heddle-engine.ts";

/** Hints may fail to come: so often the store is asked about a run that is not under way here. */
const pollMs = 5_000;

/** Waits for the end of a run, wherever it runs. */
export class OutcomeWait {
  readonly #engine: HeddleEngine;
  readonly #runId: string;
  #told: RunOutcome | null = null;
  #look = true;
  #wake: (() => void) | null = null;
  #polling: Disposable | null = null;
  readonly #open: Disposable[];

  constructor(engine: HeddleEngine, runId: string) {
    this.#engine = engine;
    this.#runId = runId;
    this.#open = [
      engine.onEnd(runId, (outcome) => {
        this.#told = outcome;
        this.#wake?.();
      }),
      engine.hub.onHint(runId, () => {
        this.#look = true;
        this.#wake?.();
      }),
    ];
  }

  async outcome(signal: AbortSignal | undefined): Promise<RunOutcome> {
    const stop = (): void => this.#wake?.();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for (;;) {
        if (this.#told !== null) return this.#told;
        signal?.throwIfAborted();
        // A run that is under way here tells by itself.
        if (this.#look && !this.#engine.owns(this.#runId)) {
          this.#look = false;
          const stored = await this.#stored();
          if (stored !== null) return stored;
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          this.#polling ??= this.#engine.clock.after(pollMs, () => {
            this.#polling = null;
            this.#look = true;
            resolve();
          });
        });
        this.#wake = null;
      }
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  close(): void {
    this.#polling?.[Symbol.dispose]();
    for (const open of this.#open) open[Symbol.dispose]();
  }

  async #stored(): Promise<RunOutcome | null> {
    if (this.#engine.closed) throw new HeddleError("ENGINE_CLOSED", "The engine was closed while the result was awaited: open one on the same store and ask again.");
    const row = await this.#engine.store.get(this.#runId);
    if (row === null) throw new HeddleError("RUN_DELETED", `Run ${this.#runId} was deleted while its result was awaited.`, { data: { runId: this.#runId } });
    if (row.endedAtMs === null) return null;
    const end = (await this.#engine.events(this.#runId)).findLast(({ event }) => event.type === "run-ended");
    return end?.event.type === "run-ended" ? end.event.outcome : null;
  }
}
