/** A heap: the first by `isBefore` is taken out first. */
export class Heap<T> {
  readonly #entries: T[] = [];
  readonly #isBefore: (one: T, other: T) => boolean;

  /** @param isBefore a strict order; of two that are equal either may come first */
  constructor(isBefore: (one: T, other: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  get first(): T | undefined {
    return this.#entries[0];
  }

  add(entry: T): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(entry, entries[above] as T)) break;
      entries[at] = entries[above] as T;
      at = above;
    }
    entries[at] = entry;
  }

  take(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= entries.length) break;
      if (below + 1 < entries.length && this.#isBefore(entries[below + 1] as T, entries[below] as T)) below++;
      if (!this.#isBefore(entries[below] as T, last)) break;
      entries[at] = entries[below] as T;
      at = below;
    }
    entries[at] = last;
    return first;
  }
}
