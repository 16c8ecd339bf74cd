import { type ClaimOptions, claimRankMs, type RunRow } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { claimRun, type ClaimRun, type DueRun } from "../sql/claim-run.ts";
import { findRun, type FindRun } from "../sql/find-run.ts";
import { nextWake } from "../sql/next-wake.ts";
import { type OfferedKind, type Offers, offers } from "../sql/offers.ts";
import type { RunMoves } from "./run-moves.ts";
import type { RunStates } from "./run-states.ts";
import { isRated } from "./rates.ts";
import { waitingTenants } from "./waiting-tenants.ts";

/** Of one kind, tenants that a claim looks at, at most: those behind them have their turn in the next. */
const mostLooks = 1_000;
/** Runs that are met in one claim and have to be held, at most, about: very many are met a part at a time, and the others have their turns. */
const mostHeld = 2_000;

/** A kind in one claim. */
interface ClaimedKind extends OfferedKind {
  readonly beforeMs: number;
  looks: number;
  /** How many more of its runs the node may take. */
  room: number;
}

/** What one pass over the tenants may do. */
interface Pass {
  /** Runs that may be taken. */
  readonly count: number;
  readonly nowMs: number;
  readonly kinds: readonly ClaimedKind[];
  readonly take: (run: DueRun) => void;
  /** In this claim. */
  readonly met: { held: number };
}

/** A tenant's due runs, as they go. */
interface TenantRuns {
  readonly runs: readonly DueRun[];
  /** Others may be due behind them. */
  readonly more: boolean;
  next: number;
}

/**
 * Takes due runs for a node, inside the writer's transaction. Tenants go by name from the one on that was served last, and round again; that one is
 * remembered here for each node, and nowhere else.
 */
export class Claims {
  readonly #states: RunStates;
  readonly #moves: RunMoves;
  readonly #claim: ClaimRun;
  readonly #find: FindRun;
  readonly #offers: Offers;
  readonly #wake: ReturnType<typeof nextWake>;
  readonly #servedLast = new Map<string, string>();

  constructor(connection: Connection, states: RunStates, moves: RunMoves) {
    this.#states = states;
    this.#moves = moves;
    this.#claim = claimRun(connection);
    this.#find = findRun(connection);
    this.#offers = offers(connection);
    this.#wake = nextWake(connection);
  }

