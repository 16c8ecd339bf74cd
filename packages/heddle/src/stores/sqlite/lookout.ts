// Taken when this file is loaded: strict mode later replaces the globals for workflow code, and the store must not notice.
const later = setTimeout;
const monotonicMs = performance.now.bind(performance);

/** Of the usual time between two looks, so much while somebody waits for what another process will write. */
const closeShare = 1 / 5;
/** For so long after somebody has said that he waits. */
const closelyMs = 10_000;

/** Looks from time to time whether another process has written. Real time, whatever clock the store was given: other processes live in it. */
export class Lookout {
  readonly #look: () => Promise<unknown>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | null = null;
  #open = false;
  #closelyUntilMs = 0;

  constructor(look: () => Promise<unknown>, everyMs: number) {
    this.#look = look;
    this.#everyMs = everyMs;
  }

  begin(): void {
    if (this.#open) return;
    this.#open = true;
    this.#lookLater();
  }

  /** Somebody waits. */
  closely(): void {
    const already = this.#isClose;
    this.#closelyUntilMs = monotonicMs() + closelyMs;
    if (already || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#lookLater();
  }

  end(): void {
    this.#open = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  get #isClose(): boolean {
    return monotonicMs() < this.#closelyUntilMs;
  }

  #lookLater(): void {
    const timer = later(
      () => {
        this.#timer = null;
        // A failure is told to whoever asks for something.
        void this.#look()
          .catch(() => null)
          .then(() => {
            if (this.#open && this.#timer === null) this.#lookLater();
          });
      },
      this.#isClose ? this.#everyMs * closeShare : this.#everyMs,
    );
    this.#timer = timer.unref();
  }
}
