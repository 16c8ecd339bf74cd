import { claimRankMs } from "@heddle/kernel";
import type { MemoryRun } from "./memory-run.ts";

/** A binary heap of runs. A run is in at most one heap and knows its place there, so that it can be taken out of the middle. */
export class RunHeap {
  readonly items: MemoryRun[] = [];
  readonly #before: (one: MemoryRun, other: MemoryRun) => boolean;

  constructor(before: (one: MemoryRun, other: MemoryRun) => boolean) {
    this.#before = before;
  }

  get top(): MemoryRun | undefined {
    return this.items[0];
  }

  push(run: MemoryRun): void {
    run.heap = this;
    this.items.push(run);
    this.#rise(run, this.items.length - 1);
  }

  remove(run: MemoryRun): void {
    const last = this.items.pop()!;
    const place = run.heapPlace;
    run.heap = null;
    if (last === run) return;
    this.#rise(last, place);
    if (last.heapPlace === place) this.#sink(last, place);
  }

  #rise(run: MemoryRun, start: number): void {
    const items = this.items;
    let place = start;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = items[parentPlace]!;
      if (!this.#before(run, parent)) break;
      items[place] = parent;
      parent.heapPlace = place;
      place = parentPlace;
    }
    items[place] = run;
    run.heapPlace = place;
  }

  #sink(run: MemoryRun, start: number): void {
    const items = this.items;
    let place = start;
    for (;;) {
      let childPlace = 2 * place + 1;
      if (childPlace >= items.length) break;
      if (childPlace + 1 < items.length && this.#before(items[childPlace + 1]!, items[childPlace]!)) childPlace++;
      const child = items[childPlace]!;
      if (!this.#before(child, run)) break;
      items[place] = child;
      child.heapPlace = place;
      place = childPlace;
    }
    items[place] = run;
    run.heapPlace = place;
  }
}

/** Which of two due runs is claimed first. */
export function claimedBefore(one: MemoryRun, other: MemoryRun): boolean {
  const difference = rankOf(one) - rankOf(other);
  return difference !== 0 ? difference < 0 : one.number < other.number;
}

export function wakesBefore(one: MemoryRun, other: MemoryRun): boolean {
  const difference = one.wakeAtMs! - other.wakeAtMs!;
  return difference !== 0 ? difference < 0 : one.number < other.number;
}

function rankOf({ wakeAtMs, priority }: MemoryRun): number {
  // Runs in a heap have a time: the queue takes no others.
  return claimRankMs({ wakeAtMs: wakeAtMs!, priority });
}
