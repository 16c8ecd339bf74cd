import { HeddleError } from "@heddle/kernel";
import type { NodeHost } from "../node-host.ts";

/** Looked for so often, along with a sign of life; after trouble at the next one. */
const everyMs = 60_000;
const pageRows = 1_000;

/**
 * Runs that the store counts as this node's and that nobody has here: the answer to a claim was lost on the road, or the server forgot that they were
 * given up, since an older copy of it took over. For as long as this node lives nobody else would take them. So they are given up, and claimed like others.
 */
export class StrayRuns {
  readonly #host: NodeHost;
  /** Epochs of those that the last look found. Once, it may have been on its way to us or from us. */
  #found = new Map<string, number>();
  #nextMonotonicMs = 0;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** The store did not do something: what it did all the same is not known. */
  expect(): void {
    this.#nextMonotonicMs = 0;
  }

  /** Look for them, if it is time. */
  async see(): Promise<void> {
    const { clock, state } = this.#host;
    const nowMonotonicMs = clock.monotonicMs();
    if (nowMonotonicMs < this.#nextMonotonicMs || state.closing) return;
    this.#nextMonotonicMs = nowMonotonicMs + everyMs;
    const before = this.#found;
    this.#found = await this.#look();
    for (const [runId, epoch] of this.#found) if (before.get(runId) === epoch) this.#giveUp(runId, epoch);
    // Look again soon: are they still there?
    if (this.#found.size > 0) this.#nextMonotonicMs = 0;
  }

  async #look(): Promise<Map<string, number>> {
    const { store, node, runs, claims } = this.#host;
    const found = new Map<string, number>();
    let after: string | undefined;
    for (;;) {
      const page = await store.list({ status: ["running"], limit: pageRows, ...(after === undefined ? null : { after }) });
      for (const { runId, owner, epoch } of page) if (owner === node && !runs.owns(runId) && !claims.holds(runId)) found.set(runId, epoch);
      if (page.length < pageRows) return found;
      after = page.at(-1)?.runId;
    }
  }

  #giveUp(runId: string, epoch: number): void {
    const { runs } = this.#host;
    if (runs.owns(runId)) return;
    // What is in memory of it may be more than the store knows.
    runs.takeHot(runId)?.abandon(new HeddleError("RUN_STALE", `Run ${runId} is not where this node left it: it goes on from its journal.`));
    this.#host.giveUp(runId, epoch);
  }
}
