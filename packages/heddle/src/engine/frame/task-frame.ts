import {
  canonicalJson,
  contentHash,
  decodeError,
  decodeValue,
  encodeError,
  encodeValue,
  HeddleError,
  mayRetry,
  type ErrorValue,
  type Json,
  type OpEnded,
  type OpOpened,
  type Outcome,
  type RetryPolicy,
  type StartTask,
  type Verb,
} from "@heddle/kernel";
import type { OwnedRun } from "../owned-run.ts";
import type { LivePiece } from "../engine.ts";
import type { Given } from "../task-input.ts";
import type { TaskEntry } from "../task-table.ts";
import { Branch } from "./branch.ts";
import { FunctionContext } from "./function-context.ts";
import type { FrameHistory, HistoryEntry } from "./history.ts";
import { Operation } from "./operation.ts";
import { workflowScope } from "./scopes.ts";
import { StepRun } from "./step-run.ts";
import type { StepPlan } from "./step-plan.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const nothing: readonly never[] = [];

/** A completed step that can be undone. */
interface Undo {
  readonly key: string;
  readonly result: unknown;
  readonly plan: StepPlan;
}

/**
 * One activation of a task while its code runs: the interpreter of durable functions.
 *
 * Invariants:
 * 1. The code is given results one at a time, in journal order, each after the microtasks of the one before have drained; on replay and live alike.
 * 2. No effect starts while recorded operations are left to give back, nor after the run was lost.
 * 3. An operation is settled at most once, and only after the event that ends it was acknowledged.
 * 4. `#pending` holds what the code waits for; `#waiting` and `#running` count its parts that wait and that act.
 */
export class TaskFrame {
  readonly run: OwnedRun;
  readonly command: StartTask;
  /** What its input was made from, if that was other tasks' values. */
  readonly given: Given | null;
  /** When the event came that made it due: the same after a crash, and for each attempt. */
  readonly startedAtMs: number;
  /** Time of the last event that its code was given. */
  nowMs: number;
  /** From 1; `continueAs` begins the next. Part of every idempotency key. */
  segment = 1;
  cancelled = false;
  ended = false;
  replaying = false;
  compensating = false;
  verbs: Verb[] | null = null;
  queries: Map<string, (input: unknown) => unknown> | null = null;
  updates: Map<string, (input: unknown) => unknown> | null = null;

  readonly #entry: TaskEntry;
  #pending: Map<string, Operation> | null = null;
  #maps: Map<string, number> | null = null;
  #used: Set<string> | null = null;
  /** Keys of operations that nobody waits for any more, with the signal that they waited for. */
  #closed: Map<string, string | undefined> | null = null;
  #entries: readonly HistoryEntry[] = nothing;
  #at = 0;
  #lenientBefore = 0;
  /** Recorded ends that accepted code has not asked for yet, or never will. */
  #early: Map<string, { readonly kind: string; readonly outcome: Outcome }> | null = null;
  #opened: Map<string, { readonly event: OpOpened; readonly seq: number }> | null = null;
  #retries: Map<string, { readonly attempt: number; readonly dueAtMs: number; readonly begunAtMs: number | undefined }> | null = null;
  #undo: Undo[] | null = null;
  #children: Map<string, { readonly key: string; readonly close: string }> | null = null;
  #failedOps: WeakMap<object, string> | null = null;
  #controller: AbortController | null = null;
  #finishing: { readonly outcome: Outcome; readonly failedOps: readonly string[] } | null = null;
  /** First attempt, for total times; only where the task is tried again. */
  #begunMonotonicMs = 0;
  #cancelAfterReplay = false;
  #givenUp = false;
  #waiting = 0;
  #running = 0;
  #busy = false;

  constructor(run: OwnedRun, command: StartTask, entry: TaskEntry, given: Given | null, startedAtMs: number) {
    this.run = run;
    this.command = command;
    this.given = given;
    this.startedAtMs = startedAtMs;
    this.nowMs = startedAtMs;
    this.#entry = entry;
  }

