import type { Clock } from "@heddle/kernel";

/** Something that is due at a time. Cancelled by clearing `fire`. */
export interface DueEntry {
  readonly dueAtMs: number;
  fire: (() => void) | null;
}

interface Entry extends DueEntry {
  /** Of those that are due at one time the first that was added fires first. */
  readonly order: number;
}

/** At most so many are fired before other work gets its turn: 100,000 timers of one second must not stall the process. */
const firedAtOnce = 1_000;

/** So often the wall clock is looked at again: timers do not notice that it was set ahead, or that the machine slept. */
const lookAgainMs = 60_000;

/** All times that the runs in memory wait for, over one timer of the clock. None fires early: a step back of their clock delays them. */
export class DueTimes {
  readonly #clock: Clock;
  readonly #nowMs: () => number;
  readonly #longestMs: number;
  readonly #heap: Entry[] = [];
  #added = 0;
  #timer: Disposable | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;

  readonly #fire: () => void;

  /**
   * @param time `wall`: for points in time. `monotonic`: for how long something may take, which no step of the wall clock changes
   * @param around how due entries are fired, as of `TurnQueue`
   */
  constructor(clock: Clock, time: "wall" | "monotonic", around: ((call: () => void) => void) | null = null) {
    this.#clock = clock;
    this.#nowMs = time === "wall" ? () => clock.nowMs() : () => clock.monotonicMs();
    this.#longestMs = time === "wall" ? lookAgainMs : Number.POSITIVE_INFINITY;
    this.#fire = around === null ? () => this.#fireDue() : () => around(() => this.#fireDue());
  }

  /** @param dueAtMs in the time of this instance */
  add(dueAtMs: number, fire: () => void): DueEntry {
    const entry: Entry = { dueAtMs, fire, order: this.#added++ };
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, heap[above] as Entry)) break;
      heap[at] = heap[above] as Entry;
      at = above;
    }
    heap[at] = entry;
    if (at === 0) this.#arm();
    return entry;
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    this.#heap.length = 0;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    while (this.#heap.length > 0 && (this.#heap[0] as Entry).fire === null) this.#pop();
    const first = this.#heap[0];
    if (first === undefined) {
      this.#timer?.[Symbol.dispose]();
      this.#timer = null;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#timer !== null && this.#timerAtMs === first.dueAtMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAtMs = first.dueAtMs;
    this.#timer = this.#clock.after(Math.min(Math.max(0, first.dueAtMs - this.#nowMs()), this.#longestMs), () => {
      this.#timer = null;
      this.#fire();
    });
  }

  #fireDue(): void {
    const nowMs = this.#nowMs();
    for (let fired = 0; fired < firedAtOnce && this.#heap.length > 0; fired++) {
      const first = this.#heap[0] as Entry;
      if (first.fire !== null && first.dueAtMs > nowMs) break;
      this.#pop();
      first.fire?.();
    }
    this.#arm();
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry, heap[below] as Entry)) below++;
      if (!isBefore(heap[below] as Entry, last)) break;
      heap[at] = heap[below] as Entry;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.dueAtMs < other.dueAtMs || (one.dueAtMs === other.dueAtMs && one.order < other.order);
}
