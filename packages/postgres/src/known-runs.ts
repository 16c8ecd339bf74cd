/** Where an owned run's journal stands. */
export interface KnownRun {
  readonly run: number;
  readonly node: number;
  readonly epoch: number;
  /** Its end may let others begin: it has a limit key, or that is not known. */
  readonly limited: boolean;
  /** Last of its journal. */
  seq: number;
}

interface Owner {
  readonly epoch: number;
  readonly name: string;
}

/**
 * What the writer remembers of the runs that it appends to, so that a step reads nothing. It holds for one epoch: only that epoch's owner
 * can append, and that is who appends here. What is not known any more is looked up again.
 *
 * Who owns a run is remembered longer: a server that has lost its newest commits gives the same epoch to another.
 */
export class KnownRuns {
  readonly #runs = new Map<string, KnownRun>();
  readonly #owners = new Map<string, Owner>();

  get(runId: string): KnownRun | undefined {
    return this.#runs.get(runId);
  }

  keep(runId: string, run: KnownRun): void {
    this.#runs.set(runId, run);
  }

  /** A node whose name is known has claimed it. */
  claimed(runId: string, run: KnownRun, name: string): void {
    this.#runs.set(runId, run);
    this.#owners.set(runId, { epoch: run.epoch, name });
  }

  /** Name of the node that claimed it through here; undefined: another store of this node may have. */
  ownerOf(runId: string, epoch: number): string | undefined {
    const owner = this.#owners.get(runId);
    return owner?.epoch === epoch ? owner.name : undefined;
  }

  forget(runId: string): void {
    this.#runs.delete(runId);
    this.#owners.delete(runId);
  }

  /** A call failed: how far it came is not known. */
  forgetAll(): void {
    this.#runs.clear();
  }
}
