import type { RunRow } from "@heddle/kernel";
import { mailText } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";

/** Looked for so often, along with a sign of life. */
const everyMs = 60_000;
/** A run that has been due for so long is taken up by nobody. */
const unclaimedAfterMs = 30_000;
const lookedAtOnce = 1_000;

/**
 * Queued runs that no open process has the code for, as far as this one can see: they are given a note that says so. A child's code comes with
 * its parent's, which may be parked since before this process began: such a parent is woken if this process has its code.
 */
export class UnclaimedRuns {
  readonly #host: NodeHost;
  #nextMonotonicMs = 0;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  /** Look for them, if it is time. */
  async see(): Promise<void> {
    const { clock, state, store, registry } = this.#host;
    const nowMonotonicMs = clock.monotonicMs();
    if (nowMonotonicMs < this.#nextMonotonicMs || state.closing) return;
    this.#nextMonotonicMs = nowMonotonicMs + everyMs;
    const nowMs = clock.nowMs();
    for (const row of await store.list({ status: ["queued"], limit: lookedAtOnce })) {
      if (row.wakeAtMs === null || row.wakeAtMs > nowMs - unclaimedAfterMs || registry.find(row.workflow, row.version) !== undefined)
        continue;
      const parent = row.parentId === null ? null : await store.get(row.parentId);
      if (parent?.status === "waiting" && registry.find(parent.workflow, parent.version) !== undefined) await this.#wakeParent(parent, row);
      else if (row.note === null) {
        const which = row.version === null ? `"${row.workflow}"` : `"${row.workflow}" version ${row.version}`;
        await store.setStatus(
          row.runId,
          ["queued"],
          "queued",
          row.wakeAtMs,
          `Nobody takes it up: no open process seems to have code for ${which}.`,
        );
      }
    }
  }

  async #wakeParent(parent: RunRow, child: RunRow): Promise<void> {
    const { writer, clock, claims } = this.#host;
    await writer.message({
      runId: parent.runId,
      id: `unclaimed:${child.runId}`,
      atMs: clock.nowMs(),
      body: mailText({ type: "resume" }),
    });
    claims.claimSoon();
  }
}
