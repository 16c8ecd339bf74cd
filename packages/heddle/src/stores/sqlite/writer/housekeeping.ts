import type { RunId } from "@heddle/kernel";
import type { Connection } from "../connection.ts";
import { running, statusNumber } from "../run-row.ts";
import { compactJournal } from "../sql/compact-journal.ts";
import { deleteRun, type DeleteRun } from "../sql/delete-run.ts";
import { type Duties, duties } from "../sql/duties.ts";
import { type Nodes, nodes } from "../sql/nodes.ts";
import { putBlob } from "../sql/put-blob.ts";
import { readSnapshot } from "../sql/read-snapshot.ts";
import type { RunMoves } from "./run-moves.ts";
import type { RunStates } from "./run-states.ts";
import type { WriteCall } from "./write-call.ts";

const queued = 0;
/** A node that was dead for longer learns no more of it: 30 days. */
const rememberDeadMs = 30 * 24 * 3_600_000;
/** What a node that left said of itself: one day. */
const rememberLeftMs = 24 * 3_600_000;

/** Everything that is not a step: nodes, status changes, removal. Inside the writer's transaction. */
export class Housekeeping {
  readonly putBlob: ReturnType<typeof putBlob>;
  readonly #states: RunStates;
  readonly #moves: RunMoves;
  readonly #nodes: Nodes;
  readonly #duties: Duties;
  readonly #delete: DeleteRun;
  readonly #compact: ReturnType<typeof compactJournal>;
  readonly #readSnapshot: ReturnType<typeof readSnapshot>;

  constructor(connection: Connection, states: RunStates, moves: RunMoves) {
    this.putBlob = putBlob(connection);
    this.#states = states;
    this.#moves = moves;
    this.#nodes = nodes(connection);
    this.#duties = duties(connection);
    this.#delete = deleteRun(connection);
    this.#compact = compactJournal(connection);
    this.#readSnapshot = readSnapshot(connection);
  }

  heartbeat(name: string, untilMs: number, nowMs: number): boolean {
    const { node, died_at } = this.#states.node(name);
    this.#nodes.renew(node, untilMs, Math.max(0, untilMs - nowMs));
    this.#states.forgetNodes();
    return died_at === null;
  }

  reap(nowMs: number): number {
    this.#nodes.bury(nowMs);
    this.#duties.freeOfDead();
    this.#states.forgetNodes();
    const runs = this.#nodes.runsWithoutOwner();
    for (const run of runs) this.#free(run, nowMs, 1);
    this.#nodes.forget(nowMs - rememberDeadMs, nowMs - rememberLeftMs);
    return runs.length;
  }

  takeDuty({ duty, node: name, untilMs, nowMs }: Extract<WriteCall, { type: "take-duty" }>): boolean {
    const { node, died_at } = this.#states.node(name);
    return died_at === null && this.#duties.take(duty, node, untilMs, Math.max(0, untilMs - nowMs), nowMs);
  }

  leave(name: string, nowMs: number): void {
    const { node } = this.#states.node(name);
    for (const run of this.#nodes.runsOf(node)) this.#free(run, nowMs, 0);
    this.#duties.freeOf(node);
    this.#nodes.leave(node, nowMs);
    this.#states.forgetNodes();
  }

  describe(name: string, info: string): void {
    this.#nodes.describe(this.#states.node(name).node, info);
  }

  setStatus({ runId, from, to, wakeAtMs, note }: Extract<WriteCall, { type: "set-status" }>): boolean {
    const state = this.#states.find(runId);
    if (state === null || state.status === running || !from.some((status) => statusNumber(status) === state.status)) return false;
    this.#moves.move(state, { status: statusNumber(to), wakeAtMs, atMs: this.#moves.nowMs, note });
    return true;
  }

  delete(runId: RunId): boolean {
    const state = this.#states.find(runId);
    if (state === null || state.status === running) return false;
    this.#delete.delete(state.run);
    this.#moves.passOn(state);
    return true;
  }

  sweep(beforeMs: number, limit: number): number {
    const runs = this.#delete.endedBefore(beforeMs, limit);
    for (const run of runs) this.#delete.delete(run);
    return runs.length;
  }

  compact(runId: RunId, throughSeq: number): void {
    const snapshot = this.#readSnapshot(runId);
    const state = this.#states.find(runId);
    if (snapshot === null || state === null) return;
    const base = Math.min(throughSeq, snapshot.seq);
    this.#compact(state.run, base);
    state.base = Math.max(state.base, base);
  }

  #free(run: number, nowMs: number, crashes: number): void {
    const state = this.#states.byNumber(run)!;
    this.#moves.move(state, { status: queued, wakeAtMs: nowMs, atMs: nowMs, crashes: state.crashes + crashes });
  }
}
