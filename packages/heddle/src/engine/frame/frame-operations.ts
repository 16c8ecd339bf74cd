import { encodeError, HeddleError, type OpEnded, type Outcome } from "@heddle/kernel";
import type { LivePiece } from "../engine.ts";
import type { OwnedRun } from "../owned-run.ts";
import { beginOperation, rearmOperation } from "./begin-operation.ts";
import { attemptFailed } from "./begin-step.ts";
import type { Branch } from "./branch.ts";
import type { Operation } from "./operation.ts";
import type { TaskFrame } from "./task-frame.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * What a function has asked for in one segment, until its code was given the end of it. How an operation begins to act is the matter of the files `begin-*`.
 *
 * Invariants:
 * 1. A key is used once.
 * 2. An operation is settled at most once, and only after the event that ends it was acknowledged.
 * 3. It is pending until then, or until nobody waits for it any more; then it is closed. `#waiting` and `#running` count the pending ones that wait and that act.
 */
export class FrameOperations {
  readonly frame: TaskFrame;
  readonly run: OwnedRun;
  readonly #used = new Set<string>();
  readonly #pending = new Map<string, Operation>();
  /** Keys of closed operations, with the signal that they waited for. */
  #closed: Map<string, string | undefined> | null = null;
  /** Maps under way, with how many items they have. */
  #maps: Map<string, number> | null = null;
  #waiting = 0;
  #running = 0;

  constructor(frame: TaskFrame) {
    this.frame = frame;
    this.run = frame.run;
  }

  // ---- One operation's life

  /** Ask for an operation. It starts now, or is given its recorded end when its turn comes. */
  issue(operation: Operation): void {
    const { frame, run } = this;
    const { key } = operation;
    if (this.#used.has(key)) {
      throw new HeddleError(
        "KEY_DUPLICATE",
        `Run ${run.runId} uses the key "${key}" twice. Every operation of a function needs its own: in a loop, add the index to it.`,
        { data: { runId: run.runId, key } },
      );
    }
    this.#used.add(key);
    const early = frame.replay?.earlyEnd(operation);
    if (early !== undefined) {
      this.#giveSoon(operation, early);
      return;
    }
    this.#pending.set(key, operation);
    if (frame.replaying) return;
    beginOperation(this, operation);
    run.line?.leave(frame.command.no);
  }

