import { hasCode, readPlacement, type RunId, type RunRow, type RunStore } from "@heddle/kernel";
import type { NodeSummary } from "../engine.ts";
import { mailText } from "../mail.ts";
import type { NodeHost } from "../node-host.ts";
import { impossibleFor, reasonNot } from "./node-directory.ts";

/** Looked for at the beginning, and then so often, along with a sign of life. */
const everyMs = 60_000;
/** Looked at each time; the next look goes on behind them, and round again. */
const lookedAtOnce = 1_000;
/** Of a run that has been due for so long it is said that nobody takes it up. */
const unclaimedAfterMs = 30_000;

/**
 * Runs that this process cannot take up: it has no code for them, does not serve their queue or does not fit their placement. A child's code comes with its parent's, which may be parked since before this process began: for each
 * workflow that is missing, one such parent is woken, if this process has its code. A run that stays without is given a note when it has been
 * due for a while. Every node looks, for each has code of its own.
 */
export class UnclaimedRuns {
  readonly #host: NodeHost;
  readonly #beganAtMs: number;
  #nextMonotonicMs = 0;
  /** Those that have begun wait by the million, those that have not do not: they are looked through each by itself. */
  readonly #rounds = [new Round("queued"), new Round("waiting")];

  constructor(host: NodeHost) {
    this.#host = host;
    this.#beganAtMs = host.clock.nowMs();
  }

  /** Look for them, if it is time. */
  async see(): Promise<void> {
    const { clock, state, store, registry, nodes } = this.#host;
    const nowMonotonicMs = clock.monotonicMs();
    if (nowMonotonicMs < this.#nextMonotonicMs || state.closing) return;
    this.#nextMonotonicMs = nowMonotonicMs + everyMs;
    const nowMs = clock.nowMs();
    const looked = new Set<string>();
    let living: readonly NodeSummary[] | null = null;
    for (const row of (await Promise.all(this.#rounds.map((round) => round.next(store)))).flat()) {
      const known = registry.find(row.workflow, row.version) !== undefined;
      const couldTake = nodes.couldTake(row);
      if (known && couldTake) continue;
      const which = row.version === null ? `"${row.workflow}"` : `"${row.workflow}" version ${row.version}`;
      if (looked.has(which)) continue;
      // The code for it would be of no use here.
      const parent = row.parentId === null || !couldTake ? null : await store.get(row.parentId);
      const wakes = parent?.status === "waiting" && registry.find(parent.workflow, parent.version) !== undefined;
      // A parent that was woken before and did not bring the code is no help: the next one may be.
      if (wakes && (await this.#wakeParent(parent, row))) looked.add(which);
      else if (row.note === null && row.wakeAtMs !== null && row.wakeAtMs <= nowMs - unclaimedAfterMs) {
        living ??= await nodes.living();
        const why = whyUnclaimed(row, which, living);
        if (why !== null)
          await store.setStatus(row.runId, [row.status], row.status as "queued" | "waiting", row.wakeAtMs, `Nobody takes it up: ${why}`);
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

/** Runs of one status, so many at a time, from the newest to the oldest and round again. */
class Round {
  readonly #status: "queued" | "waiting";
  #after: RunId | undefined;

  constructor(status: "queued" | "waiting") {
    this.#status = status;
  }

  async next(store: RunStore): Promise<readonly RunRow[]> {
    const after = this.#after;
    this.#after = undefined;
    try {
      const rows = await store.list({ status: [this.#status], limit: lookedAtOnce, ...(after === undefined ? null : { after }) });
      if (rows.length === lookedAtOnce) this.#after = rows.at(-1)?.runId;
      return rows;
    } catch (error) {
      // The last of the page before is gone.
      if (hasCode(error, "RUN_UNKNOWN")) return this.next(store);
      throw error;
    }
  }
}

/** @param living nodes. Null: one of them will take it, when it has room */
function whyUnclaimed(row: RunRow, which: string, living: readonly NodeSummary[]): string | null {
  const impossible = impossibleFor(row.workflow, row, living);
  if (impossible !== null) return impossible.message;
  const placement = readPlacement(row.placement);
  const name = row.version === null ? row.workflow : `${row.workflow}@${row.version}`;
  const hasCode = living.some((node) => reasonNot(placement, row.queue, node) === null && node.workflows.includes(name));
  return hasCode ? null : `no open process seems to have code for ${which}.`;
}