  claim(options: ClaimOptions): RunRow[] {
    const node = this.#states.node(options.node);
    if (node.died_at !== null) return [];
    const kinds = this.#offers
      .of(this.#states.allKinds(), options, options.nowMs)
      .map((kind): ClaimedKind => ({ ...kind, beforeMs: options.nowMs - kind.terms.delayMs, looks: mostLooks, room: 0 }));
    const { nowMs } = options;
    const rows: RunRow[] = [];
    let served = this.#servedLast.get(options.node) ?? "";
    const take = (run: DueRun): void => {
      this.#claim.own(run.run, node.node);
      if (isRated(run)) this.#moves.rates.began(run, options.nowMs);
      rows.push(this.#find.byNumber(run.run)!);
      served = run.tenant;
    };
    let stoppedAt: string | null = null;
    const met = { held: 0 };
    // Runs that their limit blocks leave the queue on the way, so a pass that took too few is not the last.
    while (rows.length < options.limit && met.held < mostHeld) {
      const count = options.limit - rows.length;
      const open = kinds.filter((kind) => this.#isOpen(kind, node.node, count));
      const found = new Set<string>();
      for (const kind of open) {
        const walk = waitingTenants(this.#claim, kind.kind, kind.beforeMs, { after: served, count, looks: kind.looks });
        kind.looks -= walk.looked;
        stoppedAt ??= walk.stoppedAt;
        for (const tenant of walk.tenants) found.add(tenant);
      }
      if (found.size === 0) {
        // Whoever has due runs stands behind a great many who have parked ones only.
        if (stoppedAt !== null && rows.length === 0)
          this.#inTurn([this.#longestDue(open, count)], { count, nowMs, kinds: open, take, met });
        break;
      }
      const tenants = [...found]
        .sort((one, other) => Number(one <= served) - Number(other <= served) || (one < other ? -1 : 1))
        .slice(0, count);
      const share = Math.ceil(count / tenants.length);
      const lists = tenants.map((tenant) => this.#dueOf(tenant, open, share));
      if (!this.#inTurn(lists, { count, nowMs, kinds: open, take, met })) break;
    }
    this.#servedLast.set(options.node, stoppedAt !== null && rows.length < options.limit ? stoppedAt : served);
    return rows;
  }

  #isOpen(kind: ClaimedKind, node: number, count: number): boolean {
    kind.room = Math.min(count, this.#offers.room(kind, node));
    if (kind.room <= 0) return false;
    const wakeAtMs = this.#wake(kind.kind);
    return wakeAtMs !== null && wakeAtMs <= kind.beforeMs;
  }

  #dueOf(tenant: string, kinds: readonly ClaimedKind[], share: number): TenantRuns {
    const found = kinds.flatMap(({ kind, beforeMs, room }) => this.#claim.due(kind, tenant, beforeMs, Math.min(share, room)));
    return { runs: found.sort(byRank).slice(0, share), more: found.length >= share, next: 0 };
  }

  #longestDue(kinds: readonly ClaimedKind[], count: number): TenantRuns {
    const found = kinds.flatMap(({ kind, beforeMs, room }) => this.#claim.longestDue(kind, beforeMs, room));
    return { runs: found.sort((one, other) => one.wake_at - other.wake_at || one.run - other.run).slice(0, count), more: false, next: 0 };
  }

  /** One run of each list after the other, at most `count`. Returns false when nothing came of it. */
  #inTurn(lists: readonly TenantRuns[], { count, nowMs, kinds, take, met }: Pass): boolean {
    const kindOf = new Map(kinds.map((kind) => [kind.kind, kind]));
    let taken = 0;
    let held = 0;
    for (let left = true; left; ) {
      left = false;
      for (const list of lists) {
        const before = { taken, held };
        for (let found = list.runs[list.next]; found !== undefined && taken === before.taken; found = list.runs[list.next]) {
          list.next++;
          const kind = kindOf.get(found.kind)!;
          if (kind.room <= 0) continue;
          // One that was met before it may have taken its place in the lane.
          const run = isRated(found) ? this.#claim.again(found.run, kind.beforeMs) : found;
          if (run === undefined) continue;
          if (this.#isBlocked(run, nowMs)) {
            held++;
            met.held++;
            continue;
          }
          kind.room--;
          taken++;
          take(run);
        }
        if (taken === count) return true;
        // Its turn is not over: behind those that had to be held there may be one that it can take.
        if (taken === before.taken && held > before.held && list.more && met.held < mostHeld) return true;
        left ||= list.next < list.runs.length;
      }
    }
    return taken + held > 0;
  }

  /** Whether it cannot run now: then it is taken out of the queue. */
  #isBlocked(run: DueRun, nowMs: number): boolean {
    const { places, rates } = this.#moves;
    const { limit_key: key } = run;
    const full = key !== null && places.taken(key) >= run.limit_max!;
    if (!isRated(run)) {
      if (full) places.hold(run.run);
      return full;
    }
    if (!full && rates.mayBegin(run, nowMs)) return false;
    rates.wait(run, full);
    // It had been given a place that it cannot use now.
    if (!full && key !== null) places.release(key, places.taken(key), run.tenant);
    return true;
  }
}

function byRank(one: DueRun, other: DueRun): number {
  return rankOf(one) - rankOf(other) || one.run - other.run;
}

function rankOf({ wake_at, priority }: DueRun): number {
  return claimRankMs({ wakeAtMs: wake_at, priority });
}