  /** In this very turn, live and on replay alike: there is no event left to say when. */
  #giveSoon(operation: Operation, outcome: Outcome): void {
    queueMicrotask(() => this.give(operation, outcome, this.frame.nowMs));
  }

  /** An attempt of a step acts from here on. */
  started(operation: Operation): void {
    operation.begin();
    this.#running++;
    this.run.stepStarted();
    this.frame.account();
  }

  /** A step stopped acting. */
  stopped(operation: Operation): void {
    if (!operation.acting) return;
    operation.acting = false;
    this.#running--;
    this.run.stepStopped();
    this.frame.account();
  }

  /** An operation waits for what is not done here. */
  wait(operation: Operation): void {
    if (operation.waiting) return;
    operation.waiting = true;
    this.#waiting++;
    this.frame.account();
  }

  unwait(operation: Operation): void {
    if (!operation.waiting) return;
    operation.waiting = false;
    this.#waiting--;
    this.frame.account();
  }

  /** An attempt failed: try again later unless it is final, or end it. */
  attemptFailed(operation: Operation, error: unknown, status: "failed" | "timed-out" = "failed", after: "retry" | "final" = "retry"): void {
    attemptFailed(this, operation, error, status, after);
  }

  /** Record how an operation ended; the code is told once the store has acknowledged it. */
  conclude(operation: Operation, outcome: Outcome, signal?: string): void {
    const { frame, run } = this;
    if (operation.ended || frame.ended) return;
    operation.ended = true;
    if (operation.due !== null) operation.due.fire = null;
    const atMs = run.stampMs();
    const { inputHash } = operation;
    const attempt = operation.attempt + operation.crashes;
    const event: { atMs: number } & Mutable<OpEnded> = {
      type: "op-ended",
      atMs,
      of: frame.command.no,
      key: operation.key,
      op: operation.kind as OpEnded["op"],
      outcome,
    };
    if (inputHash !== undefined) event.inputHash = inputHash;
    if (signal !== undefined) event.signal = signal;
    if (attempt > 1) event.attempt = attempt;
    const seq = run.record(event, () => run.deliver(() => this.give(operation, outcome, atMs)));
    if (signal !== undefined && operation.signal !== undefined && outcome.status === "completed")
      operation.taken = { id: signal, name: operation.signal, seq, ...(outcome.value === undefined ? null : { value: outcome.value }) };
    if (outcome.status === "completed") run.progressed();
  }

  /** The store has committed its end already: only the code has to be told. */
  committed(operation: Operation, outcome: Outcome, atMs: number): void {
    operation.ended = true;
    this.run.progressed();
    this.run.deliver(() => this.give(operation, outcome, atMs));
  }

  /** Hand an outcome to the code that waits for it. */
  give(operation: Operation, outcome: Outcome, atMs: number): "unheard" | void {
    const { frame } = this;
    if (frame.ended || (this.#closed !== null && this.#closed.has(operation.key))) return "unheard";
    this.#settled(operation);
    operation.ended = true;
    frame.nowMs = atMs;
    if (operation.step !== null && operation.step.compensate !== undefined && outcome.status === "completed")
      frame.canBeUndone(operation.key, operation.step, outcome.value);
    const heard = operation.settle(outcome, operation);
    this.run.touch();
    return heard;
  }

  /** Nobody waits for it any more. Its end, if it was opened, is recorded as cancelled; what it does is aborted. */
  close(operation: Operation): void {
    const { frame, run } = this;
    (this.#closed ??= new Map()).set(operation.key, operation.signal);
    this.#settled(operation);
    // Its end is recorded and was not given yet: a replay will close it before, so it must not be given here either.
    if (operation.ended) {
      if (operation.taken !== null) run.signals.unheard(operation.taken);
      return;
    }
    operation.ended = true;
    if (operation.due !== null) operation.due.fire = null;
    if (operation.acting) {
      operation.abort(new HeddleError("RUN_CANCELLED", `Operation "${operation.key}" was closed: nobody waits for it any more.`));
      this.stopped(operation);
    }
    if (operation.opened !== null && !frame.replaying) {
      run.record({
        type: "op-ended",
        atMs: run.stampMs(),
        of: frame.command.no,
        key: operation.key,
        op: operation.opened.op,
        outcome: { status: "cancelled" },
      });
    }
  }

  #settled(operation: Operation): void {
    if (this.#pending.get(operation.key) === operation) this.#pending.delete(operation.key);
    this.unwait(operation);
  }

  // ---- Looking

  /** Some act here. */
  get isActing(): boolean {
    return this.#running > 0;
  }

  /** Some wait for what is not done here. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** Some wait for the end of a child run. */
  get waitsForChild(): boolean {
    for (const { kind, waiting } of this.#pending.values()) if (kind === "call" && waiting) return true;
    return false;
  }

  /** In the order in which the code asked for them. */
  pending(): IterableIterator<Operation> {
    return this.#pending.values();
  }

  /** Of those that are pending. */
  get(key: string): Operation | undefined {
    return this.#pending.get(key);
  }

  isUsed(key: string): boolean {
    return this.#used.has(key);
  }

  isClosed(key: string): boolean {
    return this.#closed !== null && this.#closed.has(key);
  }

  /** The signal that a closed operation waited for; undefined: it is not closed, or waited for none. */
  signalOfClosed(key: string): string | undefined {
    return this.#closed?.get(key);
  }

  /** Those that wait for a signal or an end from elsewhere, and are recorded. */
  *receivers(): IterableIterator<Operation> {
    for (const operation of this.#pending.values()) if (!operation.ended && operation.opened !== null) yield operation;
  }

  /** When the next wait is over, epoch milliseconds. */
  nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due, ended } of this.#pending.values()) if (!ended && due?.fire != null && due.dueAtMs < next) next = due.dueAtMs;
    return next;
  }

  /** A map over so many items is under way: told to those who watch, now and later. */
  mapBegins(key: string, total: number): void {
    (this.#maps ??= new Map()).set(key, total);
    this.run.live({ type: "started", key, total });
  }

  mapEnds(key: string): void {
    this.#maps?.delete(key);
  }

  /** What is under way, for those who begin to watch. */
  *underWay(): IterableIterator<{ readonly atMs: number } & LivePiece> {
    const atMs = this.run.host.clock.nowMs();
    if (this.#maps !== null) for (const [key, total] of this.#maps) yield { atMs, type: "started", key, total };
    for (const { key, acting, begunAtMs } of this.#pending.values()) if (acting) yield { atMs: begunAtMs || atMs, type: "started", key };
  }

  // ---- All of them

  /** Replay is over: begin what is pending for real. Says whether anything is. */
  beginAll(): boolean {
    const pending = [...this.#pending.values()].filter(({ ended }) => !ended);
    for (const operation of pending) if (!operation.ended) beginOperation(this, operation);
    return pending.length > 0;
  }

  /** Replay is over and so is the code: what is pending is known to be open where it is, and none of it begins. */
  findOpenings(): void {
    for (const operation of this.#pending.values()) this.frame.replay?.findOpening(operation);
  }

  /** Stop waiting for and doing everything in a branch. */
  closeWithin(branch: Branch): void {
    for (const operation of this.#pending.values()) if (operation.branch?.isWithin(branch) === true) this.close(operation);
  }

  closeAll(): void {
    for (const operation of this.#pending.values()) this.close(operation);
  }

  /** The run was asked to stop: waits end now; steps are told and may still end well. */
  cancel(error: HeddleError): void {
    for (const operation of [...this.#pending.values()]) {
      if (operation.ended || operation.kind === "undo") continue;
      if (operation.acting) operation.abort(error);
      else if (!this.frame.replaying) this.conclude(operation, { status: "cancelled", error: encodeError(error) });
    }
  }

  /** The run is not ours any more: what acts is told. */
  abort(reason: HeddleError): void {
    for (const operation of this.#pending.values()) if (operation.acting) operation.abort(reason);
  }

  /** The code is over: whatever is still open in it is dropped. */
  drop(): void {
    for (const operation of this.#pending.values()) {
      if (!operation.acting) continue;
      operation.abort(new HeddleError("RUN_CANCELLED", `Step "${operation.key}" was aborted: its function ended without waiting for it.`));
      this.stopped(operation);
    }
  }

  /** What they took and were not told of is there for other tasks. */
  giveSignalsBack(): void {
    for (const { taken } of this.#pending.values()) if (taken !== null) this.run.signals.unheard(taken);
  }

  /** Forget all timers: the run is parked, or gone. */
  disarm(): void {
    for (const { due } of this.#pending.values()) if (due !== null) due.fire = null;
  }

  /** The parked run is ours again: set the timers anew. */
  rearm(): void {
    for (const operation of this.#pending.values()) rearmOperation(this, operation);
  }
}
