import type { CompiledPlan } from "../plan/compiled-plan.ts";
import { rootHome } from "../plan/compiled-plan.ts";
import type { Id, Task } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";
import type { ChannelValues } from "./channels.ts";
import type { Command, DecideGroup, EndRun, SetTimer, StartTask } from "./command.ts";
import type { OpOpened, RunFact } from "./event.ts";
import { type Frame, openRoot } from "./frame.ts";
import { find, type Numbered, numbered } from "./numbered.ts";
import type { ErrorValue, Outcome, RunOutcome } from "./outcome.ts";
import type { Scope } from "./scope.ts";
import type { Verb } from "./verb.ts";

/**
 * Where a run stands. Plain data that only `advance` changes. Invariants:
 * 1. `live` has the record of command `no` until its answer; a start's record is the very command handed out.
 * 2. `frame.live` counts what is open in a frame: activations whose end is not worked off, and inner frames.
 * 3. `frame.halfFull` counts its half-full joins; `openCount`, `timerCount` and `gateCount` count over the run.
 *    So whether something is drained or stalled is known without a search.
 * 4. `line`, `quiet` and `opening` are empty between events, and `restarted` is undefined.
 */
export interface RunState {
  plan: CompiledPlan;
  phase: Phase;
  startedAtMs: number;
  /** Time of the event that is being applied. */
  nowMs: number;
  lastNo: number;
  readonly live: Numbered<Live>;
  /** Activations commanded and not answered. */
  openCount: number;
  timerCount: number;
  gateCount: number;
  /** Activations so far, for the limit. */
  activations: number;
  /** How a limit ended the run, if one did: no reset gets round it. */
  limit: RunOutcome | undefined;
  readonly root: Frame;
  /** Open frames but the root, by serial, which is the order in which they opened. */
  frames: Numbered<Frame> | undefined;
  lastFrame: number;
  /** Open spawns by the value that stands in scopes. */
  spawns: Map<string | number, Frame> | undefined;
  /** How the run ends or ended, from phase `ending` on. */
  outcome: RunOutcome | undefined;
  /** Uncaught failures at the root, oldest first. */
  failures: Failure[] | undefined;
  channels: ChannelValues | undefined;
  round: Round | undefined;
  board: Board | undefined;
  functions: Functions | undefined;
  history: RootHistory | undefined;
  /** Tasks added by amendments, in order, for snapshots. */
  amendments: Readonly<Record<Id, Task>>[] | undefined;

  commands: Command[];
  line: Skipped[];
  quiet: Frame[];
  opening: Opening[];
  /** Tasks that a reset has just started by name, while it gives out tokens again: no trigger of theirs fires. */
  restarted: ReadonlySet<number> | undefined;
  /** Edges and triggers looked at since the run was created: for tests of what `advance` costs. */
  visits: number;
}

/** `fresh`: not started. `ending`: a failure or a cancellation waits for what is open. `closing`: `end-run` is issued. */
export type Phase = "fresh" | "running" | "ending" | "closing" | "ended";

export type Live = OpenTask | OpenGroup | OpenDecision | OpenTimer | OpenEnd;

/** An activation's task and frame, by number. */
interface Place {
  readonly at: number;
  readonly frame: number;
}
export interface OpenTask extends StartTask, Place {}
export interface OpenDecision extends DecideGroup, Place {}
/** A group's activation while its frame is open: nothing is commanded yet. */
export interface OpenGroup extends Omit<StartTask, "type">, Place {
  readonly type: "open-group";
  /** Its frame, by serial. */
  readonly inner: number;
}
export interface OpenTimer extends SetTimer {
  /** Trigger by number. */
  readonly at: number;
}
export type OpenEnd = EndRun;

export interface Failure {
  readonly task: number;
  readonly error: ErrorValue;
}

/** A task whose skip has not delivered yet. */
export interface Skipped {
  readonly frame: Frame;
  readonly task: number;
  /** Task whose failure it comes of, or -1. */
  readonly by: number;
}

export interface Opening {
  readonly frame: Frame;
  next: number;
}

