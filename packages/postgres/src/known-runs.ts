/** Where an owned run's journal stands. */
export interface KnownRun {
  readonly run: number;
  readonly node: number;
  readonly epoch: number;
  /** Last of its journal. */
  seq: number;
}

/**
 * What the writer remembers of the runs that it appends to, so that a step reads nothing. It holds for one epoch: only that epoch's owner
 * can append, and that is who appends here. What is not known any more is looked up again.
 */
export class KnownRuns {
  readonly #runs = new Map<string, KnownRun>();

  get(runId: string): KnownRun | undefined {
    return this.#runs.get(runId);
  }

  keep(runId: string, run: KnownRun): void {
    this.#runs.set(runId, run);
  }

  forget(runId: string): void {
    this.#runs.delete(runId);
  }

  /** A call failed: how far it came is not known. */
  forgetAll(): void {
    this.#runs.clear();
  }
}
