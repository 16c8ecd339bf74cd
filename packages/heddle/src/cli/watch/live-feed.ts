import type { EngineOptions, LiveEvent } from "../../engine/engine.ts";

type Receive = NonNullable<EngineOptions["onLive"]>;

/**
 * Brings what runs say of themselves to their watcher. The engine is given `receive` when it is opened; the watcher comes later.
 * A run's pieces are held until the first event of its journal has come, so that nothing is told of a run before its start; those
 * of runs that nobody watches are dropped.
 */
export class LiveFeed {
  readonly receive: Receive = (runId, event) => {
    if (this.#begun.has(runId)) this.#call?.(runId, event);
    else if (runId === this.#awaited) this.#held.push(event);
  };
  readonly #awaited: string;
  readonly #begun = new Set<string>();
  #held: LiveEvent[] = [];
  #call: ((runId: string, event: LiveEvent) => void) | null = null;

  /** @param runId the run that will be watched: its pieces are kept from now on */
  constructor(runId: string) {
    this.#awaited = runId;
  }

  listen(call: (runId: string, event: LiveEvent) => void): void {
    this.#call = call;
  }

  /** An event of a run's journal has been told. */
  told(runId: string): void {
    if (this.#begun.has(runId)) return;
    this.#begun.add(runId);
    if (runId !== this.#awaited) return;
    for (const event of this.#held) this.#call?.(runId, event);
    this.#held = [];
  }
}
