import type { Json, RunOutcome, RunState, Scope } from "@heddle/kernel";
import {
  channelValues,
  closesRound,
  endingOutcome,
  groupInput,
  halfFullJoins as kernelJoins,
  isToldToCancel,
  itemValues,
  lastOutcome,
  openActivations as kernelActivations,
  openOperations,
  pendingWrites,
  runPhase,
  segmentOf,
  signalBuffer,
  taskValue,
} from "@heddle/kernel/internal";
import { inCanonicalOrder } from "./oracle-end.ts";
import { halfFullJoins } from "./oracle-joins.ts";
import { openActivations, tasksOf, type OracleFrame, type OracleRun } from "./oracle-state.ts";

/** Everything that can be seen of a run besides its commands, in one form for both. */
export interface RunLook {
  readonly phase: string;
  readonly ending: RunOutcome | undefined;
  readonly frames: readonly { readonly scope: Scope; readonly tasks: readonly Json[]; readonly groupInput: Json | undefined }[];
  readonly channels: Json;
  readonly joins: Json;
  readonly cancelled: readonly number[];
  readonly functions: readonly {
    readonly no: number;
    readonly open: readonly string[];
    readonly segment: number;
    readonly input: Json | undefined;
  }[];
  readonly signals: readonly string[];
  /** Activations whose answer will close the round, and the writes that will take effect then. */
  readonly closing: readonly number[];
  readonly pending: readonly Json[];
}

const phases = { new: "fresh", running: "running", ending: "ending", asked: "closing", ended: "ended" };

export function lookAtOracle(run: OracleRun): RunLook {
  return {
    phase: phases[run.phase],
    ending: run.outcome ?? undefined,
    frames: run.frames.map((frame) => ({
      scope: frame.scope,
      tasks: tasksOf(run, frame.home).map((task) => [
        task,
        frame.ends.get(task)?.outcome,
        frame.values.get(task),
        frame.items.get(task)?.map(noValue),
      ]) as Json[],
      groupInput: groupInputOf(run, frame),
    })),
    channels: Object.fromEntries(run.channels),
    joins: halfFullJoins(run, run.frames).map(({ trigger, task, frame, missing }) => ({ trigger, task, scope: frame.scope, missing })),
    cancelled: openActivations(run)
      .filter(({ cancelled }) => cancelled)
      .map(({ no }) => no),
    functions: openActivations(run).map(({ no }) => {
      const ops = run.ops.get(no);
      return { no, open: [...(ops?.open.keys() ?? [])], segment: (ops?.segments ?? 0) + 1, input: ops?.input };
    }),
    signals: run.signals.map(({ id }) => id),
    closing: run.plan.discipline === "superstep" && openActivations(run).length === 1 ? openActivations(run).map(({ no }) => no) : [],
    pending: inCanonicalOrder(run, run.kept).flatMap(({ of, verbs }) =>
      verbs.flatMap((verb) => ("write" in verb ? [{ channel: verb.write, value: verb.value, task: of.task, no: of.no }] : [])),
    ),
  };
}

/** `shape`: the interpreter's run, for the scopes and tasks to look at. */
export function lookAtKernel(state: RunState, shape: OracleRun): RunLook {
  return {
    phase: runPhase(state),
    ending: endingOutcome(state),
    frames: shape.frames.map((frame) => ({
      scope: frame.scope,
      tasks: tasksOf(shape, frame.home).map((task) => [
        task,
        lastOutcome(state, task, frame.scope),
        taskValue(state, task, frame.scope),
        itemValues(state, task, frame.scope)?.map(noValue),
      ]) as Json[],
      groupInput: groupInput(state, frame.scope),
    })),
    channels: channelValues(state),
    joins: kernelJoins(state),
    cancelled: kernelActivations(state)
      .map(({ no }) => no)
      .filter((no) => isToldToCancel(state, no)),
    functions: kernelActivations(state).map(({ no }) => {
      const segment = segmentOf(state, no);
      return { no, open: openOperations(state, no).map(({ key }) => key), segment: segment.number, input: segment.input };
    }),
    signals: signalBuffer(state).map(({ id }) => id),
    closing: kernelActivations(state)
      .map(({ no }) => no)
      .filter((no) => closesRound(state, no)),
    pending: pendingWrites(state).map((write) => ({ ...write })),
  };
}

function noValue(value: Json | undefined): Json {
  return value === undefined ? "(none)" : value;
}

function groupInputOf(run: OracleRun, frame: OracleFrame): Json | undefined {
  for (let at: OracleFrame | null = frame; at !== null; at = at.parent) if (at.of !== null) return run.groupInputs.get(at.of);
  return undefined;
}
