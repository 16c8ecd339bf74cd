import type { NodeHost } from "../node-host.ts";
import { Duty } from "./duty.ts";

/** Ended runs removed at once. */
const sweptAtOnce = 1_000;
const everyMs = 60_000;
/** While there are more to remove. */
const pauseMs = 100;

/** Removes ended runs that were kept for as long as they were to be kept: a duty of one node. */
export class RetentionSweep {
  readonly #host: NodeHost;
  readonly #duty: Duty;

  constructor(host: NodeHost) {
    this.#host = host;
    this.#duty = new Duty(host, "retention", () => this.#sweep());
  }

  /** The first sweep is due at once; without a retention there is none. */
  begin(): void {
    if (this.#host.options.retentionMs !== undefined) this.#duty.begin();
  }

  stop(): void {
    this.#duty.stop();
  }

  async #sweep(): Promise<number> {
    const { clock, store, options } = this.#host;
    const removed = await store.sweep(clock.nowMs() - options.retentionMs!, sweptAtOnce);
    return removed === sweptAtOnce ? pauseMs : everyMs;
  }
}
