import type { CompiledPlan } from "../plan/compiled-plan.ts";
import type { Id, Task } from "../plan/plan.ts";
import { HeddleError } from "../errors/heddle-error.ts";
import type { Json } from "../value/json.ts";
import { addToPlan } from "./amend-plan.ts";
import type { ChannelValues } from "./channels.ts";
import type { OpOpened } from "./event.ts";
import { addGate } from "./gates.ts";
import { type FrameShape, readFrames, writeFrames } from "./frame-snapshot.ts";
import { add, clear, entries, find } from "./numbered.ts";
import { signalReceived } from "./operations.ts";
import type { RunOutcome } from "./outcome.ts";
import {
  createRun,
  type Failure,
  frameOf,
  type Gate,
  type Kept,
  type Live,
  type OpenDecision,
  type OpenGroup,
  type OpenTask,
  type Phase,
  type RunState,
  type Signal,
  type Taken,
} from "./run-state.ts";
import type { Scope } from "./scope.ts";

/** Grows when the shape changes; a snapshot of another version is refused and the journal is folded instead. */
const version = 1;

type LiveShape =
  | (Omit<OpenTask, "scope"> & { readonly scope?: Scope })
  | (Omit<OpenGroup, "scope"> & { readonly scope?: Scope })
  | Exclude<Live, OpenTask | OpenGroup>;

interface KeptShape extends Omit<Kept, "record" | "verbs"> {
  readonly record: LiveShape;
  readonly verbs?: Kept["verbs"];
}

interface Shape {
  readonly version: number;
  readonly tasks: number;
  readonly amendments?: readonly Readonly<Record<Id, Task>>[];
  readonly phase: Phase;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly lastNo: number;
  readonly lastFrame: number;
  readonly activations: number;
  readonly limit?: RunOutcome;
  readonly outcome?: RunOutcome;
  readonly failures?: readonly Failure[];
  readonly frames: readonly FrameShape[];
  readonly live: readonly LiveShape[];
  readonly channels?: readonly ({ readonly value?: Json } | { readonly entries: readonly (readonly [string | number, Json])[] })[];
  readonly round?: { readonly number: number; readonly open: number; readonly kept: readonly KeptShape[] };
  readonly board?: {
    readonly gates: readonly Gate[];
    readonly starts: readonly (readonly [string, number])[];
    readonly fired: readonly (readonly [number, number])[];
  };
  readonly functions?: {
    readonly open: readonly {
      readonly of: number;
      readonly segment: number;
      readonly input?: Json;
      readonly operations: readonly OpOpened[];
    }[];
    readonly signals: readonly Signal[];
  };
  readonly history?: {
    readonly starts: readonly (readonly [number, LiveShape])[];
    readonly takes: readonly (readonly [number, Taken])[];
    readonly spawned: readonly (readonly [number, readonly number[]])[];
    readonly cut: readonly number[];
    readonly held: readonly KeptShape[];
  };
}

/**
 * A run's state as data. `restoreRun` with it, and `advance` over the later events, gives what folding the whole journal gives.
 * Takes time and space in proportion to the state. Shares values with the state, and nothing that later events change.
 */
