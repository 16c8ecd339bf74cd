import { ClockWatch } from "../clock-watch.ts";
import type { NodeHost } from "../node-host.ts";
import { endLeasesOfTheGone } from "./gone-processes.ts";

/** After a jump of the clock every node has said anew how long it lives, if it lives. */
const afterJumpMs = 60_000;
/** Nodes whose lease ran out, or whose process was killed: their runs are free for others. */
export class DeadNodes {
  readonly #host: NodeHost;
  readonly #clockWatch: ClockWatch;
  #reapFromMonotonicMs = 0;

  constructor(host: NodeHost) {
    this.#host = host;
    this.#clockWatch = new ClockWatch(host.clock, host.options.leaseMs / 3);
  }

  /** Take the runs of nodes whose lease ran out. */
  async reap(): Promise<void> {
    const { clock, options, store, claims } = this.#host;
    // Leases are kept in wall time: when the clock was set, the living look dead until they have said by the new time that they live.
    if (this.#clockWatch.jumped()) this.#reapFromMonotonicMs = clock.monotonicMs() + Math.max(afterJumpMs, options.leaseMs);
    if (clock.monotonicMs() < this.#reapFromMonotonicMs) return;
    if ((await store.reapDeadNodes(clock.nowMs())) > 0) claims.claimSoon();
  }

  /** Runs of processes of this machine that were killed are free now; those of other nodes when their leases run out. */
  async buryTheGone(): Promise<void> {
    const { store, clock } = this.#host;
    await endLeasesOfTheGone(store, clock.nowMs());
    await this.reap();
  }
}
