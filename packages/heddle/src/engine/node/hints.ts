import type { NodeHost } from "../node-host.ts";

/** What says that there may be something to do for a run: a commit of this process, or a hint of the store. */
export class Hints {
  readonly #host: NodeHost;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** A commit created these runs, or brought mail for them. */
  stir(runIds: readonly string[]): void {
    const { runs, claims } = this.#host;
    let others = false;
    for (const runId of runIds) {
      const run = runs.get(runId);
      if (run === undefined) others = true;
      else run.mailArrived();
    }
    if (others) claims.claimSoon();
  }

  /** Another process has written: for one run, or for any. */
  heard(runId: string | null): void {
    if (runId !== null) {
      this.stir([runId]);
      return;
    }
    const { runs, claims, store, node, trouble } = this.#host;
    claims.claimSoon();
    if (runs.size === 0) return;
    store.ownedWithMail(node).then(
      (ids) => {
        for (const id of ids) runs.get(id)?.mailArrived();
      },
      (error: unknown) => trouble.heard(error),
    );
  }
}
