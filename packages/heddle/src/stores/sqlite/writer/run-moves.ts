import type { Connection } from "../connection.ts";
import { isClaimable, isEnd } from "../run-row.ts";
import { keepMail, type KeepMail } from "../sql/keep-mail.ts";
import { limitPlaces, type LimitPlaces } from "../sql/limit-places.ts";
import type { RunState } from "../sql/load-run-state.ts";
import { moveRun, type MoveRun } from "../sql/move-run.ts";
import { Rates } from "./rates.ts";
import type { RunStates } from "./run-states.ts";

export interface Move {
  readonly status: number;
  readonly wakeAtMs: number | null;
  /** Time of the end, if it is one. */
  readonly atMs: number;
  readonly kind?: number;
  readonly dead?: string | null;
  readonly note?: string | null;
  readonly mailSeen?: number;
  readonly crashes?: number;
}

/** Puts runs into statuses without an owner, wherever that comes from, and passes the places of limits on. */
export class RunMoves {
  readonly places: LimitPlaces;
  readonly rates: Rates;
  readonly mail: KeepMail;
  /** The store's time, set with each group. */
  nowMs = 0;
  /** A place was passed on in this group. */
  placeFree = false;
  readonly #move: (move: MoveRun) => void;
  readonly #states: RunStates;

  constructor(connection: Connection, states: RunStates) {
    this.places = limitPlaces(connection);
    this.rates = new Rates(connection, this.places);
    this.mail = keepMail(connection);
    this.#move = moveRun(connection);
    this.#states = states;
  }

  move(state: RunState, to: Move): void {
    const mailSeen = to.mailSeen ?? state.mailSeen;
    this.#move({
      run: state.run,
      kind: to.kind ?? state.kind,
      status: to.status,
      wakeAtMs: this.#wakeAtMs(state, to, mailSeen),
      endedAtMs: isEnd(to.status) ? to.atMs : null,
      dead: to.dead ?? null,
      note: to.note ?? null,
      mailSeen,
      crashes: to.crashes ?? state.crashes,
    });
    this.#states.forget(state.runId);
    this.passOn(state);
  }

  /** Whenever a run stops running or leaves the queue unclaimed: what could run now must not stay held. */
  passOn({ kind, tenant, limitKey, rateKey, dueAtMs }: RunState): void {
    if (rateKey !== null && dueAtMs !== null) {
      this.placeFree = true;
      this.rates.passOn({ kind, rate_key: rateKey, limit_key: limitKey }, tenant);
    }
    if (limitKey === null) return;
    this.placeFree = true;
    this.places.release(limitKey, this.places.taken(limitKey), tenant);
  }

  /** A run with unconsumed mail is due at once. */
  #wakeAtMs(state: RunState, to: Move, mailSeen: number): number | null {
    if (!isClaimable(to.status) || state.mailSeq <= mailSeen) return to.wakeAtMs;
    const mailAtMs = this.mail.oldestAtMs(state.run, mailSeen) ?? this.nowMs;
    return Math.min(to.wakeAtMs ?? Number.POSITIVE_INFINITY, mailAtMs, this.nowMs);
  }
}
