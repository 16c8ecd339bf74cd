import type { Activation, Command, ErrorValue, Frame, Id, Json, Outcome, Plan, RunOutcome, Scope, Task, Verb } from "@heddle/kernel";

/**
 * State of the naive interpreter of `docs/plan.md`. It keeps everything by name and finds everything by looking at all of it:
 * slow, and plain enough to be checked against the page by reading.
 */
export interface OracleRun {
  readonly plan: Plan;
  /** The plan's tasks and those that came by `plan-amended`, in order. */
  readonly tasks: Map<Id, Task>;
  readonly homes: Map<Id, Id | null>;
  /** `new`: not started. `asked`: `end-run` is issued. `ended`: it is answered. */
  phase: "new" | "running" | "ending" | "asked" | "ended";
  startedAtMs: number;
  /** Last number given out. */
  lastNo: number;
  /** How the run will end, from `ending` on. */
  outcome: RunOutcome | null;
  endRun: Command | null;
  activationCount: number;
  roundCount: number;
  roundRunning: boolean;
  /** A limit has ended the run. */
  limited: boolean;
  /** Frame and task that control triggers have started in the round that is being made or run. */
  readonly startedInRound: Set<string>;
  /** Open frames in the order in which they opened; the root comes first. */
  frames: OracleFrame[];
  lastFrame: number;
  readonly activations: Map<number, OracleActivation>;
  /** Ends of the running round. */
  kept: KeptEnd[];
  readonly spawns: Map<string, OracleSpawn>;
  readonly timers: Map<number, OracleTimer>;
  readonly gates: Map<string, OracleGate>;
  readonly channels: Map<Id, Json>;
  /** Uncaught failures at the root, first one first. */
  failures: { readonly task: Id; readonly error: ErrorValue }[];
  /** Root tasks that the end of the run cut off, and ends from which nothing followed: what a reset takes up again. */
  readonly cutOff: Set<Id>;
  notFollowed: KeptEnd[];
  /** Per root task: what its last start in the root was given, and what its activations there have spawned. */
  readonly lastStarts: Map<Id, StartOptions>;
  readonly spawned: Map<Id, Set<Id>>;
  /** What the open groups were started with, by number. */
  readonly groupInputs: Map<number, Json>;
  /** Starts per task and scope. */
  readonly starts: Map<string, number>;
  readonly ops: Map<number, { open: Map<string, Json>; segments: number; input?: Json }>;
  signals: { readonly id: string; readonly name: string; readonly value?: Json }[];
  /** Skips that have not delivered their edges yet. Empty between events. */
  line: { readonly frame: OracleFrame; readonly task: Id; readonly outcome: Outcome }[];
  /** Commands of the event that is being worked off, and its time. */
  issued: Command[];
  atMs: number;
}

/** What a start is given besides its task. */
export interface StartOptions {
  readonly trigger?: Id | undefined;
  readonly input?: Json | undefined;
  readonly consumed?: readonly Id[] | undefined;
  /** Default: the frame's. */
  readonly scope?: Scope;
}

export interface OracleActivation extends Activation {
  readonly attempt: number;
  readonly frame: OracleFrame;
  /** `inner`: a group whose frame is open, so that it has no command. */
  readonly stage: "task" | "inner" | "deciding";
  readonly command: Command | null;
  readonly cancelled: boolean;
}

export interface OracleFrame {
  /** Grows in opening order. */
  readonly id: number;
  readonly parent: OracleFrame | null;
  readonly kind: "root" | "group" | "item";
  /** Group whose members live here; null: the root tasks. */
  readonly home: Id | null;
  readonly scope: Scope;
  /** Activation of the group, when it is a group frame. */
  readonly of: number | null;
  /** Key of its spawn and place in it, when it is an item frame. */
  readonly spawn: string | null;
  readonly index: number;
  stopped: boolean;
  readonly joins: Map<Id, OracleJoin>;
  readonly ready: Set<Id>;
  readonly started: Set<Id>;
  readonly skipped: Set<Id>;
  readonly ends: Map<Id, TaskEnd>;
  readonly values: Map<Id, Json>;
  /** Last spawn of each task out of this frame, and the values of the one that drained last. */
  readonly lastSpawns: Map<Id, string>;
  readonly drained: Set<string>;
  readonly items: Map<Id, readonly (Json | undefined)[]>;
}

/** What the edges of a task say when it ends. */
export interface TaskEnd {
  readonly outcome: Outcome;
  readonly labels: readonly Id[];
  readonly left: boolean;
}

export interface Token {
  readonly taken: boolean;
  /** Source of the failure, when tainted. */
  readonly by: Id | null;
}

export interface OracleJoin {
  /** Per edge. `all`: what it holds, oldest first. `any` and numbers: all that ever came. */
  readonly tokens: Token[][];
  fired: boolean;
  /** Set by the first skip. */
  skip: { readonly by: Id | null } | null;
}

export interface OracleSpawn {
  readonly frame: OracleFrame;
  readonly task: Id;
  readonly by: Id;
  readonly values: (Json | undefined)[];
  left: number;
}

export interface KeptEnd {
  readonly of: OracleActivation;
  readonly outcome: Outcome;
  readonly verbs: readonly Verb[];
}

export interface OracleTimer {
  readonly command: Command;
  readonly does: { readonly task: Id; readonly trigger: Id; readonly count: number } | { readonly gate: string };
}

