import type { Json } from "../value/json.ts";
import { type Columns, type Frame, newFrame, row, table, zeroCells } from "./frame.ts";
import { entries } from "./numbered.ts";
import type { Outcome } from "./outcome.ts";
import { frameOf, type RunState } from "./run-state.ts";
import type { Scope } from "./scope.ts";
import { insideOf, registerFrame } from "./start-task.ts";

/** A list of values of which some are not there: those are `null` in `list` and named by `absent`, as begin, length, begin, length. Cut off after the last. */
interface ValuesShape {
  readonly list: readonly Json[];
  readonly absent: readonly number[];
}

interface ColumnsShape {
  /** How far from the cell before, then what it holds, for each cell that is not 0. */
  readonly cells: readonly number[];
  readonly values?: ValuesShape;
  readonly outcomes?: readonly (readonly [number, Outcome])[];
  readonly waiting?: readonly (readonly [number, readonly number[]])[];
  readonly width?: number;
  readonly starts?: readonly (readonly [number, number])[];
  readonly used?: number;
  readonly itemValues?: readonly (readonly [number, ValuesShape])[];
}

export interface FrameShape {
  readonly serial: number;
  readonly kind: Frame["kind"];
  readonly home: number;
  readonly scope: Scope;
  readonly parent?: number;
  readonly opener: number;
  readonly task: number;
  readonly spawner: number;
  readonly item: number;
  /** Absent for an item: its spawn has them. */
  readonly columns?: ColumnsShape;
  readonly live: number;
  readonly halfFull: number;
  readonly ready?: readonly number[];
  readonly stopped: boolean;
  readonly items?: readonly { readonly task: number; readonly youngest: number; readonly count: number; readonly values?: ValuesShape }[];
}

/** The root and the open frames, in opening order: a frame comes after the one it is in. */
export function writeFrames(state: RunState): FrameShape[] {
  return [state.root, ...entries(state.frames)].map(writeFrame);
}

export function readFrames(state: RunState, shapes: readonly FrameShape[]): void {
  for (const shape of shapes) {
    const frame = shape.serial === 0 ? state.root : openFrame(state, shape);
    frame.live = shape.live;
    frame.halfFull = shape.halfFull;
    frame.ready = shape.ready === undefined ? undefined : [...shape.ready];
    frame.stopped = shape.stopped;
    if (shape.columns !== undefined) readColumns(frame.columns, shape.columns);
    if (shape.items !== undefined) {
      frame.items = new Map(
        shape.items.map(({ task, youngest, count, values }) => [
          task,
          { youngest, count, values: values === undefined ? undefined : readValues(values, count) },
        ]),
      );
    }
  }
}

function openFrame(state: RunState, shape: FrameShape): Frame {
  const { serial, kind, home, scope, opener, task, spawner, item } = shape;
  const parent = frameOf(state, shape.parent!);
  const columns = kind === "group" ? row(state.plan.homes[home]!) : kind === "spawn" ? table(shape.columns!.width!) : parent.columns;
  const frame = newFrame(
    serial,
    kind,
    home,
    scope,
    parent,
    opener,
    task,
    spawner,
    item,
    columns,
    insideOf(parent, kind === "group" && state.plan.homes[home]!.stops),
  );
  registerFrame(state, frame);
  if (kind === "spawn") (state.spawns ??= new Map()).set(scope.at(-1)![1], frame);
  if (kind === "item") {
    while (parent.itemFrames!.length < item) parent.itemFrames!.push(undefined);
    parent.itemFrames!.push(frame);
  }
  return frame;
}

function writeFrame(frame: Frame): FrameShape {
  const { serial, kind, home, scope, parent, opener, task, spawner, item, live, halfFull, ready, stopped, items } = frame;
  return {
    serial,
    kind,
    home,
    scope,
    ...(parent === undefined ? undefined : { parent: parent.serial }),
    opener,
    task,
    spawner,
    item,
    ...(kind === "item" ? undefined : { columns: writeColumns(frame.columns) }),
    live,
    halfFull,
    ...(ready === undefined ? undefined : { ready: [...ready] }),
    stopped,
    ...(items === undefined
      ? undefined
      : {
          items: [...items].map(([spawned, { youngest, count, values }]) => ({
            task: spawned,
            youngest,
            count,
            ...(values === undefined ? undefined : { values: writeValues(values) }),
          })),
        }),
  };
}

function writeColumns({ cells, values, outcomes, waiting, width, starts, used, itemValues }: Columns): ColumnsShape {
  const sparse: number[] = [];
  let before = 0;
  for (let index = 0; index < cells.length; index++) {
    if (cells[index] === 0) continue;
    sparse.push(index - before, cells[index]!);
    before = index;
  }
  return {
    cells: sparse,
    ...(width > 0
      ? { width, starts: [...starts!], used, itemValues: [...itemValues!].map(([slot, column]) => [slot, writeValues(column)] as const) }
      : { values: writeValues(values) }),
    ...(outcomes === undefined ? undefined : { outcomes: [...outcomes] }),
    ...(waiting === undefined ? undefined : { waiting: [...waiting].map(([cell, tokens]) => [cell, [...tokens]] as const) }),
  };
}

function readColumns(columns: Columns, shape: ColumnsShape): void {
  if (columns.width > 0) {
    columns.cells = zeroCells(shape.used!);
    columns.used = shape.used!;
    for (const [cell, start] of shape.starts!) columns.starts!.set(cell, start);
    for (const [slot, column] of shape.itemValues!) columns.itemValues!.set(slot, readValues(column, columns.width));
  } else {
    readValues(shape.values!, 0).forEach((value, slot) => {
      columns.values[slot] = value;
    });
  }
  for (let at = 0, index = 0; index < shape.cells.length; index += 2) {
    at += shape.cells[index]!;
    columns.cells[at] = shape.cells[index + 1]!;
  }
  if (shape.outcomes !== undefined) columns.outcomes = new Map(shape.outcomes);
  if (shape.waiting !== undefined) columns.waiting = new Map(shape.waiting.map(([cell, tokens]) => [cell, [...tokens]]));
}

function writeValues(values: readonly unknown[]): ValuesShape {
  const list: Json[] = [];
  const absent: number[] = [];
  let end = values.length;
  while (end > 0 && values[end - 1] === undefined) end--;
  for (let index = 0; index < end; index++) {
    const value = values[index] as Json | undefined;
    list.push(value ?? null);
    if (value !== undefined) continue;
    if (absent.length > 0 && index === absent.at(-2)! + absent.at(-1)!) absent[absent.length - 1]!++;
    else absent.push(index, 1);
  }
  return { list, absent };
}

function readValues({ list, absent }: ValuesShape, length: number): unknown[] {
  const values: unknown[] = [...list];
  while (values.length < length) values.push(undefined);
  for (let index = 0; index < absent.length; index += 2) values.fill(undefined, absent[index], absent[index]! + absent[index + 1]!);
  return values;
}
