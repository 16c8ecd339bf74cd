import { HeddleError } from "@heddle/kernel";
import type { NodeHost } from "../node-host.ts";

/** After trouble with the store it is asked again so much later. */
const againMs = 1_000;

/** For how long this node may take the runs that it owns for its own: until so long after its last sign of life, by its own clock. */
export class Lease {
  readonly #host: NodeHost;
  #untilMonotonicMs = 0;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  holds(): boolean {
    const { features, clock } = this.#host;
    return !features.shared || clock.monotonicMs() < this.#untilMonotonicMs;
  }

  /** The lease ran out by our own clock: somebody may own the run already. Nothing starts before the store has said otherwise. */
  afterCheck(call: () => void): void {
    const { trouble, state, limits, clock } = this.#host;
    this.renew().then(call, (error: unknown) => {
      trouble.heard(error);
      if (state.failure === null) limits.add(clock.monotonicMs() + againMs, () => this.afterCheck(call));
    });
  }

  /** A sign of life. */
  async renew(): Promise<void> {
    const { node, store, clock, options, runs, name } = this.#host;
    const sentAtMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    const [alive] = await Promise.all([store.heartbeat(node, nowMs + options.leaseMs, nowMs), name.say()]);
    this.#untilMonotonicMs = sentAtMs + options.leaseMs;
    if (alive) return;
    // Declared dead: everything that it owned may be another's now.
    for (const run of [...runs.owned()]) {
      const reason = new HeddleError("RUN_STALE", `Node ${node} was silent for longer than its lease: run ${run.runId} is taken over.`);
      run.abandon(reason);
      this.#host.lost(run, reason);
    }
  }
}
