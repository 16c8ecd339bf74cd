import { claimRankMs, type NewRun } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import type { DueRun } from "../sql/claim-run.ts";
import type { LimitPlaces } from "../sql/limit-places.ts";
import { permits, type Permits, type Rate } from "../sql/permits.ts";
import { type Lane, type RateLanes, rateLanes } from "../sql/rate-lanes.ts";

/** How many of a lane go back into the queue at once, at most, when several permits are free. */
const mostAtOnce = 100;

/** A due run that is to begin, and may only at a rate. */
export type RatedRun = DueRun & { rate_key: string; rate_max: number; rate_period: number };

/**
 * Lets runs begin at their rates, inside the writer's transaction. Each lane (a kind, its rate and its limit) has a first one once a run of it was met that
 * could not begin: that one waits for the rate, or for a place of the limit, and all others of the lane that are met wait for it.
 */
export class Rates {
  readonly #permits: Permits;
  readonly #lanes: RateLanes;
  readonly #places: LimitPlaces;

  constructor(connection: Connection, places: LimitPlaces) {
    this.#permits = permits(connection);
    this.#lanes = rateLanes(connection);
    this.#places = places;
  }

  /** May a new run begin as it is made? */
  mayBeginNew(row: NewRun["row"]): boolean {
    const rate = rateOf(row);
    return rate === null || (this.#permits.free(rate, row.createdAtMs) > 0 && !this.#lanes.anyUnbegun(rate.key));
  }

  /** Would a claim that met this new run put it behind the first of its lane? */
  standsBehind(row: NewRun["row"], kind: number): boolean {
    if (row.rateKey === null || row.wakeAtMs === null) return false;
    const first = this.#lanes.first({ kind, rate_key: row.rateKey, limit_key: row.limitKey });
    if (first === undefined) return false;
    // Of two alike the new one is the younger.
    const rankMs = claimRankMs({ wakeAtMs: row.wakeAtMs, priority: row.priority });
    return first.tenant !== (row.tenant ?? "") || rankMs >= claimRankMs({ wakeAtMs: first.due_at, priority: first.priority });
  }

  /** A new run has begun. */
  beganNew(row: NewRun["row"]): void {
    const rate = rateOf(row);
    if (rate !== null) this.#permits.give(rate, row.createdAtMs);
  }

  mayBegin(run: RatedRun, nowMs: number): boolean {
    return this.#permits.free(rateOfRun(run), nowMs) > 0;
  }

  began(run: RatedRun, nowMs: number): void {
    const rate = rateOfRun(run);
    this.#permits.give(rate, nowMs);
    if (run.due_at === null) return;
    const places = run.limit_key === null ? mostAtOnce : run.limit_max! - this.#places.taken(run.limit_key);
    this.passOn(run, run.tenant, Math.min(mostAtOnce, places, this.#permits.free(rate, nowMs)));
  }

  /** It was met and cannot begin now. `full`: its limit has no place; else its rate is used up. */
  wait(run: RatedRun, full: boolean): void {
    const first = run.due_at === null ? this.#lanes.first(run) : undefined;
    const dueAtMs = run.due_at ?? run.wake_at;
    if (first !== undefined) {
      if (first.tenant !== run.tenant || !goesBefore(run, first)) return this.#lanes.putBehind(run.run, dueAtMs);
      this.#lanes.putBehind(first.run, first.due_at);
    }
    this.#lanes.makeFirst(run.run, dueAtMs, full ? dueAtMs : this.#permits.nextAtMs(rateOfRun(run)), full);
  }

  /** Whenever the first of a lane, of this tenant, has begun or left the queue in another way. */
  passOn(lane: Lane, tenant: string, count = 1): void {
    let after = this.#lanes.passOn(lane, tenant, true);
    for (let more = 1; after !== null && more < count; more++) after = this.#lanes.passOn(lane, after.tenant, false);
  }
}

export function isRated(run: DueRun): run is RatedRun {
  return run.rate_key !== null && run.epoch === 0;
}

function goesBefore(run: DueRun, first: { readonly run: number; readonly priority: number; readonly due_at: number }): boolean {
  const own = claimRankMs({ wakeAtMs: run.wake_at, priority: run.priority });
  const others = claimRankMs({ wakeAtMs: first.due_at, priority: first.priority });
  return own === others ? run.run < first.run : own < others;
}

function rateOf({ rateKey, rateMax, ratePeriodMs }: NewRun["row"]): Rate | null {
  return rateKey === null ? null : { key: rateKey, max: rateMax!, periodMs: ratePeriodMs! };
}

function rateOfRun({ rate_key, rate_max, rate_period }: RatedRun): Rate {
  return { key: rate_key, max: rate_max, periodMs: rate_period };
}
