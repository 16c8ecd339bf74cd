import {
  advance,
  contentHash,
  createRun,
  decodeValue,
  encodeError,
  encodeValue,
  hasCode,
  HeddleError,
  outstanding,
  type Clock,
  type Command,
  type Json,
  type NewMessage,
  type NewRun,
  type Outcome,
  type PartVerdict,
  type Random,
  type RunEvent,
  type RunOutcome,
  type RunPart,
  type RunState,
  type StartTask,
  type StoreFeatures,
  type StoredMessage,
  type TaskEnded,
} from "@heddle/kernel";
import {
  channelValues,
  closesRound,
  isEnding,
  isToldToCancel,
  nextSignal,
  openActivations,
  openOperations,
  pendingWrites,
  segmentOf,
} from "@heddle/kernel/internal";
import type { Workflow } from "../workflow/workflow.ts";
import type { Definition } from "./definition.ts";
import type { DueEntry, DueTimes } from "./due-times.ts";
import type { LivePiece } from "./engine.ts";
import { Ending } from "./ending.ts";
import { eventText, readEvent, taskEndedText } from "./event-text.ts";
import { FrameTable } from "./frame-table.ts";
import { HistoryReader, isForAll, type FrameHistory } from "./frame/history.ts";
import type { ChildPlan, Operation } from "./frame/operation.ts";
import { poisoned, TaskFrame } from "./frame/task-frame.ts";
import { UnheardSignals } from "./frame/unheard-signals.ts";
import { mailText, readMail, type Mail } from "./mail.ts";
import { noFacts, snapshotText, type RunFacts } from "./snapshot.ts";
import type { Secrets } from "./secrets.ts";
import { SparseMap } from "./sparse-map.ts";
import { givenTo, inputFrom, isStillHeld, readGiven, writeGiven, type Given } from "./task-input.ts";
import type { TaskEntry } from "./task-table.ts";
import type { TurnTaker } from "./turn-queue.ts";

/** What a run needs of its engine. */
export interface RunHost {
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What happens at a time, epoch milliseconds. */
  readonly due: DueTimes;
  /** What happens when something took too long, in the clock's monotonic milliseconds. */
  readonly limits: DueTimes;
  readonly features: StoreFeatures;
  readonly strict: boolean;
  readonly maxValueBytes: number;
  readonly graceMs: number;
  readonly secrets: Secrets;
  touch(run: OwnedRun): void;
  /** Whether a run may go on without a turn of its own. */
  mayHurry(): boolean;
  /** Append one event and nothing besides, from a store that answers at once; null: it does not. False: the run is owned by another. */
  appendNow(runId: string, epoch: number, expectedSeq: number, atMs: number, event: string): boolean | null;
  /** Commit at once if the store answers at once and nothing waits before it; null: it does not. */
  submitNow(part: RunPart): PartVerdict | null;
  submit(run: OwnedRun, part: RunPart, done: (verdict: PartVerdict) => void): void;
  /** Mail outside of a part of the run's own. */
  send(message: NewMessage): void;
  /** A function calls this workflow: its runs may be taken up here from now on. */
  learn(workflow: Workflow<never, unknown>): void;
  newChild(run: OwnedRun, child: ChildPlan, parent: { readonly runId: string; readonly of: number; readonly key: string }): NewRun;
  readMail(runId: string): Promise<readonly StoredMessage[]>;
  /** Committed events, for whoever watches the run. */
  publish(runId: string, firstSeq: number, events: readonly string[]): void;
  watches(runId: string): boolean;
  live(runId: string, seq: number, piece: LivePiece): void;
  /** What an activation has recorded so far, from the journal. */
  history(run: OwnedRun, of: number): Promise<FrameHistory>;
  /** What stands up to `throughSeq` is in the last two snapshots, and no open function of either needs it: it may be dropped. */
  snapshotKept(runId: string, throughSeq: number): void;
  ghostReady(run: OwnedRun): void;
  /** Whether this node's lease holds by its own clock; if not, it is looked up before anything else happens. */
  leaseHolds(): boolean;
  afterLeaseCheck(call: () => void): void;
  ended(run: OwnedRun, outcome: RunOutcome): void;
  parked(run: OwnedRun): void;
  lost(run: OwnedRun, reason: HeddleError): void;
  /** A commit created runs or mail for others: they may be due now. */
  stir(runIds: readonly string[]): void;
}

/** Options of `encodeValue` whose sentence is put together only when it is needed. */
class KeptLimits {
  readonly maxBytes: number;
  readonly #runId: string;
  about = "";
  key = "";

  constructor(runId: string, maxBytes: number) {
    this.#runId = runId;
    this.maxBytes = maxBytes;
  }

  get what(): string {
    return `${this.about}${this.key === "" ? "" : ` "${this.key}"`} in run ${this.#runId}`;
  }
}

export interface RunIdentity {
  readonly runId: string;
  readonly definition: Definition;
  readonly epoch: number;
  readonly crashes: number;
  readonly parentless: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** Gives a result to user code; "unheard": there was none that heard of it. */
type Delivery = () => "unheard" | void;
/** What an acknowledgement sets off: commands to carry out, or a call. */
type Gate = readonly Command[] | (() => void);

/** Events after which a snapshot is worth while. */
const snapshotEvents = 1_000;
/** A wait that ends this soon is waited for in memory; giving the run up and claiming it again costs two commits. */
const shortWaitMs = 1_000;
/** Claims after a crash without any completion in between, from which on the run goes one recorded start at a time. */
const suspectAfter = 2;
/** Claims after a crash without any completion in between, after which code that dies between its steps is given up. */
const hopelessAfter = 5;

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
  /** Last seq, given out or committed. */
  seq = 0;
  /** Time of the last event that the code was given. */
  nowMs = 0;
  readonly facts: RunFacts;
  releasing = false;
  /** A copy that is replayed to be asked, and never acts or records. */
  ghost = false;
  state: RunState;
  readonly frames: FrameTable = new FrameTable();
  readonly ending: Ending = new Ending();
  readonly signals: UnheardSignals = new UnheardSignals();

