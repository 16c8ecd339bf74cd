import { type ClaimOptions, readPlacement, type RunRow } from "@heddle/kernel";
import type { NodeHost } from "../node-host.ts";
import { takeUp } from "./take-up.ts";

/** A store without hints from other processes is asked so often. */
const pollMs = 1_000;
const mostAtOnce = 256;
/** Read at once, and in memory at the same time before they are under way. */
const takenUpAtOnce = 64;

/**
 * Claims runs that are due, as long as there is room for them: when something says that there may be some, and when the next one is due by the store.
 *
 * Invariants: 1. One claim is under way at a time; what is asked for meanwhile makes it look again. 2. What was claimed is taken up in order, and is kept until
 * it could be.
 */
export class ClaimLoop {
  readonly #host: NodeHost;
  #claiming = false;
  #again = false;
  /** Ours in the store and not yet taken up: if the store cannot be read, they stay here until it can. */
  readonly #claimed = new Map<string, RunRow>();
  /** Some run that was claimed here bounds how many of its kind a node may own: the end of one may let another begin. */
  #bounded = false;
  #wake: Disposable | null = null;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** Was it claimed, and waits to be taken up? */
  holds(runId: string): boolean {
    return this.#claimed.has(runId);
  }

  /** Some run may be due. */
  claimSoon(): void {
    const { options, state, runs } = this.#host;
    if (options.passive || state.closing) return;
    this.#again = true;
    if (this.#claiming || runs.room <= 0) return;
    this.#claiming = true;
    queueMicrotask(() => void this.#claim());
  }

  /** A run is no longer under way here: another may have its place. */
  roomFreed(): void {
    if (this.#again || this.#host.registry.limited || this.#bounded) this.claimSoon();
  }

  /** The store could not do something: claim when it may have recovered. */
  claimLater(): void {
    this.#wake ??= this.#host.clock.after(pollMs, () => {
      this.#wake = null;
      this.claimSoon();
    });
  }

  /** Set the alarm for the next run that is due. */
  wakeSoon(): void {
    const { options, state, store, clock, features, runs, trouble } = this.#host;
    if (options.passive || state.closing) return;
    store.nextWakeMs(this.#offer()).then(
      (atMs) => {
        if (state.closing) return;
        const pollAtMs = features.shared ? clock.nowMs() + pollMs : Number.POSITIVE_INFINITY;
        const nextMs = Math.min(atMs ?? Number.POSITIVE_INFINITY, pollAtMs);
        if (nextMs === Number.POSITIVE_INFINITY || (this.#wake !== null && this.#wakeAtMs <= nextMs)) return;
        this.#wake?.[Symbol.dispose]();
        this.#wakeAtMs = nextMs;
        // What is due and was not taken waits for room, for its limit, or for a node that has its code: asking at once would find the same.
        const leftMs = nextMs - clock.nowMs();
        const delayMs = leftMs > 0 ? leftMs : pollMs;
        this.#wake = clock.after(delayMs, () => {
          this.#wake = null;
          this.#wakeAtMs = Number.POSITIVE_INFINITY;
          this.claimSoon();
          if (runs.room <= 0) this.wakeSoon();
        });
      },
      (error: unknown) => trouble.heard(error),
    );
  }

  stop(): void {
    this.#wake?.[Symbol.dispose]();
  }

  /** Which runs this node takes. */
  #offer(): Omit<ClaimOptions, "limit"> {
    const { node, clock, registry, options } = this.#host;
    const { queues, capabilities } = options;
    return { node, nowMs: clock.nowMs(), workflows: registry.names(), queues, capabilities };
  }

  async #claim(): Promise<void> {
    const { store, state, runs, trouble } = this.#host;
    try {
      while (this.#again && !state.closing && runs.room > 0) {
        this.#again = false;
        if (this.#claimed.size === 0) {
          const limit = Math.min(runs.room, mostAtOnce);
          const rows = await store.claim({ ...this.#offer(), limit });
          this.#bounded ||= rows.some(({ placement }) => readPlacement(placement)?.maxPerNode !== undefined);
          if (rows.length === limit) this.#again = true;
          for (const row of rows) this.#claimed.set(row.runId, row);
        }
        while (this.#claimed.size > 0 && !state.closing) {
          const rows = [...this.#claimed.values()].slice(0, takenUpAtOnce);
          await takeUp(this.#host, rows, ({ runId }) => void this.#claimed.delete(runId));
        }
      }
    } catch (error) {
      if (!state.closing) trouble.heard(error);
    } finally {
      this.#claiming = false;
      this.wakeSoon();
    }
  }
}
