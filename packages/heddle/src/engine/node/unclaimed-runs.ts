import type { RunRow } from "@heddle/kernel";
import { mailText } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";

/** Looked for at the beginning, and then so often, along with a sign of life. */
const everyMs = 60_000;
/** Of a run that has been due for so long it is said that nobody takes it up. */
const unclaimedAfterMs = 30_000;
const lookedAtOnce = 1_000;

/**
 * Runs that this process has no code for. A child's code comes with its parent's, which may be parked since before this process began: for each
 * workflow that is missing, one such parent is woken, if this process has its code. A run that stays without is given a note when it has been
 * due for a while.
 */
export class UnclaimedRuns {
  readonly #host: NodeHost;
  readonly #beganAtMs: number;
  #nextMonotonicMs = 0;

  constructor(host: NodeHost) {
    this.#host = host;
    this.#beganAtMs = host.clock.nowMs();
  }

  /** Look for them, if it is time. */
  async see(): Promise<void> {
    const { clock, state, store, registry } = this.#host;
    const nowMonotonicMs = clock.monotonicMs();
    if (nowMonotonicMs < this.#nextMonotonicMs || state.closing) return;
    this.#nextMonotonicMs = nowMonotonicMs + everyMs;
    const nowMs = clock.nowMs();
    const looked = new Set<string>();
    for (const row of await store.list({ status: ["queued", "waiting"], limit: lookedAtOnce })) {
      if (registry.find(row.workflow, row.version) !== undefined) continue;
      const which = row.version === null ? `"${row.workflow}"` : `"${row.workflow}" version ${row.version}`;
      if (looked.has(which)) continue;
      const parent = row.parentId === null ? null : await store.get(row.parentId);
      const wakes = parent?.status === "waiting" && registry.find(parent.workflow, parent.version) !== undefined;
      // A parent that was woken before and did not bring the code is no help: the next one may be.
      if (wakes && (await this.#wakeParent(parent, row))) looked.add(which);
      else if (row.note === null && row.wakeAtMs !== null && row.wakeAtMs <= nowMs - unclaimedAfterMs) {
        await store.setStatus(
          row.runId,
          [row.status],
          row.status as "queued" | "waiting",
          row.wakeAtMs,
          `Nobody takes it up: no open process seems to have code for ${which}.`,
        );
      }
    }
  }

  /** False: it was woken for this child before. */
  async #wakeParent(parent: RunRow, child: RunRow): Promise<boolean> {
    const { writer, clock, claims, node } = this.#host;
    const { status } = await writer.message({
      runId: parent.runId,
      // Once for each child by each process: one before may have been killed between the parent and the child.
      id: `unclaimed:${child.runId}:${node}:${this.#beganAtMs}`,
      atMs: clock.nowMs(),
      body: mailText({ type: "resume" }),
    });
    claims.claimSoon();
    return status === "kept";
  }
}