  readonly #limits: KeptLimits;
  #parentless: boolean;
  #input: unknown = undefined;
  #deadline: DueEntry | null = null;
  #deadlinePassed = false;
  readonly #beginnings = new SparseMap<number, number>();
  #tailEvents = 0;
  #tailBytes = 0;
  #snapshotBytes = 0;
  /** Up to where the newest snapshot makes the journal dispensable, and the one before it, which takes its place if it cannot be read. */
  #dispensable = 0;
  #dispensableBefore = 0;
  /** What activations were given whose code is not under way: it waits for its next attempt, or for the run to be loaded. */
  readonly #given = new SparseMap<number, Given>();
  readonly #waitingStarts = new SparseMap<number, DueEntry>();
  readonly #starts = new SparseMap<number, StartTask>();
  readonly #timers = new SparseMap<number, DueEntry>();
  #events: string[] = [];
  #gates: Gate[] = [];
  #children: NewRun[] = [];
  #messages: NewMessage[] = [];
  #mailSeen: number | undefined;
  #progress = false;
  #release: RunPart["release"] | undefined;
  #inFlight = 0;
  #deliveries: Delivery[] = [];
  #delivered = false;
  #busyFrames = 0;
  #steps = 0;
  #line: (() => void)[] = [];
  #lineBusy = false;
  #lineHolder = 0;
  readonly #replaying = new SparseMap<number, TaskFrame>();
  #history: ReadonlyMap<number, HistoryReader> | null = null;
  #mailWanted = false;
  #mailReading = false;
  #mailTaken = 0;
  #mailAtHand: readonly StoredMessage[] | null = null;
  #cancelTaken = 0;
  #afterTransaction: (() => void)[] | null = null;
  #plainEnding = false;
  #transacting = false;
  /** Transactions that wait until everything recorded before them is durable. */
  #transactions: (() => void)[] = [];
  /** Further attempts that are about to begin. Until then nothing is taken from the mailbox that they would not be given. */
  #historyReads = 0;
  /** Nothing new begins; when what acts has come to rest, the run is given up. */
  #hold: "pause" | "hand-over" | null = null;
  #pauseReason: string | undefined;
  #pausing: { code: string; message: string; difference?: readonly string[] } | null = null;
  #outcome: RunOutcome | null = null;
  #grace: DueEntry | null = null;
  #gone = false;

  constructor(host: RunHost, identity: RunIdentity) {
    this.host = host;
    this.runId = identity.runId;
    this.definition = identity.definition;
    this.epoch = identity.epoch;
    this.crashes = identity.crashes;
    this.suspect = identity.crashes >= suspectAfter;
    this.poisonous = identity.crashes > suspectAfter;
    this.#parentless = identity.parentless;
    this.facts = noFacts(identity.runId);
    this.#limits = new KeptLimits(identity.runId, host.maxValueBytes);
    this.state = createRun(identity.definition.compiled);
  }

  get workflow(): string {
    return this.definition.name;
  }
  /** It crashed twice without progress: for as long as this process owns it, one recorded start at a time. */
  readonly suspect: boolean;
  /** It crashed once more although only one recorded start was under way: that one is to blame. */
  readonly poisonous: boolean;
  /** No step and no task starts any more. */
  get holding(): boolean {
    return this.#hold !== null;
  }
  get gone(): boolean {
    return this.#gone;
  }

  // ---- Coming to be

