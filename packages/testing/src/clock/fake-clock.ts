import type { Clock } from "@heddle/kernel";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly call: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their due times, those of one time in the order of their making.
 *
 * Law: no timer fires before `advance` or `runUntil` has brought the clock to its due time, and none is lost.
 */
export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #timers: Timer[] = [];
  #made = 0;
  #held = 0;

  /** @param startMs wall time at the beginning, epoch milliseconds; default 2026-01-01T00:00Z */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, call: () => void): Disposable {
    const timer: Timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#made++, call };
    this.#timers.push(timer);
    return { [Symbol.dispose]: () => void (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** When the next timer is due, as wall time; `undefined` when none is set. */
  get nextDueMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : this.#wallMs + (next.dueMs - this.#monotonicMs);
  }

  /** Let time stand still until a promise settles: for work that takes none of it, such as what a disk or another thread does. */
  hold(work: PromiseLike<unknown>): void {
    this.#held++;
    const release = (): void => void this.#held--;
    work.then(release, release);
  }

  /** Move the wall clock alone, as an administrator or a leap does: timers do not notice. */
  jump(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** Let so much time pass. Between timers everything that they set off comes to rest. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    await this.#settle();
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.dueMs > untilMs) break;
      this.#moveTo(next.dueMs);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.call();
      await this.#settle();
    }
    this.#moveTo(untilMs);
    await this.#settle();
  }

  /** Compress time: jump from timer to timer until the promise settles, and give its result. @throws when no timer is left and it still has not */
  async runUntil<T>(promise: Promise<T>, limitMs: number = Number.POSITIVE_INFINITY): Promise<T> {
    let settled = false;
    const watch = promise.then(
      () => void (settled = true),
      () => void (settled = true),
    );
    const untilMs = this.#monotonicMs + limitMs;
    for (let idle = 0; !settled && idle < 200; ) {
      await this.#settle();
      if (settled) break;
      const next = this.#next();
      if (next === undefined || next.dueMs > untilMs) {
        // Nothing is due, but a worker or a file may still answer.
        idle++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      idle = 0;
      await this.advance(next.dueMs - this.#monotonicMs);
    }
    if (!settled)
      throw new Error(`The promise did not settle within ${limitMs} ms of fake time, and no timer is left that could settle it.`);
    await watch;
    return promise;
  }

  async #settle(): Promise<void> {
    do await settle();
    while (this.#held > 0);
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (next === undefined || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) next = timer;
    return next;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

/** Let everything that is ready run: microtasks, ticks, and messages from workers that have arrived. */
export async function settle(rounds: number = 3): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise<void>((resolve) => setImmediate(resolve));
}