export function snapshotRun(state: RunState): Json {
  const { board, functions, history } = state;
  const live = entries(state.live).map((record) => writeRecord(state, record));
  const shape: Shape = {
    version,
    tasks: state.plan.taskCount,
    ...(state.amendments === undefined ? undefined : { amendments: [...state.amendments] }),
    phase: state.phase,
    startedAtMs: state.startedAtMs,
    nowMs: state.nowMs,
    lastNo: state.lastNo,
    lastFrame: state.lastFrame,
    activations: state.activations,
    ...(state.limit === undefined ? undefined : { limit: state.limit }),
    ...(state.outcome === undefined ? undefined : { outcome: state.outcome }),
    ...(state.failures === undefined ? undefined : { failures: [...state.failures] }),
    frames: writeFrames(state),
    live,
    ...(state.channels === undefined ? undefined : { channels: state.channels.values.map(writeChannel) }),
    ...(state.round === undefined
      ? undefined
      : { round: { number: state.round.number, open: state.round.open, kept: state.round.kept.map((end) => writeKept(state, end)) } }),
    ...(board === undefined
      ? undefined
      : {
          board: {
            gates: [...board.gates.values()].flatMap((gates) =>
              [...gates.values()].map((gate) => ({ ...gate, slots: gate.slots.map((slot) => [...slot]) })),
            ),
            starts: [...board.starts],
            fired: [...board.fired],
          },
        }),
    ...(functions === undefined
      ? undefined
      : {
          functions: {
            open: [...functions.open].map(([of, { segment, input, operations }]) => ({
              of,
              segment,
              ...(input === undefined ? undefined : { input }),
              operations: [...operations.values()],
            })),
            signals: [...functions.signals.values()],
          },
        }),
    ...(history === undefined
      ? undefined
      : {
          history: {
            starts: [...history.starts].map(([task, record]) => [task, writeRecord(state, record)] as const),
            takes: [...history.takes],
            spawned: [...history.spawned].map(([task, tasks]) => [task, [...tasks]] as const),
            cut: [...history.cut],
            held: history.held.map((end) => writeKept(state, end)),
          },
        }),
  };
  return shape as unknown as Json;
}

/**
 * The state that `snapshotRun` wrote, over the tables of the same Plan.
 *
 * @throws HeddleError `VALUE_UNREADABLE` it is no snapshot, one of another version or of another plan: fold the journal from its start
 */
export function restoreRun(plan: CompiledPlan, snapshot: Json): RunState {
  try {
    return restore(plan, snapshot as unknown as Shape);
  } catch (error) {
    if (error instanceof HeddleError) throw error;
    throw new HeddleError("VALUE_UNREADABLE", "The snapshot cannot be read. Fold the journal from its start.", { cause: error });
  }
}

function restore(plan: CompiledPlan, shape: Shape): RunState {
  if (shape.version !== version)
    throw new HeddleError(
      "VALUE_UNREADABLE",
      `The snapshot has version ${shape.version}, and this is ${version}. Fold the journal from its start.`,
    );
  const state = createRun(plan);
  for (const tasks of shape.amendments ?? []) addToPlan(state, tasks);
  if (state.plan.taskCount !== shape.tasks) {
    throw new HeddleError(
      "VALUE_UNREADABLE",
      `The snapshot is of a plan of ${shape.tasks} tasks, and this one has ${state.plan.taskCount}. Fold the journal from its start.`,
    );
  }
  state.phase = shape.phase;
  state.startedAtMs = shape.startedAtMs;
  state.nowMs = shape.nowMs;
  state.lastNo = shape.lastNo;
  state.lastFrame = shape.lastFrame;
  state.activations = shape.activations;
  state.limit = shape.limit;
  state.outcome = shape.outcome;
  state.failures = shape.failures === undefined ? undefined : [...shape.failures];
  readFrames(state, shape.frames);
  readLive(state, shape.live);
  if (shape.channels !== undefined) state.channels = { values: shape.channels.map(readChannel(plan)), views: [] };
  if (shape.round !== undefined)
    state.round = { number: shape.round.number, open: shape.round.open, kept: shape.round.kept.map((end) => readKept(state, end)) };
  readBoard(state, shape);
  readFunctions(state, shape);
  if (shape.history !== undefined) {
    state.history = {
      starts: new Map(shape.history.starts.map(([task, record]) => [task, readRecord(state, record) as OpenTask | OpenGroup])),
      takes: new Map(shape.history.takes),
      spawned: new Map(shape.history.spawned.map(([task, tasks]) => [task, new Set(tasks)])),
      cut: new Set(shape.history.cut),
      held: shape.history.held.map((end) => readKept(state, end)),
    };
  }
  return state;
}

