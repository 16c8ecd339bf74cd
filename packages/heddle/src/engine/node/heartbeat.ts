import type { NodeHost } from "../node-host.ts";
import { DeadNodes } from "./dead-nodes.ts";
import type { Lease } from "./lease.ts";
import { UnclaimedRuns } from "./unclaimed-runs.ts";

/** Gives this node's signs of life for as long as it is open, and looks each time for what other nodes have left behind. */
export class Heartbeat {
  readonly #host: NodeHost;
  readonly #lease: Lease;
  readonly #deadNodes: DeadNodes;
  readonly #unclaimed: UnclaimedRuns;
  #beat: Disposable | null = null;

  constructor(host: NodeHost, lease: Lease) {
    this.#host = host;
    this.#lease = lease;
    this.#deadNodes = new DeadNodes(host);
    this.#unclaimed = new UnclaimedRuns(host);
  }

  /** Resolves after the first sign of life. A store that nobody else opens needs none. */
  async begin(): Promise<void> {
    if (!this.#host.features.shared) {
      this.#unclaimed.see().catch((error: unknown) => this.#host.trouble.heard(error));
      return;
    }
    await this.#lease.renew();
    this.#beatLater();
    this.#look();
  }

  #look(): void {
    this.#deadNodes
      .buryTheGone()
      .then(() => this.#host.strays.see())
      .then(() => this.#unclaimed.see())
      .catch((error: unknown) => this.#host.trouble.heard(error));
  }

  stop(): void {
    this.#beat?.[Symbol.dispose]();
  }

  /** Three times a lease, however long the store takes to write it down, and whether it could or not. */
  #beatLater(tookMs = 0): void {
    const { clock, options, state, trouble } = this.#host;
    const { leaseMs } = options;
    this.#beat = clock.after(Math.max(leaseMs / 3 - tookMs, leaseMs / 30), () => {
      const sentAtMs = clock.monotonicMs();
      void this.#lease
        .renew()
        .then(
          () => this.#look(),
          (error: unknown) => trouble.heard(error),
        )
        .then(() => {
          if (!state.closed && state.failure === null) this.#beatLater(clock.monotonicMs() - sentAtMs);
        });
    });
  }
}