  /** A new run whose first event is committed. */
  begin(started: RunEvent): void {
    this.seq = 1;
    const commands = this.#fold(started);
    this.#execute(commands);
    this.#armDeadline();
    if (this.#busyFrames === 0) this.touch();
  }

  /** A run with a journal: the state is folded from it, then open work goes on. `events` are what open functions need of it, oldest first; `mail` is what had come before. */
  recover(events: readonly { readonly seq: number; readonly event: RunEvent }[], mail: readonly StoredMessage[]): void {
    this.#mailAtHand = mail.length === 0 ? null : mail;
    this.#takeCancel(mail);
    const due = outstanding(this.state);
    const readers = new Map<number, HistoryReader>();
    for (const command of due)
      if (command.type === "start-task") readers.set(command.no, new HistoryReader(command.no, segmentOf(this.state, command.no)));
    for (const { seq, event } of events) {
      const of = "of" in event ? event.of : "no" in event ? event.no : null;
      if (of !== null) readers.get(of)?.add(seq, event);
      else if (isForAll(event)) for (const reader of readers.values()) reader.add(seq, event);
    }
    for (const [no, reader] of readers) if (isToldToCancel(this.state, no)) reader.toldToCancel(this.facts.cancelReason, this.nowMs);
    this.#history = readers;
    this.#armDeadline();
    this.#execute(due);
    this.#history = null;
    this.touch();
  }

  /** Apply one event that is in the journal already, as a text of so many characters. */
  foldStored(seq: number, event: RunEvent, length: number): readonly Command[] {
    this.#tailEvents++;
    this.#tailBytes += length;
    this.seq = seq;
    this.nowMs = event.atMs;
    const commands = this.#fold(event);
    this.#rememberGiven(commands);
    return commands;
  }

  /** Be as before anything was loaded. */
  forget(): void {
    this.seq = 0;
    this.nowMs = 0;
    this.state = createRun(this.definition.compiled);
    Object.assign(this.facts, noFacts(this.runId));
    this.#input = undefined;
    this.#beginnings.clear();
    this.#given.clear();
    this.#tailEvents = 0;
    this.#tailBytes = 0;
    this.#snapshotBytes = 0;
    this.#dispensable = 0;
  }

  /** Begin from a snapshot instead of the first event. */
  restore(seq: number, state: RunState, facts: RunFacts, bytes: number): void {
    this.seq = seq;
    this.state = state;
    Object.assign(this.facts, facts);
    this.#input = facts.input === undefined ? undefined : decodeValue(facts.input);
    for (const [no, at] of facts.beginnings) this.#beginnings.set(no, at);
    const changed = new Map(facts.given);
    const open = outstanding(state);
    for (const command of open) {
      const given = command.type === "start-task" ? changed.get(command.no) : undefined;
      if (command.type !== "start-task" || given === undefined) continue;
      const sources = this.definition.tasks.of(command)?.sources ?? null;
      if (sources !== null) this.#given.set(command.no, readGiven(sources, given));
    }
    this.#rememberGiven(open);
    this.#snapshotBytes = bytes;
    this.#dispensable = this.#coveredThrough();
  }

  /** Where the recorded operations of open activations begin; null: there are none. */
  get historyFrom(): number | null {
    return this.#beginnings.size === 0 ? null : Math.min(...this.#beginnings.values());
  }

  /** Where the recorded operations and attempts of an open activation begin; 1: it is not known. */
  beginningOf(no: number): number {
    return this.#beginnings.get(no) ?? 1;
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
  record(event: RunEvent, acknowledged?: () => void): number {
    if (this.#gone || this.ghost || this.#outcome !== null) return this.seq;
    if (this.#afterTransaction !== null) {
      // A transaction's verdict decides the next seq: everything else waits for it.
      const held = this.#afterTransaction;
      held.push(() => this.record(event, acknowledged));
      return this.seq + held.length;
    }
    this.#apply(event, acknowledged);
    this.touch();
    return this.seq;
  }

  /** The end of a task whose code used none of `ctx`: no code waits for a result here, so that what it makes due may begin at once where the store allows. */
  recordPlainEnd(entry: TaskEntry, given: { readonly atMs: number } & TaskEnded): void {
    if (
      this.releasing ||
      this.#inFlight > 0 ||
      this.#events.length > 0 ||
      this.#afterTransaction !== null ||
      this.#plainEnding ||
      this.#progress ||
      this.#mailSeen !== undefined ||
      this.#deliveries.length > 0 ||
      !this.host.mayHurry()
    ) {
      this.record(given);
      return;
    }
    if (this.#gone || this.ghost || this.#outcome !== null) return;
    const event = this.definition.reducers.size > 0 ? this.#merge(given) : given;
    this.seq++;
    this.#lastAtMs = event.atMs;
    const commands = this.#fold(event);
    const text = taskEndedText(entry.endedBeginning, event);
    this.#plainEnding = true;
    if (commands.length === 0 || (commands[commands.length - 1] as Command).type !== "end-run") {
      const kept = this.host.appendNow(this.runId, this.epoch, this.seq - 1, event.atMs, text);
      if (kept === true) {
        this.#plainEnding = false;
        if (this.watched) this.host.publish(this.runId, this.seq, [text]);
        this.#execute(commands);
        if (this.#busyFrames === 0) this.touch();
        return;
      }
    }
    this.#events.push(text);
    this.#gate(commands);
    const part = this.#takePart();
    const verdict = this.host.submitNow(part);
    this.#plainEnding = false;
    this.#inFlight++;
    const gates = this.#takeGates();
    const firstSeq = this.seq - part.events.length + 1;
    if (verdict === null) this.host.submit(this, part, (later) => this.#answered(part, firstSeq, gates, later));
    else this.#answered(part, firstSeq, gates, verdict);
    if (verdict === null || this.#busyFrames === 0) this.touch();
  }

  #lastAtMs = 0;

  #apply(given: RunEvent, acknowledged: (() => void) | undefined): void {
    const event = given.type === "task-ended" && this.definition.reducers.size > 0 ? this.#merge(given) : given;
    this.seq++;
    this.#lastAtMs = event.atMs;
    const commands = this.#fold(event);
    this.#events.push(eventText(event));
    this.#gate(commands);
    if (acknowledged !== undefined) this.#gates.push(acknowledged);
  }

  /** These wait for the acknowledgement of what was recorded; only the run's end is recorded along with it. */
  #gate(commands: readonly Command[]): void {
    if (commands.length === 0) return;
    this.#gates.push(commands);
    const last = commands[commands.length - 1] as Command;
    if (last.type === "end-run") this.#recordEnd(last.outcome);
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
    if (this.#gone) return;
    this.#delivered = false;
    for (const frame of this.#replaying.values()) {
      if (frame.replayNext()) this.touch();
    }
    if (this.#gone) return;
    if ((this.#mailWanted || this.#mailAtHand !== null) && this.#replaying.size === 0 && this.#historyReads === 0 && !this.ghost)
      this.#readMail();
    if (this.ghost) {
      if (this.#replaying.size === 0) this.host.ghostReady(this);
      return;
    }
    if (!this.releasing) {
      if (this.signals.any && this.#replaying.size === 0) this.#giveUnheard();
      this.#considerRelease();
      if (this.#events.length > 0 || this.#release !== undefined || this.#mailSeen !== undefined) this.#submit();
    }
    if (this.#transactions.length > 0 && this.#inFlight === 0 && this.#events.length === 0) this.#transactions.shift()?.();
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
    this.#progress = true;
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
    if (this.#lineBusy) this.leaveLine(frame.command.no);
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

  /** After crashes: only one recorded start is under way at a time, so that the one that kills its process stands alone. */
  oneAtATime(start: () => void): void {
    if (!this.suspect && this.#line.length === 0 && !this.#lineBusy) {
      start();
      return;
    }
    this.#line.push(start);
    if (!this.#lineBusy) this.nextInLine();
  }
  nextInLine(): void {
    this.#lineBusy = false;
    const next = this.#line.shift();
    if (next === undefined) return;
    this.#lineBusy = true;
    next();
  }

  /** A task that asks for operations is a durable function: its steps stand in line by themselves. */
  leaveLine(no: number): void {
    if (this.#lineHolder !== no) return;
    this.#lineHolder = 0;
    this.nextInLine();
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
    const limits = this.#limits;
    limits.about = what;
    limits.key = key;
    const json = encodeValue(value, limits);
    if (typeof json === "object" || typeof json === "string") this.host.secrets.check(json, limits);
    return json;
  }

  /** Each attempt and segment, and each item of a spawn, has children of its own. */
  childId({ command, segment }: TaskFrame, key: string): string {
    const { task, scope, nth, attempt } = command;
    const readable = `${this.runId}.${task === "main" ? "" : `${task}.`}${key}`.replace(/[^A-Za-z0-9_.:-]/g, "-");
    if (readable.length <= 128 && scope.length === 0 && nth === 1 && attempt === 1 && segment === 1) return readable;
    return `${readable.slice(0, 100)}-${contentHash([task, scope, nth, attempt, segment, key]).slice(0, 12)}`;
  }

  addChild(frame: TaskFrame, key: string, child: ChildPlan): void {
    this.#children.push(this.host.newChild(this, child, { runId: this.runId, of: frame.command.no, key }));
  }

  cancelChild(childId: string): void {
    this.#messages.push({
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

  /** Let what acts come to rest, then give the run up for others to go on with. */
  handOver(): void {
    if (this.#gone || this.#outcome !== null) return;
    this.#hold ??= "hand-over";
    this.touch();
  }

  mailArrived(): void {
    if (this.#gone) return;
    this.#mailWanted = true;
    this.touch();
  }

  /** A transaction: the user's statements and its record in one commit, on their own, since they may be refused. */
  transact(frame: TaskFrame, operation: Operation): void {
    if (this.#transacting || this.#inFlight > 0 || this.#events.length > 0) {
      this.#transactions.push(() => this.transact(frame, operation));
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
      of: frame.command.no,
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
          this.seq++;
          this.#fold(event);
          this.host.publish(this.runId, this.seq, [eventText(event)]);
          frame.committed(operation, outcome, event.atMs);
        } else if (verdict.status === "failed") {
          frame.conclude(operation, { status: "failed", error: { ...verdict.error, code: "TRANSACTION_FAILED" } });
        } else {
          this.#lose();
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
    this.#disarm();
  }

  // ---- Inside

  #fold(event: RunEvent): readonly Command[] {
    const { facts } = this;
    switch (event.type) {
      case "run-started":
        facts.startedAtMs = event.atMs;
        facts.planHash = event.planHash;
        this.nowMs = event.atMs;
        facts.seed = event.seed ?? facts.seed;
        facts.effects = event.effects ?? facts.effects;
        facts.parent = event.parent;
        facts.deadlineAtMs = event.deadlineAtMs;
        facts.input = event.input;
        this.#input = event.input === undefined ? undefined : decodeValue(event.input);
        break;
      case "run-forked":
        facts.parent = undefined;
        facts.forked = true;
        break;
      case "cancel-requested":
        facts.cancelReason = event.reason;
        break;
      case "run-paused":
        facts.paused = true;
        break;
      case "run-resumed":
        facts.paused = false;
        break;
      case "run-migrated":
        facts.planHash = event.planHash;
        break;
      case "segment-started":
        this.#beginnings.set(event.of, this.seq);
        break;
      case "task-ended":
        this.#beginnings.delete(event.no);
        this.#given.delete(event.no);
        break;
      case "task-retried":
        if (!this.#beginnings.has(event.no)) this.#beginnings.set(event.no, this.seq);
        break;
      case "op-opened":
      case "op-retried":
      case "op-ended":
      case "emitted":
        if (!this.#beginnings.has(event.of)) this.#beginnings.set(event.of, this.seq);
        break;
      default:
        break;
    }
    return advance(this.state, event);
  }

  #execute(commands: readonly Command[]): void {
    for (let index = 0; index < commands.length; index++) {
      if (this.#gone) return;
      const command = commands[index] as Command;
      switch (command.type) {
        case "start-task":
          this.#start(command);
          break;
        case "cancel-task":
          this.#cancelTask(command.no);
          break;
        case "decide-group": {
          const group = this.definition.plan.tasks[command.task]?.does;
          const policy = group !== undefined && "group" in group ? group.policy : { use: "strict" };
          const judge = this.definition.policies.get(policy.use);
          let outcome: Outcome;
          try {
            outcome =
              judge === undefined
                ? {
                    status: "failed",
                    error: { name: "HeddleError", code: "HANDLER_UNKNOWN", message: `No group policy "${policy.use}" is registered.` },
                  }
                : judge(command.members, "with" in policy ? policy.with : undefined);
          } catch (error) {
            outcome = { status: "failed", error: encodeError(error) };
          }
          this.record({ type: "task-ended", atMs: this.stampMs(), no: command.no, task: command.task, outcome });
          break;
        }
        case "set-timer":
          this.#armTimer(command.no, command.dueAtMs);
          break;
        case "cancel-timer": {
          const timer = this.#timers.get(command.no);
          if (timer !== undefined) timer.fire = null;
          this.#timers.delete(command.no);
          break;
        }
        case "end-run":
          if (this.#outcome === null) this.#recordEnd(command.outcome);
          break;
        default:
          command satisfies never;
      }
    }
  }

  /** The whole values of the `fold` channels that this answer's writes, or those of the round that it closes, bring about. */
  #merge(event: { readonly atMs: number } & TaskEnded): { readonly atMs: number } & TaskEnded {
    const { plan, reducers } = this.definition;
    const superstep = plan.discipline === "superstep";
    if (superstep && !closesRound(this.state, event.no)) return event;
    const writes = superstep
      ? pendingWrites(this.state, event)
      : (event.verbs ?? []).flatMap((verb) =>
          "write" in verb && event.outcome.status === "completed" ? [{ channel: verb.write, value: verb.value }] : [],
        );
    const merged: Record<string, Json> = {};
    let held: Readonly<Record<string, Json>> | undefined;
    for (const { channel, value } of writes) {
      const shape = plan.channels?.[channel];
      if (shape?.kind !== "fold") continue;
      const reducer = reducers.get(shape.reducer.use);
      if (reducer === undefined) continue;
      held ??= channelValues(this.state);
      const current = merged[channel] ?? held[channel];
      merged[channel] = this.keep(
        reducer(current === undefined ? undefined : decodeValue(current), decodeValue(value)),
        "the value of channel",
        channel,
      );
    }
    return held === undefined ? event : { ...event, merged };
  }

  #start(command: StartTask): void {
    if (this.#hold !== null) {
      // Not any more. If nothing else is under way, the run can be given up now.
      this.touch();
      return;
    }
    if (command.notBeforeMs !== undefined && command.notBeforeMs > this.stampMs()) {
      this.#rearmStart(command.no, command.notBeforeMs, command);
      return;
    }
    const entry = this.definition.tasks.of(command);
    if (entry === undefined) {
      this.pause("HANDLER_UNKNOWN", `No code is registered for task "${command.task}" of "${this.workflow}".`);
      return;
    }
    const history = this.#history?.get(command.no)?.history() ?? null;
    // Code that dies by itself, outside of steps, is known by its recorded start, or by dying far too often.
    const diesAlone = history !== null && (history.startedAlone ? history.entries.length === 0 : this.crashes >= hopelessAfter);
    if (this.poisonous && diesAlone) {
      this.#leaveChildren(command.no);
      this.record({
        type: "task-ended",
        atMs: this.stampMs(),
        no: command.no,
        task: command.task,
        outcome: { status: "failed", error: { ...encodeError(poisoned(`Task "${command.task}"`, this.runId)), final: true } },
      });
      return;
    }
    if (this.suspect && (history === null || history.entries.length === 0)) {
      this.oneAtATime(() => {
        this.record({ type: "task-started", atMs: this.stampMs(), no: command.no, task: command.task }, () => {
          this.#lineHolder = command.no;
          this.#beginFrame(command, entry, history);
        });
      });
      return;
    }
    this.#beginFrame(command, entry, history);
  }

  #beginFrame(command: StartTask, entry: TaskEntry, history: FrameHistory | null): void {
    const { sources } = entry;
    let given: Given | null = null;
    let input = this.#input;
    if (command.input !== undefined) input = decodeValue(command.input);
    else if (sources !== null) {
      given = this.#given.get(command.no) ?? givenTo(this.state, sources, command);
      input = inputFrom(sources, given);
    }
    const frame = new TaskFrame(this, command, entry, given);
    this.frames.add(frame);
    frame.begin(input, history);
  }

  /** The attempt is over, the activation is not: the next one is given the same. */
  keepGiven(no: number, given: Given | null): void {
    if (given !== null) this.#given.set(no, given);
  }

  #rememberGiven(commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.type !== "start-task" || command.input !== undefined || this.#given.has(command.no)) continue;
      const sources = this.definition.tasks.of(command)?.sources ?? null;
      if (sources !== null) this.#given.set(command.no, givenTo(this.state, sources, command));
    }
  }

  /** What open activations were given and the state alone would not give again. */
  #changedGiven(): [no: number, given: Json][] {
    const changed: [number, Json][] = [];
    for (const command of openActivations(this.state)) {
      const given = this.frames.get(command.no)?.given ?? this.#given.get(command.no);
      if (given === undefined || command.type !== "start-task") continue;
      const sources = this.definition.tasks.of(command)?.sources ?? null;
      if (sources !== null && !isStillHeld(this.state, sources, command, given)) changed.push([command.no, writeGiven(sources, given)]);
    }
    return changed;
  }

  #rearmStart(no: number, dueAtMs: number, command?: StartTask): void {
    const start = command ?? this.#starts.get(no);
    if (start === undefined) return;
    this.#starts.set(no, start);
    this.#waitingStarts.set(
      no,
      this.host.due.add(dueAtMs, () => {
        if (this.releasing) return;
        this.#waitingStarts.delete(no);
        this.#retry(start);
      }),
    );
  }

  /** A further attempt of a function gets back what the attempts before it recorded, and what came in between. */
  #retry(command: StartTask): void {
    const { notBeforeMs: _, ...due } = command;
    this.#historyReads++;
    this.#durably()
      .then(() => this.host.history(this, command.no))
      .then(
        (history) => {
          this.#historyReads--;
          this.touch();
          if (this.#gone || !this.#starts.delete(command.no)) return;
          const entry = this.definition.tasks.of(command);
          if (entry !== undefined) this.#beginFrame(due, entry, history);
        },
        (error: unknown) => this.#lose(error),
      );
  }

  /** Resolves when everything recorded so far is in the journal. */
  #durably(): Promise<void> {
    if (this.#events.length > 0) this.#submit();
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

  #armTimer(no: number, dueAtMs: number): void {
    this.#timers.set(
      no,
      this.host.due.add(dueAtMs, () => {
        if (this.releasing) return;
        this.#timers.delete(no);
        this.record({ type: "timer-fired", atMs: this.stampMs(), no });
      }),
    );
  }

  #cancelTask(no: number): void {
    const frame = this.frames.get(no);
    if (frame !== undefined) {
      this.deliver(() => frame.cancel());
      if (this.#grace === null) this.armGrace();
      return;
    }
    const start = this.#starts.get(no);
    // Neither acting nor waiting for its time: it has ended meanwhile.
    if (start === undefined) return;
    const waiting = this.#waitingStarts.get(no);
    if (waiting !== undefined) waiting.fire = null;
    this.#waitingStarts.delete(no);
    this.#starts.delete(no);
    const { task } = start;
    this.#leaveChildren(no);
    this.record({ type: "task-ended", atMs: this.stampMs(), no, task, outcome: { status: "cancelled" } });
  }

  /** An activation ends while none of its code is there: what it has started follows its policy all the same. */
  #leaveChildren(no: number): void {
    for (const { child } of openOperations(this.state, no))
      if (child !== undefined && child.close !== "detach") this.cancelChild(child.runId);
  }

  /** From now on cancelled code has its grace. */
  armGrace(): void {
    if (this.#grace !== null) this.#grace.fire = null;
    this.#grace = this.host.limits.add(this.host.clock.monotonicMs() + this.host.graceMs, () => this.#giveUp());
  }

  /** Cancelled work did not end within its grace: it is answered for. Compensation is shielded and goes on. */
  #giveUp(): void {
    this.#grace = null;
    for (const frame of this.frames.all()) if (frame.cancelled && !frame.compensating) frame.giveUp();
  }

  #armDeadline(): void {
    if (this.facts.deadlineAtMs === undefined || this.#deadlinePassed) return;
    this.#deadline = this.host.due.add(this.facts.deadlineAtMs, () => {
      if (this.releasing || this.#gone) return;
      this.#deadlinePassed = true;
      this.record({ type: "cancel-requested", atMs: this.stampMs(), reason: "deadline" });
    });
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
    this.seq++;
    this.#fold(event);
    this.#events.push(eventText(event));
    if (this.facts.parent !== undefined) {
      this.#messages.push({
        runId: this.facts.parent.runId,
        id: `child:${this.runId}`,
        atMs,
        body: mailText({ type: "child-ended", child: this.runId, of: this.facts.parent.of, key: this.facts.parent.key, outcome: end }),
      });
    }
    const failed = end.status === "failed" || end.status === "timed-out" ? end.error : undefined;
    this.#release = {
      status: end.status,
      wakeAtMs: null,
      ...(failed === undefined
        ? null
        : { note: failed.message.slice(0, 300), ...(this.#parentless || this.facts.forked ? { dead: failed.code ?? failed.name } : null) }),
    };
  }

  /** Nothing acts and nothing is on its way: the run can wait as rows in the store. */
  #considerRelease(): void {
    if (this.#pausing !== null && this.#release === undefined) {
      this.#release = { status: "paused", wakeAtMs: null, note: this.#pausing.message.slice(0, 300) };
      return;
    }
    if (
      this.#release !== undefined ||
      this.#busyFrames > 0 ||
      this.#steps > 0 ||
      this.#inFlight > 0 ||
      this.#transacting ||
      this.#historyReads > 0 ||
      this.#transactions.length > 0
    )
      return;
    if (this.#deliveries.length > 0 || this.#replaying.size > 0 || this.#gates.length > 0) return;
    if (this.#mailWanted || this.#mailAtHand !== null || this.#mailReading || this.#lineBusy || this.#line.length > 0) return;
    if (this.#hold === "pause") {
      this.pause("RUN_PAUSED", this.#pauseReason ?? "Somebody asked for it.");
      this.#release = { status: "paused", wakeAtMs: null, note: this.#pauseReason ?? null };
      return;
    }
    if (this.#hold === "hand-over") {
      this.#release = { status: "queued", wakeAtMs: this.stampMs() };
      return;
    }
    const nextMs = this.#nextDueMs();
    if (nextMs - this.stampMs() <= shortWaitMs) return;
    this.#release = { status: "waiting", wakeAtMs: nextMs === Number.POSITIVE_INFINITY ? null : Math.ceil(nextMs) };
  }

  #nextDueMs(): number {
    let next = this.facts.deadlineAtMs !== undefined && !this.#deadlinePassed ? this.facts.deadlineAtMs : Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#waitingStarts.values()) next = Math.min(next, dueAtMs);
    for (const { dueAtMs } of this.#timers.values()) next = Math.min(next, dueAtMs);
    for (const frame of this.frames.all()) next = Math.min(next, frame.nextDueMs());
    return next;
  }

  #submit(): void {
    const part = this.#takePart();
    const gates = this.#takeGates();
    const firstSeq = this.seq - part.events.length + 1;
    this.#inFlight++;
    this.host.submit(this, part, (verdict) => this.#answered(part, firstSeq, gates, verdict));
  }

  #takeGates(): Gate[] {
    const gates = this.#gates;
    this.#gates = [];
    return gates;
  }

  /** Everything recorded since the last part. */
  #takePart(): RunPart {
    const events = this.#events;
    const part: Mutable<RunPart> = {
      runId: this.runId,
      epoch: this.epoch,
      expectedSeq: this.seq - events.length,
      events,
      atMs: events.length > 0 ? this.#lastAtMs : this.stampMs(),
    };
    this.#events = [];
    this.#considerSnapshot(part);
    if (this.#mailSeen !== undefined) part.mailSeen = this.#mailSeen;
    if (this.#children.length > 0) part.children = this.#children;
    if (this.#messages.length > 0) part.messages = this.#messages;
    if (this.#release !== undefined) part.release = this.#release;
    if (this.#progress) part.progress = true;
    if (part.children !== undefined) this.#children = [];
    if (part.messages !== undefined) this.#messages = [];
    this.#mailSeen = undefined;
    this.#progress = false;
    this.releasing = this.#release !== undefined;
    this.#release = undefined;
    return part;
  }

  /** A snapshot bounds what a recovery reads. It costs at most half as much as the events before it, and is not needed at the end. */
  #considerSnapshot(part: Mutable<RunPart>): void {
    if (this.host.features.durability === "none") return;
    this.#tailEvents += part.events.length;
    for (const text of part.events) this.#tailBytes += text.length;
    if (
      this.#tailEvents < snapshotEvents ||
      this.#tailBytes < 2 * this.#snapshotBytes ||
      this.#outcome !== null ||
      part.events.length === 0
    )
      return;
    const body = snapshotText(this.state, { ...this.facts, beginnings: [...this.#beginnings], given: this.#changedGiven() });
    part.snapshot = { body };
    this.#tailEvents = 0;
    this.#tailBytes = 0;
    this.#snapshotBytes = body.length;
    this.#dispensableBefore = this.#dispensable;
    this.#dispensable = this.#coveredThrough();
  }

  /** Last event that a snapshot of now and its open functions do without. */
  #coveredThrough(): number {
    return Math.min(this.seq, (this.historyFrom ?? Number.POSITIVE_INFINITY) - 1);
  }

  #answered(part: RunPart, firstSeq: number, gates: Gate[], verdict: PartVerdict): void {
    this.#inFlight--;
    if (this.#gone) return;
    if (verdict.status === "mail") {
      // Mail came while the run was on its way to being parked. Everything stays as it was, without the release.
      const { release: _, ...rest } = part;
      this.releasing = false;
      this.#mailWanted = true;
      this.#inFlight++;
      this.host.submit(this, rest, (again) => this.#answered(rest, firstSeq, gates, again));
      this.#rearm();
      return;
    }
    if (verdict.status !== "ok") {
      this.#lose(verdict.status === "failed" ? verdict.error : undefined);
      return;
    }
    if (part.events.length > 0) this.host.publish(this.runId, firstSeq, part.events);
    if (part.snapshot !== undefined) this.host.snapshotKept(this.runId, this.#dispensableBefore);
    verdict.children?.forEach((child, index) => {
      if (child.status === "exists") this.#childTaken(part.children?.[index] as NewRun);
    });
    if (part.children !== undefined || part.messages !== undefined) {
      this.host.stir([...(part.children ?? []).map(({ row }) => row.runId), ...(part.messages ?? []).map(({ runId }) => runId)]);
    }
    for (let index = 0; index < gates.length; index++) {
      const gate = gates[index] as Gate;
      if (typeof gate === "function") gate();
      else this.#execute(gate);
    }
    if (this.#transactions.length > 0) this.touch();
    if (part.release === undefined) return;
    if (part.release.status === "waiting") {
      this.#disarm();
      this.host.parked(this);
      return;
    }
    this.#gone = true;
    this.#disarm();
    for (const frame of this.frames.all()) frame.abandon(new HeddleError("RUN_ENDED", `Run ${this.runId} has ended.`));
    if (this.#outcome !== null) this.host.ended(this, this.#outcome);
    else this.host.lost(this, new HeddleError("RUN_STALE", `Run ${this.runId} was given up: it is ${part.release.status}.`));
  }

  /** Set all timers anew: some may have fired in vain while the run was on its way to being parked. */
  #rearm(): void {
    this.#disarm();
    for (const frame of this.frames.all()) frame.rearm();
    this.#armDeadline();
    for (const [no, entry] of this.#waitingStarts) this.#rearmStart(no, entry.dueAtMs);
    for (const [no, entry] of this.#timers) this.#armTimer(no, entry.dueAtMs);
    this.touch();
  }

  #lose(error?: unknown): void {
    const reason =
      hasCode(error, "STORE_FAILED") || hasCode(error, "STORE_UNAVAILABLE")
        ? (error as HeddleError)
        : new HeddleError("RUN_STALE", `Run ${this.runId} is owned by another node now: nothing more is recorded for it here.`, {
            data: { runId: this.runId, epoch: this.epoch },
          });
    this.abandon(reason);
    this.host.lost(this, reason);
  }

  #disarm(): void {
    for (const frame of this.frames.all()) frame.disarm();
    for (const entry of [this.#deadline, this.#grace, ...this.#waitingStarts.values(), ...this.#timers.values()])
      if (entry !== null) entry.fire = null;
  }

  /** A request to cancel that came before the run was taken up counts at once: nothing begins any more. */
  #takeCancel(mail: readonly StoredMessage[]): void {
    if (isEnding(this.state)) return;
    const message = mail.find(({ body }) => readMail(body).type === "cancel");
    if (message === undefined) return;
    this.#cancelTaken = message.mailSeq;
    this.#take(message.id, readMail(message.body));
  }

  #takeMail(mail: readonly StoredMessage[]): void {
    for (const message of mail) {
      if (message.mailSeq <= this.#mailTaken) continue;
      this.#mailTaken = message.mailSeq;
      if (message.mailSeq !== this.#cancelTaken) this.#take(message.id, readMail(message.body));
      this.#mailSeen = message.mailSeq;
    }
    this.touch();
  }

  #readMail(): void {
    if (this.#mailReading) return;
    const atHand = this.#mailAtHand;
    if (atHand !== null) {
      this.#mailAtHand = null;
      this.#takeMail(atHand);
      return;
    }
    this.#mailReading = true;
    this.#mailWanted = false;
    this.host.readMail(this.runId).then(
      (mail) => {
        this.#mailReading = false;
        if (this.#gone) return;
        if (this.releasing || this.#historyReads > 0) {
          this.#mailWanted = true;
          return;
        }
        this.#takeMail(mail);
      },
      (error: unknown) => this.#lose(error),
    );
  }

  #take(id: string, mail: Mail): void {
    const atMs = this.stampMs();
    switch (mail.type) {
      case "signal": {
        const receiver = this.#receiverOf(mail.name);
        if (receiver === null)
          this.record({ type: "signal-received", atMs, id, name: mail.name, ...(mail.value === undefined ? null : { value: mail.value }) });
        else
          receiver.frame.conclude(
            receiver.operation,
            { status: "completed", ...(mail.value === undefined ? null : { value: mail.value }) },
            id,
          );
        break;
      }
      case "cancel":
        this.record({ type: "cancel-requested", atMs, ...(mail.reason === undefined ? null : { reason: mail.reason }) });
        break;
      case "pause":
        this.#hold = "pause";
        this.#pauseReason = mail.reason;
        break;
      case "resume":
        break;
      case "child-ended":
        this.#childEnded(mail);
        break;
      case "update": {
        const frame = this.frames.all().find(({ updates }) => updates?.has(mail.name) === true) ?? this.frames.all()[0];
        frame?.handleUpdate(id, mail.name, mail.input);
        break;
      }
      default:
        mail satisfies never;
    }
  }

  /** The id that a child was to have is another run's: its call would wait for ever. Told by mail, for the run may be parked by now. */
  #childTaken(child: NewRun): void {
    const { runId } = child.row;
    const started = readEvent(child.events[0] as string);
    if (started.type !== "run-started" || started.parent === undefined) return;
    const { of, key } = started.parent;
    const error = new HeddleError(
      "RUN_EXISTS",
      `Child "${key}" of run ${this.runId} was not started: there is a run ${runId} already, which is not this call's child. Give the call an id of its own, or none.`,
      { data: { runId, key } },
    );
    const outcome: Outcome = { status: "failed", error: encodeError(error) };
    const body = mailText({ type: "child-ended", child: runId, of, key, outcome });
    this.host.send({ runId: this.runId, id: `taken:${this.seq}:${key}`, atMs: this.stampMs(), body });
  }

  #childEnded({ child, of, key, outcome }: Mail & { type: "child-ended" }): void {
    const frame = this.frames.get(of);
    if (frame !== undefined) {
      frame.childEnded(child, outcome);
      return;
    }
    // Its function waits to be tried again: the next attempt is given this end from the journal.
    const open = openOperations(this.state, of).find((each) => each.key === key && each.op === "call" && each.child?.runId === child);
    if (open === undefined) return;
    const { inputHash } = open;
    this.record({
      type: "op-ended",
      atMs: this.stampMs(),
      of,
      key,
      op: "call",
      ...(inputHash === undefined ? null : { inputHash }),
      outcome,
    });
  }

  #giveUnheard(): void {
    for (const { name } of this.signals.all()) {
      const receiver = this.#receiverOf(name);
      const signal = receiver === null ? null : this.signals.take(name);
      if (receiver === null || signal === null) continue;
      const { id, value } = signal;
      receiver.frame.conclude(receiver.operation, { status: "completed", ...(value === undefined ? null : { value }) }, id);
    }
  }

  /** The wait for this signal that was opened first. */
  #receiverOf(name: string): { readonly frame: TaskFrame; readonly operation: Operation } | null {
    let first: { frame: TaskFrame; operation: Operation } | null = null;
    for (const frame of this.frames.all()) {
      for (const operation of frame.receivers()) {
        if (operation.signal === name && (first === null || operation.openedSeq < first.operation.openedSeq)) first = { frame, operation };
      }
    }
    return first;
  }
}
