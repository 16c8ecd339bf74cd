import type { Channel, DataTrigger, Id, Plan, Schedule } from "./plan.ts";

/**
 * A Plan as dense integer tables. Tasks, triggers and homes have numbers in plan order; an edge is known by its place in
 * `edges`, where the edges out of one task stand side by side. Shared by all runs of the Plan and never changed; a run
 * whose plan is amended goes on with tables of its own.
 *
 * Cells: every home gives each of its tasks and triggers places in one row of integers, the cells of a frame.
 * - a task: its state (`task-cell.ts`); in superstep plans then the round in which a trigger last started it; with several
 *   `skip` triggers then how many of them have been skipped
 * - a trigger, unless it needs none: `headerSize` cells, then one per edge (`joins.ts` says what they hold)
 */
export interface CompiledPlan {
  readonly superstep: boolean;
  readonly maxActivations: number;
  readonly maxRounds: number;
  readonly output: Plan["output"];
  /** A failure at the root that nothing catches is none of the run's. */
  readonly keeps: boolean;

  taskCount: number;
  taskIds: Id[];
  readonly taskNumbers: Map<Id, number>;
  /** `taskSize` integers per task. */
  tasks: Int32Array;
  /** Channels that a task may write, where the plan says so. */
  readonly writes: Map<number, ReadonlySet<Id>>;
  /** Root tasks that had no out-edge when they were added. */
  readonly sinks: number[];

  triggerCount: number;
  readonly triggerIds: Id[];
  /** `triggerSize` integers per trigger. */
  triggers: Int32Array;
  readonly dataTriggers: Map<number, DataTrigger>;
  readonly dataNumbers: Map<Id, number>;
  readonly schedules: Map<number, Schedule>;

  edgeCount: number;
  /** `edgeSize` integers per edge, by source. */
  edges: Int32Array;
  /** Edges into triggers, in order: two integers each, the source and the place in `edges`. */
  inEdges: Int32Array;
  readonly labels: Map<number, Id>;
  /** Last edge out of tasks that got successors by an amendment. */
  readonly lastEdges: Map<number, number>;

  readonly homes: Home[];

  readonly channelIds: readonly Id[];
  readonly channelNumbers: ReadonlyMap<Id, number>;
  readonly channels: readonly Channel[];
  /** Channels by number that each round's close empties. */
  readonly ephemerals: readonly number[];
}

/** The root tasks, or the members of one group. */
export interface Home {
  /** The group's members in plan order; left empty for the root, where nobody asks. */
  readonly members: number[];
  /** Triggers with `after: []`, in order. */
  readonly opening: number[];
  /** Cells that a frame of it has. */
  cells: number;
  /** Tasks at home in it. */
  slots: number;
  /** A failure in it that nothing catches cancels the rest of it. */
  readonly stops: boolean;
}

/** The home of the tasks that belong to no group. */
export const rootHome = 0;

export const taskSize = 8;
/** First edge out of it, or -1. */
export const taskOut = 0;
export const taskCell = 1;
/** Place among the tasks of its home. */
export const taskSlot = 2;
export const taskHome = 3;
/** Home that it opens as a group, or -1. */
export const taskOpens = 4;
export const taskFirstTrigger = 5;
export const taskTriggers = 6;
export const taskFlags = 7;

/** A `failed` edge goes out of it. */
export const flagCaught = 1;
/** All its triggers are control triggers that can be skipped. */
export const flagSkippable = 2;
/** A labelled edge goes out of it. */
export const flagLabelled = 4;

export const triggerSize = 6;
export const triggerTask = 0;
export const triggerKind = 1;
/** First of its cells, or -1. */
export const triggerCell = 2;
export const triggerEdges = 3;
/** First of its edges in `inEdges`. */
export const triggerIn = 4;
/** Taken tokens that a number join waits for; for any kind, plus `triggerIdle`. */
export const triggerNeed = 5;
/** Set in `triggerNeed` when the trigger waits until nothing else is due. */
export const triggerIdle = 1 << 30;

/** Fires at each taken token: `any`, and `all` of one edge, with `wait`. Needs no cell. */
export const kindEach = 0;
export const kindAllWait = 1;
export const kindAllSkip = 2;
export const kindAnySkip = 3;
export const kindNumberWait = 4;
export const kindNumberSkip = 5;
/** `all` with `skip` of one edge, as a task's only trigger. Needs no cell. */
export const kindLoneSkip = 6;
export const kindOpening = 7;
export const kindData = 8;
export const kindTime = 9;

/** Cells before those of the edges, by kind; `idle` adds one more. */
export const headerSize: readonly number[] = [0, 1, 2, 2, 1, 3, 0, 0, 0, 0];
export const hasEdgeCells: readonly boolean[] = [false, true, true, true, true, true, false, false, false, false];

export const edgeSize = 4;
/** Next edge out of the same task, or -1. */
export const edgeNext = 0;
export const edgeTrigger = 1;
/** Cell of its tokens, or -1. */
export const edgeCell = 2;
/** Bit per status of the source that takes it, and the two below. */
export const edgeOn = 3;
/** Taken only with its label. */
export const onLabelled = 1 << 8;
/** Delivers when a spawn has drained, never at an end. */
export const onDrained = 1 << 9;

/** Cell of a trigger's first edge; the others follow. */
export function firstEdgeCell(plan: CompiledPlan, trigger: number): number {
  const record = trigger * triggerSize;
  const idle = (plan.triggers[record + triggerNeed]! & triggerIdle) === 0 ? 0 : 1;
  return plan.triggers[record + triggerCell]! + headerSize[plan.triggers[record + triggerKind]!]! + idle;
}
