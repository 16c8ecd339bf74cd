import {
  contentHash,
  hasCode,
  HeddleError,
  outstanding,
  type Command,
  type Json,
  type NewRun,
  type Outcome,
  type PartVerdict,
  type RunEvent,
  type RunOutcome,
  type RunPart,
  type RunState,
  type StartTask,
  type StoredMessage,
  type TaskEnded,
} from "@heddle/kernel";
import { endsOfRound, isToldToCancel, nextSignal, openActivations, segmentOf } from "@heddle/kernel/internal";
import type { Definition } from "./definition.ts";
import type { LivePiece } from "./engine.ts";
import { Ending } from "./ending.ts";
import { eventText, TaskEndedLine, taskEndedText } from "./event-text.ts";
import { FrameTable } from "./frame-table.ts";
import { HistoryReader, isForAll } from "./frame/history.ts";
import type { ChildPlan, Operation } from "./frame/operation.ts";
import type { FrameOperations } from "./frame/frame-operations.ts";
import type { TaskFrame } from "./frame/task-frame.ts";
import { UnheardSignals } from "./frame/unheard-signals.ts";
import { mailText } from "./mail.ts";
import { FoldedRun } from "./run/folded-run.ts";
import { DispatchLine } from "./run/dispatch-line.ts";
import { holdsOf } from "./run/interrupts.ts";
import { judgeGroup } from "./run/judge-group.ts";
import { mergeWrites } from "./run/merge-writes.ts";
import { type Gate, type Mutable, NextPart } from "./run/next-part.ts";
import type { RunHost } from "./run/run-host.ts";
import { RunMailbox } from "./run/run-mailbox.ts";
import { RunTimers } from "./run/run-timers.ts";
import { SnapshotSchedule } from "./run/snapshot-schedule.ts";
import { StartLine } from "./run/start-line.ts";
import { TaskStarts } from "./run/task-starts.ts";
import { ValueKeeper } from "./run/value-keeper.ts";
import { withOneMore } from "./run/with-one-more.ts";
import type { RunFacts } from "./snapshot.ts";
import { SparseMap } from "./sparse-map.ts";
import { isStoreLost } from "./store-trouble.ts";
import type { TaskEntry } from "./task-table.ts";
import type { TurnTaker } from "./turn-queue.ts";

export interface RunIdentity {
  readonly runId: string;
  readonly definition: Definition;
  readonly epoch: number;
  readonly crashes: number;
  readonly parentless: boolean;
  readonly tenant: string | null;
}

/** Gives a result to user code; "unheard": there was none that heard of it. */
type Delivery = () => "unheard" | void;

/** A wait that ends this soon is waited for in memory; giving the run up and claiming it again costs two commits. */
const shortWaitMs = 1_000;
/** Claims after a crash without any completion in between, from which on the run goes one recorded start at a time. */
const suspectAfter = 2;

/**
 * A run that this node owns: its state, what it is about to commit, and the code that runs for it.
 *
 * Invariants:
 * 1. `record` applies an event to the state at once and puts it into the part that goes out next; nothing that it makes due happens before the store has acknowledged it.
 * 2. Parts of a run reach the store in order, and hold events in the order of `record`.
 * 3. A part that releases the run is the last: nothing is submitted until its verdict is there.
 * 4. Once `#gone`, nothing is recorded and no effect starts.
 */
export class OwnedRun implements TurnTaker {
  turnWanted = false;
  readonly host: RunHost;
  readonly runId: string;
  readonly definition: Definition;
  epoch: number;
  crashes: number;
  /** What its journal says, with what is about to be committed. */
  readonly journaled: FoldedRun;
  releasing = false;
  /** A copy that is replayed to be asked, and never acts or records. */
  ghost = false;
  readonly frames: FrameTable = new FrameTable();
  readonly ending: Ending = new Ending();
  readonly signals: UnheardSignals = new UnheardSignals();