/** An answer whose verbs and edges are to come: kept until its round closes, or until a reset. */
export interface Kept {
  readonly record: OpenTask | OpenDecision;
  readonly outcome: Outcome;
  readonly verbs: readonly Verb[] | undefined;
}

export interface Round {
  number: number;
  /** Activations of the round that have not answered. */
  open: number;
  kept: Kept[];
}

/** No end is kept; never added to. */
export const noneKept: Kept[] = [];

/** What a reset of root tasks needs to know. Made when there is something to keep. */
export interface RootHistory {
  /** Last start of a task that had more to it than its first trigger. */
  readonly starts: Map<number, OpenTask | OpenGroup>;
  /** Labels that the last end of a task took, or that it went elsewhere. */
  readonly takes: Map<number, Taken>;
  /** Tasks that a task's activations spawned. */
  readonly spawned: Map<number, Set<number>>;
  /** Tasks that the end of the run cut off. */
  readonly cut: Set<number>;
  /** Ends that nothing followed. */
  held: Kept[];
}

export interface Taken {
  readonly labels: readonly Id[];
  readonly gone: boolean;
}

export interface Board {
  /** Open gates by trigger, then by scope. */
  readonly gates: Map<number, Map<string | number, Gate>>;
  /** Starts of a task by its scope, where a trigger's `by` gave it one. */
  readonly starts: Map<string, number>;
  /** Times that a time trigger has fired. */
  readonly fired: Map<number, number>;
}

export interface Gate {
  readonly trigger: number;
  readonly scope: Scope;
  /** Artifacts that came so far. */
  matched: number;
  /** By slot, oldest first. */
  readonly slots: Artifact[][];
  /** No of its timer, or 0. */
  timer: number;
}

export interface Artifact {
  readonly blob: Id;
  /** Its count among the gate's artifacts. */
  readonly at: number;
}

export type Signal = Extract<RunFact, { type: "signal-received" }>;

export interface Functions {
  /** By activation. */
  readonly open: Map<number, FunctionState>;
  readonly signals: Map<string, Signal>;
  readonly signalsByName: Map<string, Map<string, Signal>>;
}

export interface FunctionState {
  readonly operations: Map<string, OpOpened>;
  segment: number;
  input: Json | undefined;
}

const none: Command[] = [];

/** A run that has not started: its first event is `run-started`. Costs one row of integers for the root's tasks. */
export function createRun(plan: CompiledPlan): RunState {
  return {
    plan,
    phase: "fresh",
    startedAtMs: 0,
    nowMs: 0,
    lastNo: 0,
    live: numbered(1),
    openCount: 0,
    timerCount: 0,
    gateCount: 0,
    activations: 0,
    limit: undefined,
    root: openRoot(plan.homes[rootHome]!),
    frames: undefined,
    lastFrame: 0,
    spawns: undefined,
    outcome: undefined,
    failures: undefined,
    channels: undefined,
    round: plan.superstep ? { number: 0, open: 0, kept: noneKept } : undefined,
    board: undefined,
    functions: undefined,
    history: undefined,
    amendments: undefined,
    commands: none,
    line: [],
    quiet: [],
    opening: [],
    restarted: undefined,
    visits: 0,
  };
}

/** An open frame by its serial. Records hold serials only for as long as their frame is open. */
export function frameOf(state: RunState, serial: number): Frame {
  return serial === 0 ? state.root : find(state.frames!, serial)!;
}

/** Hand a command out with the event that is being applied. */
export function issue(state: RunState, command: Command): void {
  // A list of one is by far the most common; a literal takes no spare room.
  if (state.commands === none) state.commands = [command];
  else state.commands.push(command);
}

/** The commands of this event; the next one begins with none. */
export function takeCommands(state: RunState): readonly Command[] {
  const { commands } = state;
  state.commands = none;
  return commands;
}

export function rootHistory(state: RunState): RootHistory {
  return (state.history ??= { starts: new Map(), takes: new Map(), spawned: new Map(), cut: new Set(), held: [] });
}

export function boardOf(state: RunState): Board {
  return (state.board ??= { gates: new Map(), starts: new Map(), fired: new Map() });
}
