import {
  contentHash,
  decodeError,
  decodeValue,
  encodeError,
  HeddleError,
  type ErrorValue,
  type Id,
  type Json,
  type OpOpened,
  type Outcome,
  type StartTask,
  type Task,
  type Verb,
} from "@heddle/kernel";
import type { OwnedRun } from "../owned-run.ts";
import type { TaskEntry, TaskLimits } from "../task-table.ts";
import { isThenable } from "../is-thenable.ts";
import type { TaskIdentity } from "./task-context.ts";
import { TaskTime } from "./task-time.ts";
import { recordAmendments } from "./amend.ts";
import { Blame } from "./blame.ts";
import type { Branch } from "./branch.ts";
import { cancelError, isAbort } from "./cancellation.ts";
import { undoAll, type Undo } from "./compensation.ts";
import { FrameChildren } from "./frame-children.ts";
import { FrameOperations } from "./frame-operations.ts";
import { FunctionContext } from "./function-context.ts";
import type { FrameHistory } from "./history.ts";
import { monotonicOf } from "./monotonic-of.ts";
import { nextAttempt } from "./next-attempt.ts";
import type { Operation } from "./operation.ts";
import { Replay } from "./replay.ts";
import { workflowScope } from "./scopes.ts";
import type { StepPlan } from "./step-plan.ts";

const nothing: readonly never[] = [];

/**
 * One activation of a task while its code runs: the interpreter of durable functions. It begins the code, gives it the results that it waits for, and records
 * its end. What the code asks for is the matter of `FrameOperations`; how a recorded activation is given back, that of `Replay`.
 *
 * Invariants:
 * 1. The code is given results one at a time, in journal order, each after the microtasks of the one before have drained; on replay and live alike.
 * 2. No effect starts while recorded operations are left to give back, nor after the run was lost.
 */
export class TaskFrame {
  readonly run: OwnedRun;
  readonly command: StartTask;
  /** What its input's source gave it; null: its input came from elsewhere. */
  readonly given: unknown;
  /** When the event came that made it due: the same after a crash, and for each attempt. */
  readonly startedAtMs: number;
  /** Time of the last event that its code was given. */
  nowMs: number;
  /** From 1; `continueAs` begins the next. Part of every idempotency key. */
  segment = 1;
  cancelled = false;
  ended = false;
  compensating = false;
  verbs: Verb[] | null = null;
  /** Tasks that it adds to the plan once it has completed. */
  amendments: Readonly<Record<Id, Task>> | null = null;
  queries: Map<string, (input: unknown) => unknown> | null = null;
  updates: Map<string, (input: unknown) => unknown> | null = null;

  readonly #entry: TaskEntry;
  // Most activations use few of these: each is made when it is first needed.
  #operations: FrameOperations | null = null;
  #replay: Replay | null = null;
  #undo: Undo[] | null = null;
  #children: FrameChildren | null = null;
  #blame: Blame | null = null;
  #controller: AbortController | null = null;
  #finishing: { readonly outcome: Outcome; readonly failedOps: readonly string[] } | null = null;
  /** First attempt, for total times; only where the task is tried again. */
  #begunMonotonicMs = 0;
  #givenUp = false;
  /** How often code was called: what an earlier call still comes to does not count. */
  calls = 0;
  /** Kept where it may be needed once more. */
  #input: unknown = undefined;
  #rescuing = false;
  /** What bounds its time; null: nothing, or nothing any more. */
  #time: TaskTime | null = null;
  #busy = false;

