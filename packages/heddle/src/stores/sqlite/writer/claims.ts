import type { ClaimOptions, RunRow } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { claimRun, type ClaimRun, type DueRun } from "../sql/claim-run.ts";
import { findRun, type FindRun } from "../sql/find-run.ts";
import { isKindOf } from "../sql/kinds.ts";
import type { RunMoves } from "./run-moves.ts";
import type { RunStates } from "./run-states.ts";

/** Takes due runs for a node, inside the writer's transaction. */
export class Claims {
  readonly #states: RunStates;
  readonly #moves: RunMoves;
  readonly #claim: ClaimRun;
  readonly #find: FindRun;

  constructor(connection: Connection, states: RunStates, moves: RunMoves) {
    this.#states = states;
    this.#moves = moves;
    this.#claim = claimRun(connection);
    this.#find = findRun(connection);
  }

  claim(options: ClaimOptions): RunRow[] {
    const rows: RunRow[] = [];
    const node = this.#states.node(options.node);
    if (node.died_at !== null) return rows;
    // Runs that their limit blocks leave the queue on the way, so a round that took too few is not the last.
    for (let due = this.#due(options, options.limit); due.length > 0; due = this.#due(options, options.limit - rows.length)) {
      for (const run of due) {
        if (run.limit_key !== null && this.#moves.places.taken(run.limit_key) >= run.limit_max!) {
          this.#moves.places.hold(run.run);
          continue;
        }
        this.#claim.own(run.run, node.node);
        rows.push(this.#find.byNumber(run.run)!);
      }
    }
    return rows;
  }

  /** The due runs of all kinds that go first. */
  #due({ nowMs, workflows }: ClaimOptions, count: number): DueRun[] {
    if (count <= 0) return [];
    const names = workflows === undefined ? null : new Set(workflows);
    const found = this.#states
      .allKinds()
      .filter((kind) => isKindOf(kind, names))
      .flatMap(({ kind }) => this.#claim.due(kind, nowMs, count));
    return found.sort((one, other) => other.priority - one.priority || one.wake_at - other.wake_at || one.run - other.run).slice(0, count);
  }
}
