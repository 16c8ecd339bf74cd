import type { HeddleError } from "@heddle/kernel";
import { toHeddleError } from "./fault.ts";
import { monotonicMs } from "./server-clock.ts";

/** For so long what may be asked twice is asked again, before somebody hears that the store does not answer. */
const longestMs = 10_000;
const firstPauseMs = 20;
const longestPauseMs = 1_000;

/** Asks again what a store in passing trouble did not answer: a connection was cut, there were too many, a statement took too long. */
export class Patience {
  readonly #place: string;
  #over = false;

  constructor(place: string) {
    this.#place = place;
  }

  /** @throws HeddleError what the last try said */
  async repeat<T>(ask: () => Promise<T>): Promise<T> {
    const untilMs = monotonicMs() + longestMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      let told: HeddleError;
      try {
        return await ask();
      } catch (error) {
        told = toHeddleError(error, this.#place);
      }
      if (told.code !== "STORE_UNAVAILABLE" || this.#over || monotonicMs() + pauseMs > untilMs) throw told;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** From now on once must do. */
  end(): void {
    this.#over = true;
  }
}