  readonly #values: ValueKeeper;
  #parentless: boolean;
  readonly #tenant: string | null;
  readonly #snapshots = new SnapshotSchedule();
  readonly #next = new NextPart();
  /** Commands that wait at those gates, and at those of parts under way, oldest first, with the times of the events that made them due. */
  #gated: { readonly commands: readonly Command[]; readonly atMs: number }[] = [];
  /** It has begun, or is where its journal left it. */
  #ready = false;
  /** Parts that the store has not answered. */
  #inFlight = 0;
  #deliveries: Delivery[] = [];
  #delivered = false;
  #busyFrames = 0;
  #steps = 0;
  readonly #replaying = new SparseMap<number, TaskFrame>();
  readonly starts: TaskStarts = new TaskStarts(this);
  /** Null: ready tasks begin at once. */
  readonly dispatch: DispatchLine | null;
  readonly #timers = new RunTimers(this);
  readonly #mail = new RunMailbox(this);
  #afterTransaction: (() => void)[] | null = null;
  #plainEnding = false;
  #transacting = false;
  /** Transactions that wait until everything recorded before them is durable. */
  #transactions: (() => void)[] = [];
  /** Nothing new begins; when what acts has come to rest, the run is given up. */
  #hold: "pause" | "hand-over" | null = null;
  #pauseReason: string | undefined;
  #pausing: { code: string; message: string; difference?: readonly string[] } | null = null;
  #outcome: RunOutcome | null = null;
  #gone = false;

  constructor(host: RunHost, identity: RunIdentity) {
    this.host = host;
    this.runId = identity.runId;
    this.definition = identity.definition;
    this.epoch = identity.epoch;
    this.crashes = identity.crashes;
    this.line = identity.crashes >= suspectAfter ? new StartLine(host.suspects) : null;
    this.poisonous = identity.crashes > suspectAfter;
    this.#parentless = identity.parentless;
    this.#tenant = identity.tenant;
    this.journaled = new FoldedRun(identity.runId, identity.definition);
    this.dispatch = identity.definition.dispatch === null ? null : new DispatchLine(this, identity.definition.dispatch);
    this.#values = new ValueKeeper(identity.runId, host.maxValueBytes, host.secrets);
  }

  /** Last seq, given out or committed. */
  get seq(): number {
    return this.journaled.seq;
  }
  get facts(): Readonly<RunFacts> {
    return this.journaled.facts;
  }
  get state(): RunState {
    return this.journaled.state;
  }
  get workflow(): string {
    return this.definition.name;
  }
  /** It crashed twice without progress: for as long as this process owns it, one recorded start at a time. Null: it is trusted. */
  readonly line: StartLine | null;
  /** It crashed once more although only one recorded start was under way: if that comes to pass for one again, it is to blame. */
  readonly poisonous: boolean;
  /** No step and no task starts any more. */
  get holding(): boolean {
    return this.#hold !== null;
  }
  get gone(): boolean {
    return this.#gone;
  }
  /** Whether the code of a task may be begun now. */
  get mayBegin(): boolean {
    return !this.#gone && !this.ghost && !this.releasing && this.#hold === null && this.#pausing === null && this.#outcome === null;
  }

  // ---- Coming to be