  constructor(run: OwnedRun, command: StartTask, entry: TaskEntry, given: unknown, startedAtMs: number) {
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
    if (this.#entry.retry !== null) this.#begunMonotonicMs = monotonicOf(this.run, history?.begunAtMs);
    if (this.#entry.limits !== null) this.#boundTime(this.#entry.limits, history);
    if (history !== null) {
      this.segment = history.segment;
      this.nowMs = history.segmentAtMs ?? this.startedAtMs;
      if (history.segmentInput !== null) given = decodeValue(history.segmentInput.input);
      if (history.entries.length > 0) {
        this.#replay = new Replay(this, history);
        this.run.frameReplays(this);
      }
    }
    if (this.#time === null) {
      this.#call(given);
      return;
    }
    // What is over before it begins is not begun; what waits must first come to where it waits.
    if (this.#time.isOver && !this.replaying) {
      this.#time.end();
      return;
    }
    this.#time.arm();
    this.#call(given);
  }

  /** What the code has asked for in this segment; null: nothing. */
  get operations(): FrameOperations | null {
    return this.#operations;
  }

  /** What is recorded of this segment from before this process had it; null: nothing. */
  get replay(): Replay | null {
    return this.#replay;
  }

  get replaying(): boolean {
    return this.#replay !== null && this.#replay.underWay;
  }

  /** Give back more of what is recorded. Says whether there may be more. */
  replayNext(): boolean {
    return this.#replay !== null && this.#replay.next();
  }

  get identity(): TaskIdentity {
    const { task, nth, attempt, scope } = this.command;
    return { id: task, nth, attempt, scope, config: this.#entry.config };
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.cancelled) this.#controller.abort(cancelError(this.run));
    }
    return this.#controller.signal;
  }

  /** Stays the same over attempts, crashes and nodes. */
  idempotencyKey(key: string): string {
    const { task, scope, nth } = this.command;
    return contentHash([this.run.facts.effects, task, scope, nth, this.segment, key]);
  }

  // ---- What its code asks for

  /** Ask for an operation. */
  issue(operation: Operation): void {
    (this.#operations ??= new FrameOperations(this)).issue(operation);
  }

  mapBegins(key: string, total: number): void {
    (this.#operations ??= new FrameOperations(this)).mapBegins(key, total);
  }

  mapEnds(key: string): void {
    this.#operations?.mapEnds(key);
  }

  /** A race was lost: stop waiting for and doing everything in this branch of it. */
  closeBranch(branch: Branch): void {
    branch.closed = true;
    this.#operations?.closeWithin(branch);
  }

  closeOperation(operation: Operation): void {
    this.#operations?.close(operation);
  }

  /** A step is completed that can be undone. */
  canBeUndone(key: string, plan: StepPlan, result: Json | undefined): void {
    (this.#undo ??= []).push({ key, plan, result: result === undefined ? undefined : decodeValue(result) });
  }

  /** An error for the code to be thrown; it is remembered which operation it came from, to know what a retry of the run must do again. */
  errorOf(key: string, error: ErrorValue): Error {
    const thrown = decodeError(error);
    (this.#blame ??= new Blame()).note(thrown, key);
    return thrown;
  }

  /** Whether anything goes on here has changed: the run is told. */
  account(): void {
    const operations = this.#operations;
    const acts = operations !== null && operations.isActing;
    const waits = operations !== null && operations.isWaiting;
    const busy = !this.ended && (this.replaying || acts || (!waits && this.#finishing === null));
    // A child run works for it: then it keeps its place, as while it acts itself.
    this.run.dispatch?.rests(this.command.no, !busy && !this.ended && this.#finishing === null && operations?.waitsForChild === false);
    this.#setBusy(busy);
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.run.frameBusy(busy);
  }

  // ---- What comes from the run

  /** The run was asked to stop. Waits end now; steps are told and may still end well. */
  cancel(): void {
    // In its turn: the code must first come to where the run was when it was asked to stop.
    if (this.#replay !== null && this.#replay.underWay) this.#replay.cancelWhenOver();
    else this.cancelNow();
  }

  cancelNow(): void {
    if (this.cancelled || this.ended) return;
    this.cancelled = true;
    this.#unbound();
    const error = cancelError(this.run);
    this.#controller?.abort(error);
    this.#operations?.cancel(error);
  }

  /** Its grace is over: the cancelled code did not end by itself. What it has completed is undone all the same. */
  giveUp(): void {
    if (this.#over || this.replaying || this.compensating) return;
    this.#givenUp = true;
    this.#fail(cancelError(this.run));
  }

  #boundTime(limits: TaskLimits, history: FrameHistory | null): void {
    const { run } = this;
    const attemptAtMs = history?.attemptBegun === true ? (history.attemptAtMs ?? this.startedAtMs) : undefined;
    const begunAtMs = history === null ? undefined : (history.begunAtMs ?? (history.didNothing ? undefined : this.startedAtMs));
    this.#begunMonotonicMs = monotonicOf(run, begunAtMs);
    const attemptBegunMs = monotonicOf(run, attemptAtMs);
    this.#time = new TaskTime(run, limits, this.command.attempt, attemptBegunMs, this.#begunMonotonicMs, (why, final) =>
      this.#timedOut(why, final),
    );
  }

  /** Its time is over: the attempt ends, whatever its code does. What it has completed is undone, as after a failure. */
  #timedOut(why: string, final: boolean): void {
    // A replay that is under way looks again when it is over.
    if (this.#over || this.replaying || this.compensating || this.cancelled) return;
    const { task } = this.command;
    const error = new HeddleError("TASK_TIMED_OUT", `Task "${task}" of run ${this.run.runId} was given up: ${why}.`, {
      data: { task },
    });
    this.#givenUp = true;
    this.#controller?.abort(error);
    this.#operations?.abort(error);
    const value = encodeError(error);
    this.#endBadly({ status: "timed-out", error: final ? { ...value, final: true } : value }, nothing);
  }

  /** Nothing bounds its time any more. */
  #unbound(): void {
    this.#time?.disarm();
    this.#time = null;
  }

  /** Everything recorded was given back: what the code waits for begins for real, unless it is over. */
  live(cancel: boolean, then: "on" | "over"): void {
    this.run.frameLive(this);
    this.account();
    if (then === "over") this.#operations?.findOpenings();
    if (cancel) this.cancelNow();
    if (this.cancelled) this.run.armGrace();
    if (this.#time?.isOver === true) {
      this.#operations?.findOpenings();
      this.#time.end();
    } else if (then === "on" && this.#operations?.beginAll() === true) this.run.line?.leave(this.command.no);
    this.run.touch();
  }

  /** When the next wait is over, epoch milliseconds. */
  nextDueMs(): number {
    const overAtMs = this.#time === null ? Number.POSITIVE_INFINITY : this.#time.dueAtMs;
    return this.#operations === null ? overAtMs : Math.min(overAtMs, this.#operations.nextDueMs());
  }

  /** Forget all timers: the run is parked, or gone. */
  disarm(): void {
    this.#time?.disarm();
    this.#operations?.disarm();
  }

  /** The parked run is ours again: set the timers anew. */
  rearm(): void {
    this.#time?.arm();
    this.#operations?.rearm();
  }

  /** Another node owns the run now, or this one lets go of it: stop, and record nothing more. */
  abandon(reason: HeddleError): void {
    if (this.ended) return;
    this.ended = true;
    this.disarm();
    this.#controller?.abort(reason);
    this.#operations?.abort(reason);
  }

  // ---- Children

  /** A child was created by an operation of it, now or before. */
  noteChild(event: OpOpened): void {
    if (FrameChildren.concerns(event)) (this.#children ??= new FrameChildren()).add(event);
  }

  /** Mail for a call or start: the child has ended. */
  childEnded(childId: string, outcome: Outcome): void {
    const key = this.#children?.ended(childId);
    if (key === undefined) return;
    const operation = this.#operations?.get(key);
    if (operation !== undefined && operation.kind === "call") this.#operations?.conclude(operation, outcome);
    if (this.#finishing !== null) this.#finish();
  }

  /** The run ends without waiting for this code: children are not left behind, but for detached ones. */
  leaveChildren(): void {
    for (const childId of this.#children?.attached() ?? nothing) this.run.cancelChild(childId);
  }

  // ---- Its code

  #call(input: unknown): void {
    const { code, rescue, conclusion } = this.#entry;
    if (rescue !== null || conclusion !== null) this.#input = input;
    const context = this.#newCall();
    let result: unknown;
    try {
      result = this.run.host.strict ? workflowScope.run(this, code, input, context) : code(input, context);
    } catch (error) {
      this.#threw(error);
      return;
    }
    this.#await(result, context);
  }

  /** For code whose result counts from here on, and no other's. */
  #newCall(): FunctionContext {
    this.calls++;
    return new FunctionContext(this, "", null);
  }

  /** @param result of the newest call; `context`: of that; null: nothing more is made of the result */
  #await(result: unknown, context: FunctionContext | null): void {
    if (isThenable(result)) this.#listen(result, context);
    else this.#gave(result, context);
  }

  #listen(promise: PromiseLike<unknown>, context: FunctionContext | null): void {
    const number = this.calls;
    promise.then(
      (value) => {
        if (number === this.calls) this.#gave(value, context);
      },
      (error: unknown) => {
        if (number === this.calls) this.#threw(error);
      },
    );
  }

  #gave(value: unknown, context: FunctionContext | null): void {
    const { conclusion } = this.#entry;
    if (conclusion === null || context === null || this.#over) {
      this.#returned(value);
      return;
    }
    let concluded: unknown;
    try {
      concluded = this.run.host.strict
        ? workflowScope.run(this, conclusion.result.bind(conclusion), value, this.#input, context)
        : conclusion.result(value, this.#input, context);
    } catch (error) {
      this.#threw(error);
      return;
    }
    this.#await(concluded, null);
  }

  #threw(error: unknown): void {
    const { conclusion } = this.#entry;
    this.#failed(conclusion === null || this.#over ? error : conclusion.error(error));
  }

  /** The code is to begin a new segment: from here on nothing it does counts. */
  continueAs(input: unknown): void {
    const value = this.run.keep(input, "the input of continueAs", "");
    if (this.#replay?.endEarly("goes on in a new segment") === false) return;
    this.#operations?.closeAll();
    this.run.keepUnheard();
    const atMs = this.run.stampMs();
    this.run.record({ type: "segment-started", atMs, of: this.command.no, input: value }, () =>
      this.run.deliver(() => this.#nextSegment(value, atMs)),
    );
  }

  #nextSegment(input: Json, atMs: number): void {
    this.segment++;
    this.#rescuing = false;
    this.nowMs = atMs;
    this.#operations = null;
    this.#replay = null;
    this.#undo = null;
    this.queries = null;
    this.updates = null;
    this.account();
    this.#call(decodeValue(input));
  }

  /** Undo completed steps, newest first, each recorded; then call back. */
  compensate(done: (failure: ErrorValue | null) => void): void {
    const undo = this.#undo ?? [];
    this.#undo = null;
    this.compensating = true;
    undoAll(this, undo, (failure) => {
      this.compensating = false;
      done(failure);
    });
  }

  // ---- Its end

  /** What the code does from here on does not count. */
  get #over(): boolean {
    return this.ended || this.#finishing !== null || this.#givenUp;
  }

  /** Its code has asked for no operation, now or before a crash: nothing is recorded of it but its end. */
  get #isPlain(): boolean {
    return this.#operations === null && this.#children === null && !this.replaying;
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

  #failed(error: unknown): void {
    if (!this.#over) this.#fail(error);
  }

  #fail(error: unknown): void {
    const value = this.run.host.secrets.redact(encodeError(error));
    const outcome: Outcome = this.cancelled && isAbort(error) ? { status: "cancelled", error: value } : { status: "failed", error: value };
    this.#endBadly(outcome, this.#blame === null ? nothing : this.#blame.of(error));
  }

  /** What it has completed is undone first. */
  #endBadly(outcome: Extract<Outcome, { readonly error?: ErrorValue }>, failedOps: readonly string[]): void {
    this.#unbound();
    if (this.#undo === null) {
      this.#end(outcome, failedOps);
      return;
    }
    this.compensate((failure) => {
      if (failure === null) this.#end(outcome, failedOps);
      else {
        const { status, error } = outcome;
        const told = { ...(error?.data as object | undefined), compensation: failure as unknown as Json };
        this.#end({ status: status === "timed-out" ? status : "failed", error: { ...(error as ErrorValue), data: told } }, failedOps);
      }
    });
  }

  #end(outcome: Outcome, failedOps: readonly string[]): void {
    if (this.ended) return;
    this.#unbound();
    const failed = outcome.status === "failed" || outcome.status === "timed-out" ? outcome : null;
    const takenMs = failed === null ? 0 : this.run.host.clock.monotonicMs() - this.#begunMonotonicMs;
    const again = failed === null || this.cancelled ? null : nextAttempt(this, this.#entry, failed.error, takenMs, failedOps);
    // What it does about the failure is part of what it does: its recorded operations are given back too.
    if (failed !== null && again === null && this.#rescue(failed.error)) return;
    if (this.#replay?.endEarly("returned") === false) return;
    if (again !== null) {
      this.run.journaled.keep(this.command.no, this);
      this.#leave();
      this.run.record(again);
      return;
    }
    this.#finishing = { outcome, failedOps };
    this.#finish();
  }

  /** Its last attempt has failed: what the plan's code has for that case decides how it ends. False: there is nothing, or that has failed too. */
  #rescue(error: ErrorValue | undefined): boolean {
    const { rescue } = this.#entry;
    if (rescue === null || error === undefined || this.#rescuing || this.cancelled) return false;
    this.#rescuing = true;
    this.#givenUp = false;
    this.#controller = null;
    this.verbs = null;
    this.amendments = null;
    const context = this.#newCall();
    let result: unknown;
    try {
      result = rescue(decodeError(error), this.#input, context);
    } catch (thrown) {
      this.#threw(thrown);
      return true;
    }
    this.#await(result, context);
    return true;
  }

  #finish(): void {
    const { outcome, failedOps } = this.#finishing as { outcome: Outcome; failedOps: readonly string[] };
    this.#operations?.giveSignalsBack();
    this.run.keepUnheard();
    if (this.#isPlain) {
      this.#endPlainly(outcome);
      return;
    }
    if (!this.cancelled && outcome.status !== "timed-out" && this.#children?.areAwaited === true) {
      this.#setBusy(false);
      this.run.touch();
      return;
    }
    this.leaveChildren();
    this.#leave();
    if (outcome.status === "completed") recordAmendments(this);
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
    if (this.#time !== null) this.#unbound();
    this.run.plainFrameEnded(this);
    if (this.amendments !== null && outcome.status === "completed") recordAmendments(this);
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

  /** The code is over: whatever is still open in it is dropped. */
  #leave(): void {
    this.ended = true;
    this.disarm();
    this.#operations?.drop();
    this.#setBusy(false);
    this.run.frameEnded(this);
  }
}
