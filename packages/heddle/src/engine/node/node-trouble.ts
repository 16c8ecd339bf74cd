import { HeddleError } from "@heddle/kernel";
import type { NodeHost } from "../node-host.ts";
import { isStoreLost } from "../store-trouble.ts";

/** What becomes of a node when its store does not do what it was asked. */
export class NodeTrouble {
  readonly #host: NodeHost;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** It may do it later, or has failed for good: the error says which. */
  heard(error: unknown): void {
    const { state, claims, strays } = this.#host;
    if (!state.works) return;
    if (isStoreLost(error)) {
      this.failed(error);
      return;
    }
    strays.expect();
    claims.claimLater();
  }

  /** The store can no longer be believed: let go of every run, and tell those who wait. */
  failed(error: unknown): void {
    const { state, runs, endWaiters, options } = this.#host;
    const first = state.failure === null;
    const failure =
      error instanceof HeddleError ? error : new HeddleError("STORE_FAILED", "The store failed: open it again.", { cause: error });
    state.fail(failure);
    const owned = [...runs.owned()];
    for (const run of owned) run.abandon(failure);
    endWaiters.fail(
      owned.map(({ ending }) => ending),
      failure,
    );
    for (const run of owned) this.#host.lost(run, failure);
    if (first) queueMicrotask(() => options.onFailure?.(failure));
  }
}