function readLive(state: RunState, shapes: readonly LiveShape[]): void {
  clear(state.live, shapes[0]?.no ?? state.lastNo + 1);
  for (const shape of shapes) {
    const record = readRecord(state, shape);
    add(state.live, record.no, record);
    if (record.type === "set-timer") state.timerCount++;
    else if (record.type === "start-task" || record.type === "decide-group") state.openCount++;
    if (record.type !== "set-timer" && record.type !== "end-run") frameOf(state, record.frame).inside?.activations.add(record.no);
  }
}

/** A record without what its frame tells and without fields that are not set. */
function writeRecord(state: RunState, record: Live): LiveShape {
  if (record.type !== "start-task" && record.type !== "open-group") return record;
  const { scope, trigger, input, consumed, notBeforeMs, ...rest } = record;
  const frame = record.frame === 0 ? state.root : state.frames === undefined ? undefined : find(state.frames, record.frame);
  return {
    ...rest,
    ...(scope === frame?.scope ? undefined : { scope }),
    ...(trigger === undefined ? undefined : { trigger }),
    ...(input === undefined ? undefined : { input }),
    ...(consumed === undefined ? undefined : { consumed }),
    ...(notBeforeMs === undefined ? undefined : { notBeforeMs }),
  };
}

/** In the order of fields in which `startTask` makes records, so that they are of one kind to the machine. */
function readRecord(state: RunState, shape: LiveShape): Live {
  if (shape.type === "decide-group") {
    const { type, task, scope, nth, attempt, no, members, at, frame } = shape;
    return {
      type,
      task,
      scope: frame === 0 && scope.length > 0 ? scope : frameOf(state, frame).scope,
      nth,
      attempt,
      no,
      members,
      at,
      frame,
    };
  }
  if (shape.type === "end-run" || shape.type === "set-timer") return shape;
  const { type, task, nth, attempt, no, trigger, input, consumed, notBeforeMs, at, frame } = shape;
  const scope = shape.scope ?? frameOf(state, frame).scope;
  if (type === "start-task") return { type, task, scope, nth, attempt, no, trigger, input, consumed, notBeforeMs, at, frame };
  return { type, task, scope, nth, attempt, no, trigger, input, consumed, notBeforeMs, at, frame, inner: shape.inner };
}

function writeKept(state: RunState, { record, outcome, verbs }: Kept): KeptShape {
  return { record: writeRecord(state, record), outcome, ...(verbs === undefined ? undefined : { verbs }) };
}

function readKept(state: RunState, { record, outcome, verbs }: KeptShape): Kept {
  return { record: readRecord(state, record) as OpenTask | OpenDecision, outcome, verbs };
}

function writeChannel(
  value: ChannelValues["values"][number],
): { readonly value?: Json } | { readonly entries: readonly (readonly [string | number, Json])[] } {
  if (value instanceof Map) return { entries: [...value] };
  return value === undefined ? {} : { value: Array.isArray(value) ? [...value] : value };
}

function readChannel(
  plan: CompiledPlan,
): (shape: NonNullable<Shape["channels"]>[number], number: number) => ChannelValues["values"][number] {
  return (shape, number) => {
    if ("entries" in shape) return new Map(shape.entries);
    return plan.channels[number]?.kind === "append" ? [...(shape.value as Json[])] : shape.value;
  };
}

function readBoard(state: RunState, { board }: Shape): void {
  if (board === undefined) return;
  state.board = { gates: new Map(), starts: new Map(board.starts), fired: new Map(board.fired) };
  for (const { trigger, scope, matched, slots, timer } of board.gates) {
    addGate(state, { trigger, scope, matched, slots: slots.map((slot) => [...slot]), timer });
  }
}

function readFunctions(state: RunState, { functions }: Shape): void {
  if (functions === undefined) return;
  state.functions = { open: new Map(), signals: new Map(), signalsByName: new Map() };
  for (const { of, segment, input, operations } of functions.open) {
    state.functions.open.set(of, { segment, input, operations: new Map(operations.map((operation) => [operation.key, operation])) });
  }
  for (const signal of functions.signals) signalReceived(state, signal);
}
