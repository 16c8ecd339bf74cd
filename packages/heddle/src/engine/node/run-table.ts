import type { LiveEvent } from "../engine.ts";
import type { OwnedRun } from "../owned-run.ts";

/**
 * The runs that a node holds in memory.
 *
 * Invariants: 1. The owned ones are owned by this node at their epoch, as far as this node can know. 2. The hot ones are parked: not owned, kept only to
 * save a replay.
 */
export class RunTable {
  readonly #concurrency: number;
  readonly #hotFrames: number;
  readonly #owned = new Map<string, OwnedRun>();
  readonly #hot = new Map<string, OwnedRun>();
  #reserved = 0;

  /** @param hotFrames parked runs that are kept */
  constructor(concurrency: number, hotFrames: number) {
    this.#concurrency = concurrency;
    this.#hotFrames = hotFrames;
  }

  /** How many more runs may be owned now. */
  get room(): number {
    return this.#concurrency - this.#owned.size - this.#reserved;
  }

  /** Keep room for a run that is about to be owned. */
  reserve(): void {
    this.#reserved++;
  }

  unreserve(): void {
    this.#reserved--;
  }

  /** Owned ones. */
  get size(): number {
    return this.#owned.size;
  }

  owns(runId: string): boolean {
    return this.#owned.has(runId);
  }

  get(runId: string): OwnedRun | undefined {
    return this.#owned.get(runId);
  }

  /** Owned runs; what is called meanwhile may remove them. */
  owned(): IterableIterator<OwnedRun> {
    return this.#owned.values();
  }

  add(run: OwnedRun): void {
    this.#owned.set(run.runId, run);
  }

  remove(runId: string): void {
    this.#owned.delete(runId);
  }

  hot(runId: string): OwnedRun | undefined {
    return this.#hot.get(runId);
  }

  /** A parked run that is to be owned again, or forgotten. */
  takeHot(runId: string): OwnedRun | undefined {
    const run = this.#hot.get(runId);
    this.#hot.delete(runId);
    return run;
  }

  /** Keep a run that was parked, in place of the one that has waited longest if there are too many. */
  keepHot(run: OwnedRun): void {
    if (this.#hotFrames === 0) return;
    this.#hot.set(run.runId, run);
    if (this.#hot.size > this.#hotFrames) this.#hot.delete(this.#hot.keys().next().value as string);
  }

  /** Owned and hot. */
  all(): OwnedRun[] {
    return [...this.#owned.values(), ...this.#hot.values()];
  }

  clear(): void {
    this.#owned.clear();
    this.#hot.clear();
  }

  /** What this process is doing for a run, for those who begin to watch it. */
  *underWay(runId: string): IterableIterator<LiveEvent> {
    const run = this.#owned.get(runId);
    if (run === undefined) return;
    const { dispatch, definition, frames, seq } = run;
    if (dispatch !== null) yield* dispatch.underWay();
    else if (definition.tellsStarts)
      for (const { command, startedAtMs } of frames.all())
        yield { seq, atMs: startedAtMs, type: "started", key: command.task, no: command.no };
    for (const frame of frames.all()) for (const piece of frame.operations?.underWay() ?? []) yield { seq, ...piece };
  }
}
