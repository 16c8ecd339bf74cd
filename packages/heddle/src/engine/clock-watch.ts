import type { Clock } from "@heddle/kernel";

/** Notices, from look to look, that the wall clock was set or stood still in a sleep of the machine: it and the monotonic clock then tell different lengths of time. */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #toleranceMs: number;
  #offsetMs: number;

  /** @param toleranceMs what may lie between the two clocks without being a jump */
  constructor(clock: Clock, toleranceMs: number) {
    this.#clock = clock;
    this.#toleranceMs = toleranceMs;
    this.#offsetMs = this.#offset();
  }

  /** Whether it jumped since the last look. */
  jumped(): boolean {
    const before = this.#offsetMs;
    this.#offsetMs = this.#offset();
    return Math.abs(this.#offsetMs - before) > this.#toleranceMs;
  }

  #offset(): number {
    return this.#clock.nowMs() - this.#clock.monotonicMs();
  }
}
