import type { NodeHost } from "../node-host.ts";

/**
 * Something regular that one node of a store does at a time: whichever took it, for as long as it lives. Every node that would do it asks for it three times
 * a lease, so that it is taken over when that lease is over, and at the next asking when its node has left. The store decides; nodes elect nobody.
 *
 * A node that was stopped in the middle of it goes on with what it began when another has taken it over: what is done has to bear being done twice.
 *
 * Not everything regular is a duty. Dead nodes are looked for by every node: it is what frees the duties of the dead, runs wait for it, and which processes of
 * a machine are gone only that machine knows. A node's stray runs are told by what it has in memory, and runs that it cannot take up by the code that it has.
 */
export class Duty {
  readonly #host: NodeHost;
  readonly #name: string;
  readonly #work: () => Promise<number>;
  #next: Disposable | null = null;
  #dueMonotonicMs = 0;

  /** @param work resolves with the time after which it is to be done again, in milliseconds; when it throws, that is the next time that the duty is asked for */
  constructor(host: NodeHost, name: string, work: () => Promise<number>) {
    this.#host = host;
    this.#name = name;
    this.#work = work;
  }

  /** It is asked for at once. */
  begin(): void {
    this.#later(0);
  }

  stop(): void {
    this.#next?.[Symbol.dispose]();
  }

  #later(delayMs: number): void {
    const { clock, state, trouble, options } = this.#host;
    this.#next = clock.after(delayMs, () => {
      void this.#turn()
        .catch((error: unknown) => {
          trouble.heard(error);
          return false;
        })
        .then((has) => {
          if (!state.works) return;
          const dueMs = has ? Math.max(this.#dueMonotonicMs - clock.monotonicMs(), 0) : Number.POSITIVE_INFINITY;
          this.#later(Math.min(dueMs, options.leaseMs / 3));
        });
    });
  }

  /** Returns whether this node has it. */
  async #turn(): Promise<boolean> {
    const { clock, state, store, node, options } = this.#host;
    const nowMs = clock.nowMs();
    const has = await store.takeDuty(this.#name, node, nowMs + options.leaseMs, nowMs);
    if (has && state.works && clock.monotonicMs() >= this.#dueMonotonicMs)
      this.#dueMonotonicMs = clock.monotonicMs() + (await this.#work());
    return has;
  }
}