export interface OracleGate {
  readonly task: Id;
  readonly trigger: Id;
  readonly scope: Scope;
  /** Per slot, oldest first; `seq` counts what this gate was ever given. */
  slots: { blob: Id; seq: number }[][];
  seen: number;
  timer: number | null;
}

/** Thrown inside the interpreter to leave whatever it is doing: the run ends with this outcome at once. */
export class EndAtOnce extends Error {
  readonly outcome: RunOutcome;

  constructor(outcome: RunOutcome) {
    super("the run ends at once");
    this.outcome = outcome;
  }
}

export function createOracle(plan: Plan): OracleRun {
  const run: OracleRun = {
    plan,
    tasks: new Map(),
    homes: new Map(),
    phase: "new",
    startedAtMs: 0,
    lastNo: 0,
    outcome: null,
    endRun: null,
    activationCount: 0,
    roundCount: 0,
    roundRunning: false,
    limited: false,
    startedInRound: new Set(),
    frames: [],
    lastFrame: 0,
    activations: new Map(),
    kept: [],
    cutOff: new Set(),
    notFollowed: [],
    lastStarts: new Map(),
    spawned: new Map(),
    spawns: new Map(),
    timers: new Map(),
    gates: new Map(),
    channels: new Map(),
    failures: [],
    groupInputs: new Map(),
    starts: new Map(),
    ops: new Map(),
    signals: [],
    line: [],
    issued: [],
    atMs: 0,
  };
  addTasks(run, plan.tasks);
  for (const [id, channel] of Object.entries(plan.channels ?? {})) {
    if (channel.kind === "append") run.channels.set(id, channel.initial ?? []);
    else if (channel.kind === "sum") run.channels.set(id, channel.initial ?? 0);
    else if (channel.kind === "keyed") run.channels.set(id, channel.initial ?? []);
    else if (channel.kind === "put") run.channels.set(id, channel.initial ?? {});
    else if (channel.kind !== "log" && channel.initial !== undefined) run.channels.set(id, channel.initial);
  }
  return run;
}

export function openFrame(
  run: OracleRun,
  frame: Pick<OracleFrame, "parent" | "kind" | "home" | "scope"> & Partial<Pick<OracleFrame, "of" | "spawn" | "index">>,
): OracleFrame {
  const opened: OracleFrame = {
    of: null,
    spawn: null,
    index: 0,
    ...frame,
    id: ++run.lastFrame,
    stopped: false,
    joins: new Map(),
    ready: new Set(),
    started: new Set(),
    skipped: new Set(),
    ends: new Map(),
    values: new Map(),
    lastSpawns: new Map(),
    drained: new Set(),
    items: new Map(),
  };
  run.frames.push(opened);
  return opened;
}

/** The group that lists a task; null: it is at home in the root; undefined: there is no such task. */
export function homeOf(run: OracleRun, task: Id): Id | null | undefined {
  return run.homes.get(task);
}

/** Adds tasks at the end of the order. */
export function addTasks(run: OracleRun, tasks: Readonly<Record<Id, Task>>): void {
  for (const [id, task] of Object.entries(tasks)) run.tasks.set(id, task);
  for (const id of Object.keys(tasks)) run.homes.set(id, null);
  for (const [id, { does }] of Object.entries(tasks)) if ("group" in does) for (const member of does.group) run.homes.set(member, id);
}

export function tasksOf(run: OracleRun, home: Id | null): Id[] {
  return [...run.tasks.keys()].filter((task) => homeOf(run, task) === home);
}

export function rootOf(run: OracleRun): OracleFrame {
  const [root] = run.frames;
  if (root === undefined) throw new Error("no root frame");
  return root;
}

/** The frame itself and all in it. */
export function within(frame: OracleFrame, outer: OracleFrame): boolean {
  for (let at: OracleFrame | null = frame; at !== null; at = at.parent) if (at === outer) return true;
  return false;
}

/** Activations with a command that waits for its answer, by number. */
export function openActivations(run: OracleRun): OracleActivation[] {
  return [...run.activations.values()].filter((activation) => activation.stage !== "inner").sort((a, b) => a.no - b.no);
}

export function kernelError(code: string, message: string, data: Json, cause?: ErrorValue): ErrorValue {
  return { name: "HeddleError", code, message, data, ...(cause === undefined ? {} : { cause }) };
}

export function refuse(code: string, message: string, data: Json): never {
  throw new EndAtOnce({ status: "failed", error: kernelError(code, message, data) });
}

const kinds: readonly Frame[0][] = ["group", "spawn", "item", "corr", "tenant", "key"];

/** Rule 20. */
export function compareScopes(a: Scope, b: Scope): number {
  for (const [at, frame] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order =
      kinds.indexOf(frame[0]) - kinds.indexOf(other[0]) ||
      (frame[0] === "spawn" ? compareSpawns(frame[1], other[1]) : compareValues(frame[1], other[1]));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareSpawns(a: string | number, b: string | number): number {
  const [noA = 0, countA = 1] = String(a).split(".").map(Number);
  const [noB = 0, countB = 1] = String(b).split(".").map(Number);
  return noA - noB || countA - countB;
}

function compareValues(a: string | number, b: string | number): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  if (typeof b === "number") return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
