import {
  advance,
  createRun,
  decodeValue,
  outstanding,
  type Command,
  type Json,
  type RunEvent,
  type RunState,
  type StartTask,
  type Task,
} from "@heddle/kernel";
import { openActivations, type GrowingPlan } from "@heddle/kernel/internal";
import type { Definition } from "../definition.ts";
import { noFacts, snapshotText, type RunFacts } from "../snapshot.ts";
import type { TaskEntry } from "../task-table.ts";
import { RunTasks } from "./run-tasks.ts";
import { SparseMap } from "../sparse-map.ts";
import type { InputSource } from "../input-source.ts";
import { withoutHeld, withStop } from "./interrupts.ts";

/** What an activation began with. */
interface Begun {
  readonly given: unknown;
  readonly startedAtMs: number;
}

/** A run as its journal tells it: the kernel's state, and what the engine needs to know besides. */
export class FoldedRun {
  /** Last seq that was applied. */
  seq = 0;
  state: RunState;
  readonly facts: RunFacts;
  readonly #definition: Definition;
  readonly #tasks: RunTasks;
  readonly #runId: string;
  #input: unknown = undefined;
  /** The run's input, a copy for whoever asks. */
  readonly #ownInput = (): unknown => (this.facts.input === undefined ? undefined : decodeValue(this.facts.input));
  /** Where the recorded operations of open activations begin. */
  readonly #beginnings = new SparseMap<number, number>();
  /** What activations were given whose code is not under way: it waits for its next attempt, or for the run to be loaded. */
  readonly #given = new SparseMap<number, unknown>();
  /** When the events came that made them due, of the same activations. */
  readonly #startTimes = new SparseMap<number, number>();

  constructor(runId: string, definition: Definition) {
    this.#runId = runId;
    this.#definition = definition;
    this.#tasks = new RunTasks(definition);
    this.facts = noFacts(runId);
    this.state = createRun(definition.compiled);
  }

