/** Events after which a snapshot is worth while. */
const snapshotEvents = 1_000;

/** When a run's next snapshot is due, and what of its journal the ones before it make dispensable. */
export class SnapshotSchedule {
  #tailEvents = 0;
  #tailBytes = 0;
  #bytes = 0;
  #dispensable = 0;
  #dispensableBefore = 0;

  /** Last event that is in the newest snapshot's stead in the one before it too, which takes its place if it cannot be read. */
  get dispensableThrough(): number {
    return this.#dispensableBefore;
  }

  /** An event came behind the last snapshot. */
  grown(bytes: number): void {
    this.#tailEvents++;
    this.#tailBytes += bytes;
  }

  /** It bounds what a recovery reads, and costs at most half as much as the events before it. */
  get isDue(): boolean {
    return this.#tailEvents >= snapshotEvents && this.#tailBytes >= 2 * this.#bytes;
  }

  /** @param through last event that neither the snapshot nor the functions that are open in it need */
  taken(bytes: number, through: number): void {
    this.#tailEvents = 0;
    this.#tailBytes = 0;
    this.#bytes = bytes;
    this.#dispensableBefore = this.#dispensable;
    this.#dispensable = through;
  }

  /** The run goes on from a snapshot that was read. */
  begunFrom(bytes: number, through: number): void {
    this.#bytes = bytes;
    this.#dispensable = through;
  }

  forget(): void {
    this.#tailEvents = 0;
    this.#tailBytes = 0;
    this.#bytes = 0;
    this.#dispensable = 0;
  }
}
