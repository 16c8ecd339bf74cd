import { type ClaimOptions, claimRankMs, type RunRow } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { claimRun, type ClaimRun, type DueRun } from "../sql/claim-run.ts";
import { findRun, type FindRun } from "../sql/find-run.ts";
import { type OfferedKind, type Offers, offers } from "../sql/offers.ts";
import type { RunMoves } from "./run-moves.ts";
import type { RunStates } from "./run-states.ts";

/** Takes due runs for a node, inside the writer's transaction. */
export class Claims {
  readonly #states: RunStates;
  readonly #moves: RunMoves;
  readonly #claim: ClaimRun;
  readonly #find: FindRun;
  readonly #offers: Offers;

  constructor(connection: Connection, states: RunStates, moves: RunMoves) {
    this.#states = states;
    this.#moves = moves;
    this.#claim = claimRun(connection);
    this.#find = findRun(connection);
    this.#offers = offers(connection);
  }

  claim(options: ClaimOptions): RunRow[] {
    const rows: RunRow[] = [];
    const node = this.#states.node(options.node);
    if (node.died_at !== null) return rows;
    // Runs that their limit blocks leave the queue on the way, so a round that took too few is not the last.
    const kinds = this.#offers.of(this.#states.allKinds(), options, options.nowMs);
    for (;;) {
      const due = this.#due(kinds, node.node, options.nowMs, options.limit - rows.length);
      if (due.length === 0) return rows;
      for (const run of due) {
        if (run.limit_key !== null && this.#moves.places.taken(run.limit_key) >= run.limit_max!) {
          this.#moves.places.hold(run.run);
          continue;
        }
        this.#claim.own(run.run, node.node);
        rows.push(this.#find.byNumber(run.run)!);
      }
    }
  }

  /** The due runs of all kinds that go first. */
  #due(kinds: readonly OfferedKind[], node: number, nowMs: number, count: number): DueRun[] {
    if (count <= 0) return [];
    const found = kinds.flatMap((offered) => {
      const room = Math.min(count, this.#offers.room(offered, node));
      if (room <= 0) return [];
      return this.#claim
        .due(offered.kind, nowMs - offered.terms.delayMs, room)
        .sort(byRank)
        .slice(0, room);
    });
    return found.sort(byRank).slice(0, count);
  }
}

function byRank(one: DueRun, other: DueRun): number {
  return rankOf(one) - rankOf(other) || one.run - other.run;
}

function rankOf({ wake_at, priority }: DueRun): number {
  return claimRankMs({ wakeAtMs: wake_at, priority });
}