  /** Apply the event of `seq`, and say what it makes due. */
  fold(event: RunEvent): readonly Command[] {
    const { facts } = this;
    switch (event.type) {
      case "run-started":
        facts.startedAtMs = event.atMs;
        facts.planHash = event.planHash;
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
        facts.crashes = 0;
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
        if (event.outcome.status === "completed") facts.crashes = 0;
        this.#beginnings.delete(event.no);
        this.#given.delete(event.no);
        this.#startTimes.delete(event.no);
        if (facts.released.length > 0) facts.released = facts.released.filter((no) => no !== event.no);
        if (facts.held.length > 0) facts.held = withoutHeld(facts.held, event.no);
        break;
      case "run-ended":
        facts.held = [];
        facts.released = [];
        break;
      case "channels-written":
        this.#forgetUnlessBegun(event.begun ?? []);
        break;
      case "tasks-held":
        Object.assign(facts, withStop(facts, event));
        break;
      case "tasks-released":
        facts.released = [...facts.released, ...facts.held.filter(({ id }) => id === event.id).flatMap(({ nos }) => nos)];
        facts.held = facts.held.filter(({ id }) => id !== event.id);
        break;
      case "task-retried":
        if (!this.#beginnings.has(event.no)) this.#beginnings.set(event.no, this.seq);
        break;
      case "run-crashed":
        facts.crashes = event.crashes;
        // What was under way may have begun: whoever does it again is told.
        for (const { no } of openActivations(this.state)) if (!this.#beginnings.has(no)) this.#beginnings.set(no, this.seq);
        break;
      case "op-ended":
        if (event.outcome.status === "completed") facts.crashes = 0;
        if (!this.#beginnings.has(event.of)) this.#beginnings.set(event.of, this.seq);
        break;
      case "task-started":
        if (!this.#beginnings.has(event.no)) this.#beginnings.set(event.no, this.seq);
        break;
      case "op-opened":
      case "op-retried":
      case "emitted":
        if (!this.#beginnings.has(event.of)) this.#beginnings.set(event.of, this.seq);
        break;
      default:
        break;
    }
    return advance(this.state, event);
  }

  /** Whether something of an open activation is recorded besides its start. */
  hasHistory(no: number): boolean {
    return this.#beginnings.has(no);
  }

  /** What has begun keeps what it was given; what has not is given what the channels will hold. */
  #forgetUnlessBegun(begun: readonly number[]): void {
    if (!this.#definition.tasks.readChannels) return;
    for (const { no } of openActivations(this.state)) if (!begun.includes(no)) this.#given.delete(no);
  }

  /** A person has to let it go on first. */
  isHeld(no: number): boolean {
    return this.facts.held.some(({ nos }) => nos.includes(no));
  }

  /** Apply one event that is in the journal already. */
  foldStored(seq: number, event: RunEvent): readonly Command[] {
    this.seq = seq;
    const commands = this.fold(event);
    this.remember(commands, event.atMs);
    return commands;
  }

  /** What is known of the task that a command starts; undefined: there is no code for it. */
  entryOf(command: StartTask): TaskEntry | undefined {
    return this.#tasks.of(command, this.state);
  }

  /** A task of the run's plan, or one that was added to it. */
  taskOf(id: string): Task | undefined {
    return this.#tasks.task(id, this.state);
  }

  /** The run's plan, with the tasks that were added to it. Made when it is first asked for, in time in proportion to it. */
  get plan(): GrowingPlan {
    return this.#tasks.plan(this.state);
  }

  /** Be as before the first event. */
  forget(): void {
    this.seq = 0;
    this.state = createRun(this.#definition.compiled);
    this.#tasks.forget();
    Object.assign(this.facts, noFacts(this.#runId));
    this.#input = undefined;
    this.#beginnings.clear();
    this.#given.clear();
    this.#startTimes.clear();
  }

  restore(seq: number, state: RunState, facts: RunFacts): void {
    this.seq = seq;
    this.state = state;
    this.#tasks.forget();
    Object.assign(this.facts, facts);
    this.#input = facts.input === undefined ? undefined : decodeValue(facts.input);
    for (const [no, at] of facts.beginnings) this.#beginnings.set(no, at);
    const changed = new Map(facts.given);
    const open = outstanding(state);
    for (const command of open) {
      const given = command.type === "start-task" ? changed.get(command.no) : undefined;
      if (command.type !== "start-task" || given === undefined) continue;
      const source = this.#sourceOf(command);
      if (source !== null) this.#given.set(command.no, source.parse(given));
    }
    for (const [no, atMs] of facts.startTimes) this.#startTimes.set(no, atMs);
    this.remember(open, facts.startedAtMs);
  }

  /**
   * @param underWay what is known of an activation whose code is under way
   * @param gated commands that are not carried out yet, with the times of the events that made them due
   */
  snapshotText(
    underWay: (no: number) => Begun | undefined,
    gated: readonly { readonly commands: readonly Command[]; readonly atMs: number }[],
  ): string {
    return snapshotText(this.state, {
      ...this.facts,
      beginnings: [...this.#beginnings],
      given: this.#changedGiven(underWay),
      startTimes: this.#laterStartTimes(underWay, gated),
    });
  }

  /** Where the recorded operations of open activations begin; null: there are none. */
  get historyFrom(): number | null {
    return this.#beginnings.size === 0 ? null : Math.min(...this.#beginnings.values());
  }

  /** Where the recorded operations and attempts of an open activation begin; 1: it is not known. */
  beginningOf(no: number): number {
    return this.#beginnings.get(no) ?? 1;
  }

  /** Last event that a snapshot of now and its open functions do without. */
  get coveredThrough(): number {
    return Math.min(this.seq, (this.historyFrom ?? Number.POSITIVE_INFINITY) - 1);
  }

  /** What an activation is given by its source; null: its input comes from elsewhere. */
  givenTo(command: StartTask, source: InputSource | null): unknown {
    return source === null ? null : (this.#given.get(command.no) ?? source.take(this.state, command));
  }

  inputOf(command: StartTask, source: InputSource | null, given: unknown): unknown {
    if (source !== null && given !== null) return source.read(given, command, this.#ownInput);
    return command.input === undefined ? this.#input : decodeValue(command.input);
  }

  /** When the event came that made an open activation due, epoch milliseconds; undefined: that is being carried out just now. */
  startTimeOf(no: number): number | undefined {
    return this.#startTimes.get(no);
  }

  /** The attempt is over, the activation is not: the next one is given the same. */
  keep(no: number, { given, startedAtMs }: Begun): void {
    if (given !== null) this.#given.set(no, given);
    this.#startTimes.set(no, startedAtMs);
  }

  /** These are carried out later: what they are given is what the state holds now, whatever ends before that. */
  remember(commands: readonly Command[], atMs: number): void {
    for (const command of commands) {
      if (command.type !== "start-task") continue;
      const { no } = command;
      if (!this.#startTimes.has(no)) this.#startTimes.set(no, atMs);
      const given = this.#given.has(no) ? null : this.givenTo(command, this.#sourceOf(command));
      if (given !== null) this.#given.set(no, given);
    }
  }

  /** What open activations were given and the state alone would not give again. */
  #changedGiven(underWay: (no: number) => Begun | undefined): [no: number, given: Json][] {
    const changed: [number, Json][] = [];
    for (const command of openActivations(this.state)) {
      const given = underWay(command.no)?.given ?? this.#given.get(command.no);
      if (given === undefined || given === null || command.type !== "start-task") continue;
      const source = this.#sourceOf(command);
      if (source !== null && !source.isStillHeld(this.state, command, given)) changed.push([command.no, source.write(given)]);
    }
    return changed;
  }

  /** Of open activations that did not become due with the run itself. */
  #laterStartTimes(
    underWay: (no: number) => Begun | undefined,
    gated: readonly { readonly commands: readonly Command[]; readonly atMs: number }[],
  ): [no: number, atMs: number][] {
    const times: [number, number][] = [];
    const soon = new Map(gated.flatMap(({ commands, atMs }) => commands.map(({ no }) => [no, atMs] as const)));
    for (const { type, no } of openActivations(this.state)) {
      const atMs = type === "start-task" ? (underWay(no)?.startedAtMs ?? this.#startTimes.get(no) ?? soon.get(no)) : undefined;
      if (atMs !== undefined && atMs !== this.facts.startedAtMs) times.push([no, atMs]);
    }
    return times;
  }

  #sourceOf(command: StartTask): InputSource | null {
    return this.entryOf(command)?.source ?? null;
  }
}
