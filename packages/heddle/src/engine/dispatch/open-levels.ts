/** How many tasks are open on each level of a graph. */
export class OpenLevels {
  readonly #counts: number[] = [];
  #open = 0;
  #lowest = Number.POSITIVE_INFINITY;

  /** The lowest level with an open task; infinity without any. */
  get lowest(): number {
    return this.#lowest;
  }

  open(level: number): void {
    while (this.#counts.length <= level) this.#counts.push(0);
    this.#counts[level]!++;
    this.#open++;
    this.#lowest = Math.min(this.#lowest, level);
  }

  /** What it leads to is on one of the next levels, so that the search for the new lowest is short. */
  close(level: number): void {
    this.#counts[level]!--;
    this.#open--;
    if (this.#open === 0) this.#lowest = Number.POSITIVE_INFINITY;
    else while (this.#counts[this.#lowest] === 0) this.#lowest++;
  }
}
