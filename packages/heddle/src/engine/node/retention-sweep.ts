import type { NodeHost } from "../node-host.ts";

/** Ended runs removed at once. */
const sweptAtOnce = 1_000;
const everyMs = 60_000;
/** While there are more to remove. */
const pauseMs = 100;

/** Removes ended runs that were kept for as long as they were to be kept. */
export class RetentionSweep {
  readonly #host: NodeHost;
  #sweep: Disposable | null = null;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** The first sweep is due at once; without a retention there is none. */
  begin(): void {
    const { retentionMs } = this.#host.options;
    if (retentionMs !== undefined) this.#sweepLater(0, retentionMs);
  }

  stop(): void {
    this.#sweep?.[Symbol.dispose]();
  }

  #sweepLater(delayMs: number, retentionMs: number): void {
    const { clock, store, state, trouble } = this.#host;
    this.#sweep = clock.after(delayMs, () => {
      void store
        .sweep(clock.nowMs() - retentionMs, sweptAtOnce)
        .catch((error: unknown) => trouble.heard(error))
        .then((removed) => {
          if (state.works) this.#sweepLater(removed === sweptAtOnce ? pauseMs : everyMs, retentionMs);
        });
    });
  }
}