  /** A new run whose first event is committed. */
  begin(started: RunEvent): void {
    this.#ready = true;
    this.journaled.seq = 1;
    const commands = this.journaled.fold(started);
    this.#execute(commands, started.atMs);
    this.#timers.setDeadline();
    if (this.#busyFrames === 0) this.touch();
  }

  /** A run with a journal: the state is folded from it, then open work goes on. `events` are what open functions need of it, oldest first; `mail` is what had come before. */
  recover(events: readonly { readonly seq: number; readonly event: RunEvent }[], mail: readonly StoredMessage[]): void {
    this.#ready = true;
    this.#mail.begin(mail);
    const open = outstanding(this.state);
    const readers = new Map<number, HistoryReader>();
    for (const command of open)
      if (command.type === "start-task") readers.set(command.no, new HistoryReader(command.no, segmentOf(this.state, command.no)));
    for (const { seq, event } of events) {
      const of = "of" in event ? event.of : "no" in event ? event.no : null;
      if (of !== null) readers.get(of)?.add(seq, event);
      else if (isForAll(event)) for (const reader of readers.values()) reader.add(seq, event);
    }
    this.dispatch?.recall(this.state);
    for (const [no, reader] of readers) if (isToldToCancel(this.state, no)) reader.toldToCancel(this.facts.cancelReason);
    this.#timers.setDeadline();
    this.starts.withHistory(readers, () => this.#execute(open, this.facts.startedAtMs));
    this.touch();
  }

  /** Apply one event that is in the journal already, as a text of so many characters. */
  foldStored(seq: number, event: RunEvent, length: number): readonly Command[] {
    this.#snapshots.grown(length);
    return this.journaled.foldStored(seq, event);
  }

  /** Be as before anything was loaded. */
  forget(): void {
    this.journaled.forget();
    this.#snapshots.forget();
  }

  /** Begin from a snapshot instead of the first event. */
  restore(seq: number, state: RunState, facts: RunFacts, bytes: number): void {
    this.journaled.restore(seq, state, facts);
    this.#snapshots.begunFrom(bytes, this.journaled.coveredThrough);
  }

  /** Where the recorded operations and attempts of an open activation begin; 1: it is not known. */
  beginningOf(no: number): number {
    return this.journaled.beginningOf(no);
  }

  /** Ours again after it was parked, with everything still in memory. */
  resumeHot(epoch: number, crashes: number): void {
    this.epoch = epoch;
    this.crashes = crashes;
    this.releasing = false;
    this.#rearm();
    this.mailArrived();
  }

  // ---- What frames and the engine call

  /** Wall time for a new event. Earlier than the run's last when the clock was set back: what is due after so long must not wait for that. */
  stampMs(): number {
    return this.host.clock.nowMs();
  }

  /** Apply an event and commit it with the next part; `acknowledged` is called when it is durable. Returns its seq. */
  record(event: RunEvent, acknowledged?: () => void, entry: TaskEntry | null = null): number {
    if (this.#gone || this.ghost || this.#outcome !== null) return this.seq;
    if (this.#afterTransaction !== null) {
      // A transaction's verdict decides the next seq: everything else waits for it.
      const held = this.#afterTransaction;
      held.push(() => this.record(event, acknowledged, entry));
      return this.seq + held.length;
    }
    this.#apply(event, acknowledged, entry);
    this.touch();
    return this.seq;
  }

  /** The end of a task whose code used none of `ctx`: no code waits for a result here, so that what it makes due may begin at once where the store allows. */
  recordPlainEnd(entry: TaskEntry, given: { readonly atMs: number } & TaskEnded): void {
    if (
      this.definition.interrupts !== null ||
      this.releasing ||
      this.#inFlight > 0 ||
      !this.#next.isBlank ||
      this.#afterTransaction !== null ||
      this.#plainEnding ||
      this.#deliveries.length > 0 ||
      !this.host.mayHurry()
    ) {
      this.record(given, undefined, entry);
      return;
    }
    if (this.#gone || this.ghost || this.#outcome !== null) return;
    const event = this.#merged(given);
    this.journaled.seq++;
    this.dispatch?.recording(event);
    const commands = this.journaled.fold(event);
    const ended = new TaskEndedLine(entry.endedBeginning, event);
    this.#plainEnding = true;
    if (commands.length === 0 || (commands[commands.length - 1] as Command).type !== "end-run") {
      const kept = this.host.appendNow(this.runId, this.epoch, this.seq - 1, event.atMs, ended);
      if (kept === true) {
        this.#plainEnding = false;
        if (this.watched) this.host.publish(this.runId, this.seq, [ended.text()]);
        this.dispatch?.close(event.no);
        this.#execute(commands, event.atMs);
        if (this.#busyFrames === 0) this.touch();
        return;
      }
    }
    this.#next.add(ended.text(), event.atMs);
    this.#gate(commands, event.atMs, this.dispatch === null ? null : event.no);
    const part = this.#takePart();
    const verdict = this.host.submitNow(part);
    this.#plainEnding = false;
    this.#inFlight++;
    const gates = this.#next.takeGates();
    const firstSeq = this.seq - part.events.length + 1;
    if (verdict === null) this.host.submit(this, part, (later) => this.#answered(part, firstSeq, gates, later));
    else this.#answered(part, firstSeq, gates, verdict);
    if (verdict === null || this.#busyFrames === 0) this.touch();
  }

  /** @param entry of the task that ends with it, where that is at hand */
  #apply(given: RunEvent, acknowledged: (() => void) | undefined, entry: TaskEntry | null): void {
    const event = given.type === "task-ended" ? this.#merged(given) : given;
    const { interrupts } = this.definition;
    const ended = interrupts !== null && event.type === "task-ended" ? endsOfRound(this.state, event) : null;
    this.journaled.seq++;
    const over = this.dispatch === null ? null : this.dispatch.recording(event);
    const commands = this.journaled.fold(event);
    this.#next.add(
      entry !== null && event.type === "task-ended" ? taskEndedText(entry.endedBeginning, event) : eventText(event),
      event.atMs,
    );
    // In one part with what made them due: after a crash nothing has slipped through.
    if (interrupts !== null)
      for (const held of holdsOf(interrupts, this.facts, ended ?? [], commands, event.atMs)) this.#apply(held, undefined, null);
    this.#gate(commands, event.atMs, over);
    if (acknowledged !== undefined) this.#next.onceKept(acknowledged);
  }

  /** The activations that have begun with what their sources held before now; empty: none has. */
  begunWithState(): { readonly begun?: readonly number[] } {
    if (!this.definition.tasks.readChannels) return {};
    const begun = openActivations(this.state).filter(({ no }) => this.frames.get(no) !== undefined || this.journaled.hasHistory(no));
    return begun.length === 0 ? {} : { begun: begun.map(({ no }) => no) };
  }

  /** A person lets tasks go on that were held. */
  release(id: string, by: string, value: Json | undefined): void {
    const nos = this.facts.held.filter((each) => each.id === id).flatMap((each) => each.nos);
    if (nos.length === 0) return;
    const due = openActivations(this.state).filter(
      (command): command is StartTask & typeof command => command.type === "start-task" && nos.includes(command.no),
    );
    const atMs = this.stampMs();
    this.record({ type: "tasks-released", atMs, id, by, ...(value === undefined ? null : { value }) }, () => {
      for (const command of due) if (!this.journaled.isHeld(command.no)) this.#execute([command], atMs);
    });
  }

  #merged(event: { readonly atMs: number } & TaskEnded): { readonly atMs: number } & TaskEnded {
    if (this.definition.reducers.size === 0) return event;
    return mergeWrites(this.definition, this.state, event, (value, what, key) => this.keep(value, what, key));
  }

  /**
   * These wait for the acknowledgement of what was recorded; only the run's end is recorded along with it.
   *
   * @param ended number of the activation that this ends, where its place may wait for that too
   */
  #gate(commands: readonly Command[], atMs: number, ended: number | null): void {
    const only = commands.length === 1 && ended === null ? (commands[0] as Command) : null;
    if (only?.type === "end-run") this.#recordEnd(only.outcome);
    else if (commands.length > 0 || ended !== null) this.#gateThese(commands, atMs, ended);
  }

  #gateThese(commands: readonly Command[], atMs: number, ended: number | null): void {
    this.journaled.remember(commands, atMs);
    this.#gated = withOneMore(this.#gated, { commands, atMs });
    this.#next.onceKept(() => {
      this.#gated.shift();
      if (ended !== null) this.dispatch?.close(ended);
      this.#execute(commands, atMs);
    });
    const last = commands.at(-1);
    if (last?.type === "end-run") this.#recordEnd(last.outcome);
  }