  /** Start the code; with a history, give back what it holds before anything new happens. */
  begin(input: unknown, history: FrameHistory | null): void {
    this.#setBusy(true);
    let given = input;
    if (this.#entry.retry !== null) this.#begunMonotonicMs = this.#monotonicOf(history?.begunAtMs);
    if (history !== null) {
      this.segment = history.segment;
      this.nowMs = history.segmentAtMs ?? this.startedAtMs;
      this.#entries = history.entries;
      this.#lenientBefore = history.lenientBefore;
      if (history.segmentInput !== null) given = decodeValue(history.segmentInput.input);
      this.replaying = history.entries.length > 0;
      if (this.replaying) this.run.frameReplays(this);
    }
    this.#call(given);
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.cancelled) this.#controller.abort(this.#cancelError());
    }
    return this.#controller.signal;
  }

  /** Ask for an operation. It starts now, or is given its recorded end when its turn comes. */
  issue(operation: Operation): void {
    const { key } = operation;
    this.#used ??= new Set();
    if (this.#used.has(key)) {
      throw new HeddleError(
        "KEY_DUPLICATE",
        `Run ${this.run.runId} uses the key "${key}" twice. Every operation of a function needs its own: in a loop, add the index to it.`,
        { data: { runId: this.run.runId, key } },
      );
    }
    this.#used.add(key);
    const early = this.#early?.get(key);
    if (early !== undefined && early.kind === operation.kind) {
      // In this very turn, live and on replay alike: there is no event left to say when.
      queueMicrotask(() => this.#give(operation, early.outcome, this.nowMs));
      return;
    }
    this.#pending ??= new Map();
    this.#pending.set(key, operation);
    if (this.replaying) return;
    this.#goLive(operation);
    this.run.line?.leave(this.command.no);
  }

  /** A map over so many items is under way: told to those who watch, now and later. */
  mapBegins(key: string, total: number): void {
    this.#maps ??= new Map();
    this.#maps.set(key, total);
    this.run.live({ type: "started", key, total });
  }

  mapEnds(key: string): void {
    this.#maps?.delete(key);
  }

  /** What is under way, for those who begin to watch. */
  *underWay(): IterableIterator<{ readonly atMs: number } & LivePiece> {
    const atMs = this.run.host.clock.nowMs();
    if (this.#maps !== null) for (const [key, total] of this.#maps) yield { atMs, type: "started", key, total };
    if (this.#pending === null) return;
    for (const { key, acting, begunAtMs } of this.#pending.values()) if (acting) yield { atMs: begunAtMs || atMs, type: "started", key };
  }

  /** Stop waiting for and doing everything in a branch: a race was lost. */
  closeBranch(branch: Branch): void {
    branch.closed = true;
    if (this.#pending === null) return;
    for (const operation of this.#pending.values()) {
      if (operation.branch?.isWithin(branch) !== true) continue;
      this.closeOperation(operation);
    }
  }

  /** Nobody waits for it any more. Its end, if it was opened, is recorded as cancelled; what it does is aborted. */
  closeOperation(operation: Operation): void {
    this.#closed ??= new Map();
    this.#closed.set(operation.key, operation.signal);
    this.#settled(operation);
    // Its end is recorded and was not given yet: a replay will close it before, so it must not be given here either.
    if (operation.ended) {
      if (operation.taken !== null) this.run.signals.unheard(operation.taken);
      return;
    }
    operation.ended = true;
    if (operation.due !== null) operation.due.fire = null;
    if (operation.acting) {
      operation.abort(new HeddleError("RUN_CANCELLED", `Operation "${operation.key}" was closed: nobody waits for it any more.`));
      this.stopped(operation);
    }
    if (operation.opened !== null && !this.replaying) {
      this.run.record({
        type: "op-ended",
        atMs: this.run.stampMs(),
        of: this.command.no,
        key: operation.key,
        op: operation.opened.op,
        outcome: { status: "cancelled" },
      });
    }
  }

  /** Record how an operation ended; the code is told once the store has acknowledged it. */
  conclude(operation: Operation, outcome: Outcome, signal?: string): void {
    if (operation.ended || this.ended) return;
    operation.ended = true;
    if (operation.due !== null) operation.due.fire = null;
    const atMs = this.run.stampMs();
    const { inputHash } = operation;
    const attempt = operation.attempt + operation.crashes;
    const event: { atMs: number } & Mutable<OpEnded> = {
      type: "op-ended",
      atMs,
      of: this.command.no,
      key: operation.key,
      op: operation.kind as OpEnded["op"],
      outcome,
    };
    if (inputHash !== undefined) event.inputHash = inputHash;
    if (signal !== undefined) event.signal = signal;
    if (attempt > 1) event.attempt = attempt;
    const seq = this.run.record(event, () => this.run.deliver(() => this.#give(operation, outcome, atMs)));
    if (signal !== undefined && operation.signal !== undefined && outcome.status === "completed")
      operation.taken = { id: signal, name: operation.signal, seq, ...(outcome.value === undefined ? null : { value: outcome.value }) };
    if (outcome.status === "completed") this.run.progressed();
  }

  /** An attempt failed: try again later, or end it. */
  attemptFailed(operation: Operation, error: unknown, status: "failed" | "timed-out" = "failed", after: "retry" | "final" = "retry"): void {
    if (operation.ended || this.ended) return;
    const value = this.run.host.secrets.redact(encodeError(error));
    const policy = operation.step?.retry;
    const nowMs = this.run.stampMs();
    if (after === "retry" && policy && (!this.cancelled || operation.kind === "undo")) {
      const total = operation.step?.totalTimeoutMs;
      const limited: RetryPolicy = total === undefined ? policy : { ...policy, totalMs: Math.min(total, policy.totalMs ?? total) };
      const takenMs = this.run.host.clock.monotonicMs() - operation.begunMonotonicMs;
      const decision = mayRetry(limited, operation.attempt, value, takenMs, this.run.host.random.next());
      if (decision.retry) {
        const dueAtMs = nowMs + decision.delayMs;
        operation.attempt++;
        const taken = limited.totalMs === undefined ? null : { takenMs: Math.round(takenMs) };
        this.run.record({ type: "op-retried", atMs: nowMs, of: this.command.no, key: operation.key, error: value, dueAtMs, ...taken }, () =>
          this.#awaitRetry(operation, dueAtMs),
        );
        return;
      }
    }
    if (this.cancelled && status === "failed" && isAbort(error)) this.conclude(operation, { status: "cancelled", error: value });
    else this.conclude(operation, { status, error: value });
  }

  /** The run was asked to stop. Waits end now; steps are told and may still end well. */
  cancel(): void {
    // In its turn: the code must first come to where the run was when it was asked to stop.
    if (this.replaying) this.#cancelAfterReplay = true;
    else this.#cancelNow();
  }

  #cancelNow(): void {
    if (this.cancelled || this.ended) return;
    this.cancelled = true;
    const error = this.#cancelError();
    this.#controller?.abort(error);
    if (this.#pending === null) return;
    for (const operation of [...this.#pending.values()]) {
      if (operation.ended || operation.kind === "undo") continue;
      if (operation.acting) operation.abort(error);
      else if (!this.replaying) this.conclude(operation, { status: "cancelled", error: encodeError(error) });
    }
  }

  /** Mail for a call or start: the child has ended. */
  childEnded(childId: string, outcome: Outcome): void {
    const child = this.#children?.get(childId);
    if (child === undefined) return;
    this.#children?.delete(childId);
    const operation = this.#pending?.get(child.key);
    if (operation !== undefined && operation.kind === "call") this.conclude(operation, outcome);
    if (this.#finishing !== null) this.#finish();
  }

  /** Operations that wait for this signal, by the place of their opening. */
  *receivers(): IterableIterator<Operation> {
    if (this.#pending === null) return;
    for (const operation of this.#pending.values()) if (!operation.ended && operation.opened !== null) yield operation;
  }

  /** When the next wait is over, epoch milliseconds. */
  nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.#pending !== null)
      for (const { due, ended } of this.#pending.values()) if (!ended && due?.fire != null && due.dueAtMs < next) next = due.dueAtMs;
    return next;
  }

  /** Forget all timers: the run is parked, or gone. */
  disarm(): void {
    if (this.#pending === null) return;
    for (const operation of this.#pending.values()) if (operation.due !== null) operation.due.fire = null;
  }

  /** The parked run is ours again: set the timers anew. */
  rearm(): void {
    if (this.#pending === null) return;
    for (const operation of this.#pending.values()) {
      if (operation.ended || operation.due === null) continue;
      const { dueAtMs } = operation.due;
      operation.due = this.run.host.due.add(dueAtMs, () => this.#dueNow(operation));
    }
  }

  /** Another node owns the run now, or this one lets go of it: stop, and record nothing more. */
  abandon(reason: HeddleError): void {
    if (this.ended) return;
    this.ended = true;
    this.disarm();
    this.#controller?.abort(reason);
    if (this.#pending !== null) for (const operation of this.#pending.values()) if (operation.acting) operation.abort(reason);
  }

  /** Give back the next recorded ends, up to one that the code hears of. Called in a turn of its own; says whether there may be more. */
  replayNext(): boolean {
    while (this.#at < this.#entries.length) {
      if (this.ended) return false;
      const index = this.#at++;
      const entry = this.#entries[index] as HistoryEntry;
      switch (entry.type) {
        case "opened": {
          const { event, seq } = entry;
          this.#opened ??= new Map();
          this.#opened.set(event.key, { event, seq });
          if (event.child !== undefined) this.#noteChild(event);
          if (event.op === "update") {
            this.#handleUpdate(event, false);
            return true;
          }
          if (event.op !== "start") break;
          const outcome: Outcome = { status: "completed", value: event.child?.runId ?? "" };
          const operation = this.#expect(event.key, "start", event.inputHash, index, outcome);
          if (operation === null || this.#isOtherWait(operation, event, index)) break;
          this.#give(operation, outcome, entry.atMs);
          return true;
        }
        case "retried": {
          this.#retries ??= new Map();
          const before = this.#retries.get(entry.key);
          this.#retries.set(entry.key, {
            attempt: (before?.attempt ?? 1) + 1,
            dueAtMs: entry.dueAtMs,
            begunAtMs: entry.takenMs === undefined ? undefined : entry.atMs - entry.takenMs,
          });
          break;
        }
        case "ended": {
          const { event } = entry;
          const opened = this.#opened?.get(event.key)?.event;
          this.#opened?.delete(event.key);
          this.#retries?.delete(event.key);
          if (event.op === "update" || event.op === "start") break;
          const operation = this.#expect(event.key, event.op, event.inputHash, index, event.outcome);
          if (event.signal !== undefined) this.#signalTaken(event, event.signal, entry.seq);
          if (operation === null || (opened !== undefined && this.#isOtherWait(operation, opened, index))) break;
          if (this.#give(operation, event.outcome, entry.atMs) === "unheard") break;
          return true;
        }
        case "emitted": {
          const operation = this.#expect(entry.key, "emit", undefined, index, done);
          if (operation === null) break;
          this.#give(operation, done, entry.atMs);
          return true;
        }
        case "cancelled":
          this.#cancelNow();
          return true;
        case "crashed":
          this.#crashed(entry.atMs);
          break;
        default:
          entry satisfies never;
      }
    }
    if (!this.ended) this.#endReplay();
    return false;
  }

  /** What the code was waiting for when its process died may have begun, except what was to be tried again later than that. */
  #crashed(atMs: number): void {
    if (this.#pending === null) return;
    for (const operation of this.#pending.values()) {
      const retried = this.#retries?.get(operation.key);
      if (retried === undefined || retried.dueAtMs <= atMs) operation.crashes++;
    }
  }

  /** A signal was taken, perhaps by a wait that the code had given up before it was told: then it is still there. */
  #signalTaken({ key, outcome }: OpEnded, id: string, seq: number): void {
    const name = this.#closed?.get(key);
    if (name === undefined || outcome.status !== "completed") this.run.signals.heard(id, seq);
    else this.run.signals.unheard({ id, name, seq, ...(outcome.value === undefined ? null : { value: outcome.value }) });
  }

  /** A message asks the function to handle an update; its reply is recorded. */
  handleUpdate(id: string, name: string, input: Json | undefined): void {
    const event: OpOpened = {
      type: "op-opened",
      of: this.command.no,
      key: `update:${id}`,
      op: "update",
      update: { name, ...(input === undefined ? {} : { input }) },
    };
    this.run.record({ atMs: this.run.stampMs(), ...event }, () => this.run.deliver(() => this.#handleUpdate(event, true)));
  }

  /** The code ran to its end or is to begin a new segment: from here on nothing it does counts. */
  continueAs(input: unknown): void {
    const value = this.run.keep(input, "the input of continueAs", "");
    if (this.replaying) return;
    for (const operation of this.#pending?.values() ?? []) this.closeOperation(operation);
    this.run.keepUnheard();
    const atMs = this.run.stampMs();
    this.run.record({ type: "segment-started", atMs, of: this.command.no, input: value }, () =>
      this.run.deliver(() => this.#nextSegment(value, atMs)),
    );
  }

  /** Undo completed steps, newest first, each recorded; then call back. */
  compensate(done: (failure: ErrorValue | null) => void): void {
    const undo = this.#undo ?? [];
    this.#undo = null;
    this.compensating = true;
    let failure: ErrorValue | null = null;
    const next = (): void => {
      const entry = undo.pop();
      if (entry === undefined) {
        this.compensating = false;
        done(failure);
        return;
      }
      const { key, plan, result } = entry;
      const operation = new Operation(`${key}/undo`, "undo", null, (outcome) => {
        if (outcome.status !== "completed" && "error" in outcome && outcome.error !== undefined) failure ??= outcome.error;
        next();
      });
      operation.step = { ...plan, run: (step) => plan.compensate?.(result as never, step), once: false, compensate: undefined };
      this.issue(operation);
    };
    next();
  }

  /** The store has committed it already: only the code has to be told. */
  committed(operation: Operation, outcome: Outcome, atMs: number): void {
    operation.ended = true;
    this.run.progressed();
    this.run.deliver(() => this.#give(operation, outcome, atMs));
  }

  /** Its grace is over: the cancelled code did not end by itself. What it has completed is undone all the same. */
  giveUp(): void {
    if (this.#over || this.replaying || this.compensating) return;
    this.#givenUp = true;
    this.#fail(this.#cancelError());
  }

  /** A step stopped acting. */
  stopped(operation: Operation): void {
    if (!operation.acting) return;
    operation.acting = false;
    this.#running--;
    this.run.stepStopped();
    this.#account();
  }

  /** Stays the same over attempts, crashes and nodes. */
  idempotencyKey(key: string): string {
    const { task, scope, nth } = this.command;
    return contentHash([this.run.facts.effects, task, scope, nth, this.segment, key]);
  }

  #call(input: unknown): void {
    const { code } = this.#entry;
    const context = new FunctionContext(this, "", null);
    let result: unknown;
    try {
      result = this.run.host.strict ? workflowScope.run(this, code, input, context) : code(input, context);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (typeof result === "object" && result !== null && typeof (result as PromiseLike<unknown>).then === "function") {
      const { segment } = this;
      (result as PromiseLike<unknown>).then(
        (value) => {
          if (segment === this.segment) this.#returned(value);
        },
        (error: unknown) => {
          if (segment === this.segment) this.#failed(error);
        },
      );
    } else this.#returned(result);
  }

  /** What the code does from here on does not count. */
  get #over(): boolean {
    return this.ended || this.#finishing !== null || this.#givenUp;
  }

  #returned(value: unknown): void {
    if (this.#over) return;
    let encoded: Json | undefined;
    try {
      encoded = value === undefined ? undefined : this.run.keep(value, "the result", "");
    } catch (error) {
      this.#failed(error);
      return;
    }
    const outcome: Outcome = encoded === undefined ? { status: "completed" } : { status: "completed", value: encoded };
    if (this.#isPlain && !this.run.signals.any) this.#endPlainly(outcome);
    else this.#end(outcome, nothing);
  }

  /** Its code has asked for no operation, now or before a crash: nothing is recorded of it but its end. */
  get #isPlain(): boolean {
    return this.#used === null && this.#entries.length === 0 && this.#children === null;
  }

  #failed(error: unknown): void {
    if (!this.#over) this.#fail(error);
  }

  #fail(error: unknown): void {
    const value = this.run.host.secrets.redact(encodeError(error));
    const outcome: Outcome = this.cancelled && isAbort(error) ? { status: "cancelled", error: value } : { status: "failed", error: value };
    const failedOps = this.#blame(error);
    if (this.#undo === null) {
      this.#end(outcome, failedOps);
      return;
    }
    this.compensate((failure) => {
      if (failure === null) this.#end(outcome, failedOps);
      else
        this.#end(
          {
            status: "failed",
            error: { ...value, data: { ...(value.data as object | undefined), compensation: failure as unknown as Json } },
          },
          failedOps,
        );
    });
  }

  #end(outcome: Outcome, failedOps: readonly string[]): void {
    if (this.#leftover() !== null) {
      this.#mismatch([`recorded   ${describe(this.#leftover() as HistoryEntry)}`, `code       returned without asking for it`]);
      return;
    }
    if (this.replaying) this.#endReplay();
    if (this.ended) return;
    const policy = this.#entry.retry;
    if (outcome.status === "failed" && policy !== null && !this.cancelled) {
      const nowMs = this.run.stampMs();
      const takenMs = this.run.host.clock.monotonicMs() - this.#begunMonotonicMs;
      const decision = mayRetry(policy, this.command.attempt, outcome.error, takenMs, this.run.host.random.next());
      if (decision.retry) {
        this.run.journaled.keep(this.command.no, this);
        this.#leave();
        this.run.record({
          type: "task-retried",
          atMs: nowMs,
          no: this.command.no,
          task: this.command.task,
          error: outcome.error,
          dueAtMs: nowMs + decision.delayMs,
          ...(policy.totalMs === undefined ? null : { takenMs: Math.round(takenMs) }),
          ...(failedOps.length === 0 ? null : { failedOps }),
        });
        return;
      }
    }
    this.#finishing = { outcome, failedOps };
    this.#finish();
  }

  #finish(): void {
    const { outcome, failedOps } = this.#finishing as { outcome: Outcome; failedOps: readonly string[] };
    // What it took and was not told of is there for other tasks.
    for (const { taken } of this.#pending?.values() ?? []) if (taken !== null) this.run.signals.unheard(taken);
    this.run.keepUnheard();
    if (this.#isPlain) {
      this.#endPlainly(outcome);
      return;
    }
    for (const { close } of this.#children?.values() ?? []) {
      if (close === "wait" && !this.cancelled) {
        this.#setBusy(false);
        this.run.touch();
        return;
      }
    }
    for (const [childId, { close }] of this.#children ?? [])
      if (close === "cancel" || (close === "wait" && this.cancelled)) this.run.cancelChild(childId);
    this.#leave();
    this.run.record({
      type: "task-ended",
      atMs: this.run.stampMs(),
      no: this.command.no,
      task: this.command.task,
      outcome,
      ...(this.verbs === null ? null : { verbs: this.verbs }),
      ...(failedOps.length === 0 ? null : { failedOps }),
    });
    if (outcome.status === "completed") this.run.progressed();
  }

  #endPlainly(outcome: Outcome): void {
    this.ended = true;
    this.#busy = false;
    this.run.plainFrameEnded(this);
    const { no, task } = this.command;
    const atMs = this.run.stampMs();
    this.run.recordPlainEnd(
      this.#entry,
      this.verbs === null
        ? { type: "task-ended", atMs, no, task, outcome }
        : { type: "task-ended", atMs, no, task, outcome, verbs: this.verbs },
    );
    if (outcome.status === "completed") this.run.progressed();
  }

  /** The run ends without waiting for this code: children are not left behind, but for detached ones. */
  leaveChildren(): void {
    for (const [childId, { close }] of this.#children ?? []) if (close !== "detach") this.run.cancelChild(childId);
  }

  /** The code is over: whatever is still open in it is dropped. */
  #leave(): void {
    this.ended = true;
    this.disarm();
    for (const operation of this.#pending?.values() ?? []) {
      if (!operation.acting) continue;
      operation.abort(new HeddleError("RUN_CANCELLED", `Step "${operation.key}" was aborted: its function ended without waiting for it.`));
      this.stopped(operation);
    }
    this.#setBusy(false);
    this.run.frameEnded(this);
  }

  #nextSegment(input: Json, atMs: number): void {
    this.segment++;
    this.nowMs = atMs;
    this.#pending = null;
    this.#used = null;
    this.#closed = null;
    this.#opened = null;
    this.#early = null;
    this.#retries = null;
    this.#undo = null;
    this.queries = null;
    this.updates = null;
    this.#account();
    this.#call(decodeValue(input));
  }

  /** Start an operation for real, from what is recorded of it. */
  #goLive(operation: Operation): void {
    if (this.run.ghost) return;
    const recorded = this.#opened?.get(operation.key);
    // After accepted changes it may be open as something else, or for something else: then it is opened anew. A child is there already.
    if (
      recorded !== undefined &&
      recorded.event.op === operation.kind &&
      (operation.child !== null || openedFor(recorded.event) === openedFor(operation))
    ) {
      operation.opened = recorded.event;
      operation.openedSeq = recorded.seq;
    }
    if (this.cancelled && operation.kind !== "undo") {
      this.conclude(operation, { status: "cancelled", error: encodeError(this.#cancelError()) });
      return;
    }
    switch (operation.kind) {
      case "step":
      case "undo":
        this.#goStep(operation);
        break;
      case "sleep":
      case "receive":
      case "ask":
        this.#goWait(operation);
        break;
      case "call":
      case "start":
        this.#goChild(operation);
        break;
      case "emit": {
        const { name, value } = operation.emit as { name: string; value: Json | undefined };
        const atMs = this.run.stampMs();
        operation.ended = true;
        this.run.record(
          { type: "emitted", atMs, of: this.command.no, key: operation.key, name, ...(value === undefined ? null : { value }) },
          () => this.run.deliver(() => this.#give(operation, { status: "completed" }, atMs)),
        );
        break;
      }
      case "transaction":
        this.run.transact(this, operation);
        break;
      case "update":
        break;
      default:
        operation.kind satisfies never;
    }
  }

  #goStep(operation: Operation): void {
    const plan = operation.step as StepPlan;
    operation.begunAtMs = this.run.stampMs();
    const retried = this.#retries?.get(operation.key);
    if (plan.retry !== null || plan.totalTimeoutMs !== undefined) operation.begunMonotonicMs = this.#monotonicOf(retried?.begunAtMs);
    if (retried !== undefined) operation.attempt = retried.attempt;
    if (operation.opened !== null) {
      const { why } = operation.opened;
      if (why === "at-most-once") {
        const error = new HeddleError(
          "STEP_OUTCOME_UNKNOWN",
          `Step "${operation.key}" of run ${this.run.runId} was under way when its process died, and it may run at most once: look at the other side whether it happened.`,
        );
        this.conclude(operation, { status: "unknown", error: encodeError(error) });
        return;
      }
      if (why === "suspect" && this.run.poisonous) {
        this.conclude(operation, {
          status: "failed",
          error: { ...encodeError(poisoned(`Step "${operation.key}"`, this.run.runId)), final: true },
        });
        return;
      }
    }
    if (retried !== undefined && retried.dueAtMs > this.run.stampMs()) {
      this.#awaitRetry(operation, retried.dueAtMs);
      return;
    }
    if (this.run.suspect) {
      this.run.line?.join(() => {
        // Not recorded as begun when it will not be: the next process would take it for what killed this one.
        if (this.run.holding) this.#runStep(operation);
        else this.#open(operation, { why: plan.once ? "at-most-once" : "suspect" }, () => this.#runStep(operation));
      });
      return;
    }
    if (plan.once) {
      this.#open(operation, { why: "at-most-once" }, () => this.#runStep(operation));
      return;
    }
    this.#runStep(operation);
  }

  #runStep(operation: Operation): void {
    if (operation.ended || this.ended) {
      this.run.line?.next();
      return;
    }
    if (this.run.holding) {
      // Nothing new begins: the run is given up as soon as the rest has ended, and does this later.
      this.#wait(operation);
      this.run.line?.next();
      return;
    }
    if (!this.run.host.leaseHolds()) {
      this.run.host.afterLeaseCheck(() => this.#runStep(operation));
      return;
    }
    operation.begin();
    this.#running++;
    this.run.stepStarted();
    this.#account();
    new StepRun(this, operation, operation.step as StepPlan).begin();
  }

  /** What this process's own clock would have said then; undefined: now. */
  #monotonicOf(atMs: number | undefined): number {
    const monotonicMs = this.run.host.clock.monotonicMs();
    return atMs === undefined ? monotonicMs : monotonicMs - Math.max(0, this.run.stampMs() - atMs);
  }

  #awaitRetry(operation: Operation, dueAtMs: number): void {
    if (operation.ended || this.ended) return;
    this.#wait(operation);
    operation.due = this.run.host.due.add(dueAtMs, () => this.#dueNow(operation));
  }

  #goWait(operation: Operation): void {
    // Also for a wait that is recorded: after accepted changes the code may come to it later than its signal came.
    if (operation.signal !== undefined) {
      const kept = this.run.takeSignal(operation.signal);
      if (kept !== null) {
        this.conclude(operation, { status: "completed", ...(kept.value === undefined ? null : { value: kept.value }) }, kept.id);
        return;
      }
    }
    if (operation.opened !== null) {
      this.#wait(operation);
      this.#armWait(operation, operation.opened.dueAtMs);
      return;
    }
    const dueAtMs = operation.dueAtMs ?? (operation.delayMs === undefined ? undefined : this.run.stampMs() + operation.delayMs);
    this.#wait(operation);
    this.#open(
      operation,
      {
        ...(dueAtMs === undefined ? null : { dueAtMs }),
        ...(operation.signal === undefined ? null : { signal: operation.signal }),
        ...(operation.question === undefined ? null : { question: operation.question }),
      },
      null,
    );
    this.#armWait(operation, dueAtMs);
  }

  #armWait(operation: Operation, dueAtMs: number | undefined): void {
    if (dueAtMs !== undefined) operation.due = this.run.host.due.add(dueAtMs, () => this.#dueNow(operation));
  }

  #dueNow(operation: Operation): void {
    if (operation.ended || this.ended) return;
    if (this.run.releasing) {
      // The run is on its way to being parked: the wake-up is in the store and comes again from there.
      operation.due = { dueAtMs: operation.due?.dueAtMs ?? 0, fire: () => this.#dueNow(operation) };
      return;
    }
    if (operation.step !== null) {
      this.#unwait(operation);
      operation.due = null;
      if (this.run.line === null) this.#runStep(operation);
      else this.run.line.join(() => this.#runStep(operation));
      return;
    }
    if (operation.kind === "sleep") this.conclude(operation, { status: "completed" });
    else {
      const error: ErrorValue = { name: "HeddleError", code: "STEP_TIMED_OUT", message: `"${operation.key}" had no answer in time.` };
      this.conclude(operation, { status: "timed-out", error });
    }
  }

  #goChild(operation: Operation): void {
    if (operation.opened !== null) {
      this.#wait(operation);
      return;
    }
    const child = operation.child;
    if (child === null) return;
    this.#wait(operation);
    this.run.addChild(this, operation.key, child);
    const event = this.#open(
      operation,
      { child: { runId: child.runId, workflow: child.workflow, close: child.close } },
      operation.kind === "start"
        ? (atMs) => this.run.deliver(() => this.#give(operation, { status: "completed", value: child.runId }, atMs))
        : null,
    );
    this.#noteChild(event);
  }

  #open(operation: Operation, parts: Partial<OpOpened>, acknowledged: ((atMs: number) => void) | null): OpOpened {
    const event: OpOpened = {
      type: "op-opened",
      of: this.command.no,
      key: operation.key,
      op: operation.kind as OpOpened["op"],
      ...(operation.inputHash === undefined ? null : { inputHash: operation.inputHash }),
      ...parts,
    };
    operation.opened = event;
    const atMs = this.run.stampMs();
    operation.openedSeq = this.run.record({ atMs, ...event }, acknowledged === null ? undefined : () => acknowledged(atMs));
    return event;
  }

  #noteChild(event: OpOpened): void {
    if (event.child === undefined || (event.child.close === "detach" && event.op === "start")) return;
    this.#children ??= new Map();
    this.#children.set(event.child.runId, { key: event.key, close: event.child.close });
  }

  /** Hand an outcome to the code that waits for it. */
  #give(operation: Operation, outcome: Outcome, atMs: number): "unheard" | void {
    if (this.ended || this.#closed?.has(operation.key) === true) return "unheard";
    this.#settled(operation);
    operation.ended = true;
    this.nowMs = atMs;
    if (operation.step !== null && operation.step.compensate !== undefined && outcome.status === "completed") {
      (this.#undo ??= []).push({
        key: operation.key,
        result: outcome.value === undefined ? undefined : decodeValue(outcome.value),
        plan: operation.step,
      });
    }
    const heard = operation.settle(outcome, operation);
    this.run.touch();
    return heard;
  }

  #settled(operation: Operation): void {
    if (this.#pending?.get(operation.key) === operation) this.#pending.delete(operation.key);
    this.#unwait(operation);
  }

  #wait(operation: Operation): void {
    if (operation.waiting) return;
    operation.waiting = true;
    this.#waiting++;
    this.#account();
  }

  #unwait(operation: Operation): void {
    if (!operation.waiting) return;
    operation.waiting = false;
    this.#waiting--;
    this.#account();
  }

  #account(): void {
    this.#setBusy(!this.ended && (this.replaying || this.#running > 0 || (this.#waiting === 0 && this.#finishing === null)));
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.run.frameBusy(busy);
  }

  #endReplay(): void {
    if (!this.replaying) return;
    for (const [key, { event }] of this.#opened ?? []) {
      if (event.op === "start" || event.op === "update" || this.#lenientBefore > 0) continue;
      if (this.#closed?.has(key) === true) continue;
      const operation = this.#pending?.get(key);
      if (operation === undefined) {
        this.#mismatch([`recorded   ${event.op} "${key}" is open`, `code       does not ask for it${this.#asks()}`]);
        return;
      }
      if (this.#expect(key, event.op, event.inputHash, 0, done) === null || this.#isOtherWait(operation, event, 0)) return;
    }
    for (const key of this.#retries?.keys() ?? []) {
      if (this.#lenientBefore > 0 || this.#pending?.has(key) === true || this.#closed?.has(key) === true) continue;
      this.#mismatch([`recorded   step "${key}" waits to be tried again`, `code       does not ask for it${this.#asks()}`]);
      return;
    }
    this.replaying = false;
    this.#entries = [];
    this.run.frameLive(this);
    this.#account();
    if (this.#cancelAfterReplay) this.#cancelNow();
    if (this.cancelled) this.run.armGrace();
    const pending = [...(this.#pending?.values() ?? [])].filter(({ ended }) => !ended);
    for (const operation of pending) if (!operation.ended) this.#goLive(operation);
    if (pending.length > 0) this.run.line?.leave(this.command.no);
    this.run.touch();
  }

  /**
   * The operation that a recorded end belongs to, or null when it may be passed over; a code that does not ask for it pauses the run. In what was accepted
   * it may come before the code asks for it.
   */
  #expect(key: string, kind: string, inputHash: string | undefined, index: number, outcome: Outcome): Operation | null {
    const operation = this.#pending?.get(key);
    if (index < this.#lenientBefore && operation?.kind !== kind) {
      if (this.#closed?.has(key) !== true) (this.#early ??= new Map()).set(key, { kind, outcome });
      return null;
    }
    if (operation === undefined) {
      if (this.#closed?.has(key) === true) return null;
      this.#mismatch([`recorded   ${kind} "${key}"`, `code       does not ask for it${this.#asks()}`]);
      return null;
    }
    if (operation.kind !== kind) {
      this.#mismatch([`recorded   ${kind} "${key}"`, `code       ${operation.kind} "${key}"`]);
      return null;
    }
    if (operation.inputHash !== inputHash && index >= this.#lenientBefore) {
      this.#mismatch([
        `recorded   ${kind} "${key}" with input hash ${inputHash ?? "none"}`,
        `code       ${operation.kind} "${key}" with input hash ${operation.inputHash ?? "none"}`,
      ]);
      return null;
    }
    return operation;
  }

  /** Whether it was opened for something else than the code asks for now; then the run is paused. */
  #isOtherWait(operation: Operation, opened: OpOpened, index: number): boolean {
    const [was, is] = [openedFor(opened), openedFor(operation)];
    if (was === is || index < this.#lenientBefore) return false;
    this.#mismatch([`recorded   ${opened.op} "${opened.key}"${was}`, `code       ${operation.kind} "${opened.key}"${is}`]);
    return true;
  }

  #asks(): string {
    const asked = [...(this.#pending?.keys() ?? [])].slice(0, 5).map((key) => `"${key}"`);
    return asked.length === 0 ? "" : `; it asks for ${asked.join(", ")}`;
  }

  /** A recorded end that the code has not been given and has never asked for. */
  #leftover(): HistoryEntry | null {
    for (let index = Math.max(this.#at, this.#lenientBefore); index < this.#entries.length; index++) {
      const entry = this.#entries[index] as HistoryEntry;
      if (entry.type === "cancelled" || entry.type === "retried" || entry.type === "crashed") continue;
      const key = entry.type === "emitted" ? entry.key : entry.event.key;
      const op = entry.type === "emitted" ? "emit" : entry.event.op;
      if (op !== "update" && this.#used?.has(key) !== true) return entry;
    }
    return null;
  }

  #mismatch(difference: readonly string[]): void {
    this.run.mismatch([
      ...difference,
      `ways on    bring the old code back and "heddle resume ${this.run.runId}"; take the code as it is with "--accept"; or "heddle fork" from an earlier event`,
    ]);
  }

  #handleUpdate(event: OpOpened, live: boolean): void {
    const handler = this.updates?.get(event.update?.name ?? "");
    const reply = (outcome: Outcome): void => {
      if (live && !this.ended)
        this.run.record({ type: "op-ended", atMs: this.run.stampMs(), of: this.command.no, key: event.key, op: "update", outcome });
    };
    if (handler === undefined) {
      const error = new HeddleError(
        "QUERY_UNKNOWN",
        `Workflow "${this.run.workflow}" handles no update "${event.update?.name}": it must call ctx.onUpdate with that name.`,
      );
      reply({ status: "failed", error: encodeError(error) });
      return;
    }
    try {
      const value = handler(event.update?.input === undefined ? undefined : decodeValue(event.update.input));
      Promise.resolve(value).then(
        (result) => reply({ status: "completed", ...(result === undefined ? null : { value: encodeValue(result) }) }),
        (error: unknown) => reply({ status: "failed", error: encodeError(error) }),
      );
    } catch (error) {
      reply({ status: "failed", error: encodeError(error) });
    }
  }

  /** Remember which operation an error came from, to know what a retry of the run must do again. */
  errorOf(key: string, error: ErrorValue): Error {
    const thrown = decodeError(error);
    this.#failedOps ??= new WeakMap();
    this.#failedOps.set(thrown, key);
    return thrown;
  }

  #blame(error: unknown): string[] {
    const keys: string[] = [];
    const seen = new Set<unknown>();
    let at = [error];
    while (at.length > 0 && this.#failedOps !== null) {
      const further: unknown[] = [];
      for (const cause of at) {
        if (typeof cause !== "object" || cause === null || seen.has(cause)) continue;
        seen.add(cause);
        const key = this.#failedOps.get(cause);
        if (key !== undefined) keys.push(key);
        further.push((cause as Error).cause, ...((cause as AggregateError).errors ?? []));
      }
      at = further;
    }
    return keys;
  }

  #cancelError(): HeddleError {
    return new HeddleError(
      "RUN_CANCELLED",
      `Run ${this.run.runId} was cancelled${this.run.facts.cancelReason === undefined ? "" : `: ${this.run.facts.cancelReason}`}.`,
    );
  }
}

const done: Outcome = { status: "completed" };

/** What ended its process while nothing else of its run was under way. */
export function poisoned(what: string, runId: string): HeddleError {
  return new HeddleError(
    "STEP_POISONED",
    `${what} of run ${runId} ended its process again and again. Mend it, then run: heddle retry ${runId}`,
    { data: { runId } },
  );
}

/** What a wait is for, in words: part of what a mismatch is found by. */
function openedFor({ signal, question, child }: OpOpened | Operation): string {
  if (question !== undefined) return ` with the question ${canonicalJson(question)}`;
  if (signal !== undefined) return ` for signal "${signal}"`;
  return child === null || child === undefined ? "" : ` of "${child.workflow}"`;
}

function isAbort(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === "AbortError" || code === "RUN_CANCELLED" || code === "ABORT_ERR";
}

function describe(entry: HistoryEntry): string {
  if (entry.type === "cancelled" || entry.type === "retried" || entry.type === "crashed") return entry.type;
  return entry.type === "emitted" ? `emit "${entry.key}"` : `${entry.event.op} "${entry.event.key}"`;
}