  /** Give a result to user code, in its turn; further ones follow in the same turn as long as none was heard. */
  deliver(call: Delivery): void {
    if (this.#delivered || this.#deliveries.length > 0) this.#deliveries.push(call);
    else this.#deliverNow(call);
    this.touch();
  }

  touch(): void {
    if (!this.#gone) this.host.touch(this);
  }

  turn(): void {
    // Mail may come while its journal is still being read: it is taken once the run is where it was.
    if (this.#gone || !this.#ready) return;
    this.#delivered = false;
    for (const frame of this.#replaying.values()) {
      if (frame.replayNext()) this.touch();
    }
    if (this.#gone) return;
    if (this.#mail.isWaiting && this.#replaying.size === 0 && !this.starts.waitForHistory && !this.ghost) this.#mail.read();
    if (this.ghost) {
      if (this.#replaying.size === 0) this.host.ghostReady(this);
      return;
    }
    if (!this.releasing) {
      this.dispatch?.release();
      if (this.signals.any && this.#replaying.size === 0) this.#mail.giveUnheard();
      this.#considerRelease();
      // While a transaction is under way nobody knows where the next part will stand; and what mail set off waits for it, so the mail is not taken yet.
      if (this.#next.isDue && !this.#transacting) this.#submit();
    }
    if (this.#transactions.length > 0 && this.#inFlight === 0 && !this.#next.hasEvents) this.#transactions.shift()?.();
    while (this.#deliveries.length > 0 && !this.#delivered) {
      this.#deliverNow(this.#deliveries.shift() as Delivery);
      this.touch();
    }
  }

  #deliverNow(call: Delivery): void {
    // What it sets off must queue up behind it.
    this.#delivered = true;
    this.#delivered = call() !== "unheard";
  }

  /** Other work was recorded as done since the last crash. */
  progressed(): void {
    if (this.crashes === 0) return;
    this.crashes = 0;
    this.#next.progress = true;
  }

  frameBusy(busy: boolean): void {
    this.#busyFrames += busy ? 1 : -1;
    if (!busy) this.touch();
  }
  frameReplays(frame: TaskFrame): void {
    this.#replaying.set(frame.command.no, frame);
    this.touch();
  }
  frameLive(frame: TaskFrame): void {
    this.#replaying.delete(frame.command.no);
    if (this.#replaying.size === 0) this.signals.settle();
    this.touch();
  }
  frameEnded(frame: TaskFrame): void {
    if (this.#replaying.size > 0) this.#replaying.delete(frame.command.no);
    this.frames.remove(frame);
    this.line?.leave(frame.command.no);
  }
  plainFrameEnded(frame: TaskFrame): void {
    this.#busyFrames--;
    this.frameEnded(frame);
  }
  stepStarted(): void {
    this.#steps++;
  }
  stepStopped(): void {
    this.#steps--;
    if (this.#steps === 0) this.touch();
  }

  takeSignal(name: string): { readonly id: string; readonly value?: Json } | null {
    const unheard = this.#replaying.size === 0 ? this.signals.take(name) : null;
    return unheard ?? nextSignal(this.state, name) ?? null;
  }

  /** Put signals that nobody was told of where they outlast the code that took them. */
  keepUnheard(): void {
    if (!this.signals.any) return;
    for (const { id, name, value } of this.signals.all()) {
      this.signals.take(name);
      this.record({ type: "signal-received", atMs: this.stampMs(), id, name, ...(value === undefined ? null : { value }) });
    }
  }

  /**
   * A value that user code gave, as it is kept.
   *
   * @throws HeddleError `VALUE_NOT_DURABLE`, `VALUE_TOO_LARGE`, `SECRET_IN_VALUE`
   */
  keep(value: unknown, what: string, key: string): Json {
    return this.#values.keep(value, what, key);
  }

  /** Each attempt and segment, and each item of a spawn, has children of its own. */
  childId({ command, segment }: TaskFrame, key: string): string {
    const { task, scope, nth, attempt } = command;
    const readable = `${this.runId}.${task === "main" ? "" : `${task}.`}${key}`.replace(/[^A-Za-z0-9_.:-]/g, "-");
    if (readable.length <= 128 && scope.length === 0 && nth === 1 && attempt === 1 && segment === 1) return readable;
    return `${readable.slice(0, 100)}-${contentHash([task, scope, nth, attempt, segment, key]).slice(0, 12)}`;
  }

  newChild(frame: TaskFrame, key: string, child: ChildPlan): NewRun {
    return this.host.newChild(child, { runId: this.runId, of: frame.command.no, key }, this.#tenant);
  }

  /** It comes to be with what is recorded next. */
  addChild(child: NewRun): void {
    this.#next.addChild(child);
  }

  cancelChild(childId: string): void {
    this.#next.addMessage({
      runId: childId,
      id: `parent:${this.runId}`,
      atMs: this.stampMs(),
      body: mailText({ type: "cancel", reason: `its parent run ${this.runId} ended` }),
    });
  }

  /** Whether anybody watches: most runs need not even say what they do. */
  get watched(): boolean {
    return this.host.watches(this.runId);
  }

  live(piece: LivePiece): void {
    this.host.live(this.runId, this.seq, piece);
  }

  /** Stop where it is: recorded, released as paused, forgotten here. */
  pause(code: string, message: string, difference?: readonly string[]): void {
    if (this.#gone || this.#pausing !== null || this.#outcome !== null) return;
    this.#ready = true;
    this.#pausing = { code, message, ...(difference === undefined ? null : { difference }) };
    for (const frame of this.frames.all()) frame.abandon(new HeddleError("RUN_STALE", `Run ${this.runId} is paused: ${message}`));
    this.#replaying.clear();
    this.record({ type: "run-paused", atMs: this.stampMs(), ...this.#pausing });
  }

  /** Its code or plan is not the one that its journal was made with. */
  mismatch(difference: readonly string[]): void {
    this.pause(
      "RUN_MISMATCH",
      `The code of "${this.workflow}" does not fit what run ${this.runId} has recorded, so it is paused and nothing was changed.`,
      difference,
    );
  }

  /** What it holds is not what its journal tells, found by folding that once more. */
  diverged(difference: readonly string[]): void {
    this.pause(
      "STATE_DIVERGED",
      `The state of run ${this.runId} is not the one that its journal tells, so it is paused. Resumed, it goes on from its journal alone.`,
      difference,
    );
  }

  /** Let what acts come to rest, then pause. */
  holdToPause(reason: string | undefined): void {
    this.#hold = "pause";
    this.#pauseReason = reason;
  }

  /** Let what acts come to rest, then give the run up for others to go on with. */
  handOver(): void {
    if (this.#gone || this.#outcome !== null) return;
    this.#hold ??= "hand-over";
    this.touch();
  }

  mailArrived(): void {
    if (this.#gone) return;
    this.#mail.wanted = true;
    this.touch();
  }

  /** Up to where the mail is answered by what is recorded. */
  noteMailSeen(mailSeq: number): void {
    this.#next.mailSeen = mailSeq;
  }

  /** A transaction: the user's statements and its record in one commit, on their own, since they may be refused. */
  transact(operations: FrameOperations, operation: Operation): void {
    if (this.#transacting || this.#inFlight > 0 || this.#next.hasEvents) {
      this.#transactions.push(() => this.transact(operations, operation));
      this.touch();
      return;
    }
    const { statements = [], value } = operation.transaction ?? {};
    this.#transacting = true;
    this.#afterTransaction = [];
    const outcome: Outcome = { status: "completed", ...(value === undefined ? null : { value }) };
    const event: RunEvent = {
      type: "op-ended",
      atMs: this.stampMs(),
      of: operations.frame.command.no,
      key: operation.key,
      op: "transaction",
      outcome,
    };
    this.#inFlight++;
    this.host.submit(
      this,
      { runId: this.runId, epoch: this.epoch, expectedSeq: this.seq, atMs: event.atMs, events: [eventText(event)], statements },
      (verdict) => {
        this.#inFlight--;
        this.#transacting = false;
        const held = this.#afterTransaction ?? [];
        this.#afterTransaction = null;
        if (this.#gone) return;
        if (verdict.status === "ok") {
          this.journaled.seq++;
          this.journaled.fold(event);
          this.host.publish(this.runId, this.seq, [eventText(event)]);
          operations.committed(operation, outcome, event.atMs);
        } else if (verdict.status === "failed") {
          const message = `Transaction "${operation.key}" failed. ${verdict.error.message}`;
          operations.conclude(operation, { status: "failed", error: { ...verdict.error, code: "TRANSACTION_FAILED", message } });
        } else {
          this.lose();
          return;
        }
        for (const again of held) again();
        this.touch();
      },
    );
    this.touch();
  }

  /** Let go without a word to the store: it is known to be another's, or the engine closes. */
  abandon(reason: HeddleError): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const frame of this.frames.all()) frame.abandon(reason);
    this.line?.close();
    this.#disarm();
  }

  // ---- Inside

  /** @param atMs time of the event that made them due */
  #execute(commands: readonly Command[], atMs: number): void {
    for (let index = 0; index < commands.length; index++) {
      if (this.#gone) return;
      const command = commands[index] as Command;
      switch (command.type) {
        case "start-task":
          this.starts.start(command, atMs);
          break;
        case "cancel-task":
          this.#cancelTask(command.no);
          break;
        case "decide-group": {
          const outcome = judgeGroup(this.definition, this.journaled.taskOf(command.task), command);
          this.record({ type: "task-ended", atMs: this.stampMs(), no: command.no, task: command.task, outcome });
          break;
        }
        case "set-timer":
          this.#timers.set(command.no, command.dueAtMs);
          break;
        case "cancel-timer":
          this.#timers.cancel(command.no);
          break;
        case "end-run":
          if (this.#outcome === null) this.#recordEnd(command.outcome);
          break;
        default:
          command satisfies never;
      }
    }
    this.dispatch?.release();
  }

  /** Resolves when everything recorded so far is in the journal. */
  durably(): Promise<void> {
    if (this.#next.hasEvents) this.#submit();
    if (this.#inFlight === 0) return Promise.resolve();
    // Parts are answered in order: an empty one behind them is answered last.
    const barrier: RunPart = { runId: this.runId, epoch: this.epoch, expectedSeq: null, atMs: this.stampMs(), events: [] };
    this.#inFlight++;
    return new Promise((resolve) => {
      this.host.submit(this, barrier, () => {
        this.#inFlight--;
        resolve();
      });
      this.touch();
    });
  }

  #cancelTask(no: number): void {
    const frame = this.frames.get(no);
    if (frame === undefined) {
      this.starts.cancel(no);
      return;
    }
    this.deliver(() => frame.cancel());
    this.#timers.hasGrace();
  }

  /** From now on cancelled code has its grace. */
  armGrace(): void {
    this.#timers.beginGrace();
  }

  #recordEnd(outcome: RunOutcome): void {
    const late = outcome.status === "cancelled" && this.facts.cancelReason === "deadline";
    const end: RunOutcome = late
      ? {
          status: "timed-out",
          error: { name: "HeddleError", code: "RUN_TIMED_OUT", message: `Run ${this.runId} did not end before its deadline.` },
        }
      : outcome;
    this.#outcome = end;
    for (const frame of this.frames.all()) frame.leaveChildren();
    const atMs = this.stampMs();
    const event: RunEvent = { type: "run-ended", atMs, outcome: end };
    this.journaled.seq++;
    this.journaled.fold(event);
    this.#next.add(eventText(event), atMs);
    if (this.facts.parent !== undefined) {
      this.#next.addMessage({
        runId: this.facts.parent.runId,
        id: `child:${this.runId}`,
        atMs,
        body: mailText({ type: "child-ended", child: this.runId, of: this.facts.parent.of, key: this.facts.parent.key, outcome: end }),
      });
    }
    const failed = end.status === "failed" || end.status === "timed-out" ? end.error : undefined;
    this.#next.release = {
      status: end.status,
      wakeAtMs: null,
      ...(failed === undefined
        ? null
        : { note: failed.message.slice(0, 300), ...(this.#parentless || this.facts.forked ? { dead: failed.code ?? failed.name } : null) }),
    };
  }

  /** Nothing acts and nothing is on its way: the run can wait as rows in the store. */
  #considerRelease(): void {
    if (this.#pausing !== null && this.#next.release === undefined) {
      this.#next.release = { status: "paused", wakeAtMs: null, note: this.#pausing.message.slice(0, 300) };
      return;
    }
    if (
      this.#next.release !== undefined ||
      this.#busyFrames > 0 ||
      this.#steps > 0 ||
      this.#inFlight > 0 ||
      this.#transacting ||
      this.starts.waitForHistory ||
      this.#transactions.length > 0
    )
      return;
    if (this.#deliveries.length > 0 || this.#replaying.size > 0 || this.#next.isAwaited) return;
    if (this.#mail.isUnderWay || this.line?.isEmpty === false) return;
    if (this.#hold === "pause") {
      this.pause("RUN_PAUSED", this.#pauseReason ?? "Somebody asked for it.");
      this.#next.release = { status: "paused", wakeAtMs: null, note: this.#pauseReason ?? null };
      return;
    }
    if (this.#hold === "hand-over") {
      this.#next.release = { status: "queued", wakeAtMs: this.stampMs() };
      return;
    }
    const nextMs = Math.min(this.starts.nextDueMs, this.#timers.nextDueMs, ...this.frames.all().map((frame) => frame.nextDueMs()));
    if (nextMs - this.stampMs() <= shortWaitMs) return;
    this.#next.release = { status: "waiting", wakeAtMs: nextMs === Number.POSITIVE_INFINITY ? null : Math.ceil(nextMs) };
  }

  #submit(): void {
    const part = this.#takePart();
    const gates = this.#next.takeGates();
    const firstSeq = this.seq - part.events.length + 1;
    this.#inFlight++;
    this.host.submit(this, part, (verdict) => this.#answered(part, firstSeq, gates, verdict));
  }

  /** Everything recorded since the last part. */
  #takePart(): RunPart {
    const part = this.#next.take(this.runId, this.epoch, this.seq, () => this.stampMs());
    this.releasing = part.release !== undefined;
    this.#snapshot(part);
    return part;
  }

  /** A snapshot goes along when one is due. At the end none is needed. */
  #snapshot(part: Mutable<RunPart>): void {
    if (this.host.features.durability === "none") return;
    for (const text of part.events) this.#snapshots.grown(text.length);
    if (!this.#snapshots.isDue || this.#outcome !== null || part.events.length === 0) return;
    const body = this.journaled.snapshotText((no) => this.frames.get(no), this.#gated);
    part.snapshot = { body };
    this.#snapshots.taken(body.length, this.journaled.coveredThrough);
  }

  #answered(part: RunPart, firstSeq: number, gates: readonly Gate[], verdict: PartVerdict): void {
    this.#inFlight--;
    if (this.#gone) return;
    if (verdict.status === "mail") {
      // Mail came while the run was on its way to being parked. Everything stays as it was, without the release.
      const { release: _, ...rest } = part;
      this.releasing = false;
      this.#mail.wanted = true;
      this.#inFlight++;
      this.host.submit(this, rest, (again) => this.#answered(rest, firstSeq, gates, again));
      this.#rearm();
      return;
    }
    if (verdict.status !== "ok") {
      this.lose(verdict.status === "failed" ? verdict.error : undefined);
      return;
    }
    if (part.events.length > 0) this.host.publish(this.runId, firstSeq, part.events);
    if (part.snapshot !== undefined) this.host.snapshotKept(this, firstSeq + part.events.length - 1, this.#snapshots.dispensableThrough);
    verdict.children?.forEach((child, index) => {
      if (child.status === "exists") this.#mail.childTaken(part.children?.[index] as NewRun);
    });
    if (part.children !== undefined || part.messages !== undefined) {
      this.host.stir([...(part.children ?? []).map(({ row }) => row.runId), ...(part.messages ?? []).map(({ runId }) => runId)]);
    }
    for (const gate of gates) gate();
    // Where nothing acts, this answer may have been the last thing to wait for.
    if (this.#transactions.length > 0 || this.#busyFrames === 0) this.touch();
    if (part.release === undefined) return;
    if (part.release.status === "waiting") {
      this.#disarm();
      this.host.parked(this);
      return;
    }
    this.#gone = true;
    this.#disarm();
    for (const frame of this.frames.all()) frame.abandon(new HeddleError("RUN_ENDED", `Run ${this.runId} has ended.`));
    this.line?.close();
    if (this.#outcome !== null) this.host.ended(this, this.#outcome);
    else this.host.lost(this, new HeddleError("RUN_STALE", `Run ${this.runId} was given up: it is ${part.release.status}.`));
  }

  /** Set all timers anew: some may have fired in vain while the run was on its way to being parked. */
  #rearm(): void {
    this.#disarm();
    for (const frame of this.frames.all()) frame.rearm();
    this.starts.rearm();
    this.#timers.rearm();
    this.touch();
  }

  /** It is another's now, or the store can no longer be believed. */
  lose(error?: unknown): void {
    const reason =
      isStoreLost(error) || hasCode(error, "STORE_UNAVAILABLE")
        ? (error as HeddleError)
        : new HeddleError("RUN_STALE", `Run ${this.runId} is owned by another node now: nothing more is recorded for it here.`, {
            data: { runId: this.runId, epoch: this.epoch },
          });
    this.abandon(reason);
    this.host.lost(this, reason);
    // The store may have gone back behind what was acknowledged: then it counts as ours still, and nobody would go on with it.
    if (!isStoreLost(error)) this.host.giveUp(this.runId, this.epoch);
  }

  #disarm(): void {
    for (const frame of this.frames.all()) frame.disarm();
    this.starts.disarm();
    this.#timers.disarm();
  }
}
