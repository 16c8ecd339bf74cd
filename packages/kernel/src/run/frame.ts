import type { Home } from "../plan/compiled-plan.ts";
import type { Outcome } from "./outcome.ts";
import type { Scope } from "./scope.ts";

/**
 * One instance of a home, or a spawn that holds the frames of its items. What it knows of its tasks and triggers stands in
 * `columns`: one row of cells for the root and for a group; the item frames of one spawn share a table that has a column per
 * cell that any of them touched, so that an item costs nothing for the tasks that it never meets.
 */
export interface Frame {
  /** Opening order in the run; 0 is the root. */
  readonly serial: number;
  readonly kind: "root" | "group" | "spawn" | "item";
  /** Home by number; a spawn has that of the frame it is in, but no task at home. */
  readonly home: number;
  readonly scope: Scope;
  readonly parent: Frame | undefined;
  /** No of the group's activation; 0 for others. */
  readonly opener: number;
  /** Task: the group's, the one that is spawned; -1 for the root. */
  readonly task: number;
  /** Task that spawned it; -1 for others than spawns. */
  readonly spawner: number;
  /** Index of an item in its spawn, else -1. */
  readonly item: number;
  readonly columns: Columns;
  /** Activations not worked off, and open frames in it. */
  live: number;
  halfFull: number;
  /** Idle triggers that are satisfied. */
  ready: number[] | undefined;
  /** What is inside; kept only where a failure may have to stop it. */
  readonly inside: Inside | undefined;
  stopped: boolean;
  gone: boolean;
  /** Items of the last drained spawn, by the spawned task. */
  items: Map<number, Items> | undefined;
  /** A spawn's open item frames, by index. */
  readonly itemFrames: (Frame | undefined)[] | undefined;
}

export interface Inside {
  readonly activations: Set<number>;
  readonly frames: Set<Frame>;
}

export interface Items {
  /** Serial of the youngest spawn that has drained. */
  readonly youngest: number;
  readonly count: number;
  readonly values: readonly unknown[] | undefined;
}

/** A plain list where there are few: it is made many times as fast. */
export type Cells = Int32Array | number[];

export interface Columns {
  cells: Cells;
  /** Last values of a root's or group's tasks, by slot. */
  readonly values: unknown[];
  /** Outcomes that a status and a value do not tell, by the task's cell. */
  outcomes: Map<number, Outcome> | undefined;
  /** Tokens that wait behind the first one of an edge, by its cell. */
  waiting: Map<number, number[]> | undefined;
  /** Items of a spawn; 0: the cells are one row. */
  readonly width: number;
  /** Where the column of a cell begins. */
  readonly starts: Map<number, number> | undefined;
  used: number;
  /** Last values of the items' tasks, by slot, then by item. */
  readonly itemValues: Map<number, unknown[]> | undefined;
}

const rootScope: Scope = [];

export function openRoot(home: Home): Frame {
  return newFrame(0, "root", 0, rootScope, undefined, 0, -1, -1, -1, row(home), undefined);
}

export function newFrame(
  serial: number,
  kind: Frame["kind"],
  home: number,
  scope: Scope,
  parent: Frame | undefined,
  opener: number,
  task: number,
  spawner: number,
  item: number,
  columns: Columns,
  inside: Inside | undefined,
): Frame {
  return {
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
    live: 0,
    halfFull: 0,
    ready: undefined,
    inside,
    stopped: false,
    gone: false,
    items: undefined,
    itemFrames: kind === "spawn" ? [] : undefined,
  };
}

/** Cells of a frame that has them for itself. */
export function row(home: Home): Columns {
  return {
    cells: zeroCells(home.cells),
    values: new Array(home.slots),
    outcomes: undefined,
    waiting: undefined,
    width: 0,
    starts: undefined,
    used: 0,
    itemValues: undefined,
  };
}

const fewCells = 256;
const zeros: (number[] | undefined)[] = [];

/** Cells that all hold 0. A copy of a list costs a twentieth of a typed array beyond the size that V8 keeps on its own heap. */
export function zeroCells(count: number): Cells {
  if (count > fewCells) return new Int32Array(count);
  return (zeros[count] ??= Array.from({ length: count }, () => 0)).slice();
}

/** At least so many cells, with the content of these; grown in steps that double. */
export function moreCells(cells: Cells, count: number): Cells {
  if (cells.length >= count) return cells;
  const larger = zeroCells(Math.max(count, cells.length * 2));
  for (let index = 0; index < cells.length; index++) larger[index] = cells[index]!;
  return larger;
}

/** Cells of the item frames of a spawn, made as they are touched. */
export function table(width: number): Columns {
  return {
    cells: [],
    values: [],
    outcomes: undefined,
    waiting: undefined,
    width,
    starts: new Map(),
    used: 0,
    itemValues: new Map(),
  };
}

/** Where a frame keeps a cell. Call it before reading `columns.cells`, which it may have to replace by a larger row. */
export function cellIn(frame: Frame, cell: number): number {
  return frame.item < 0 ? cell : columnOf(frame.columns, cell) + frame.item;
}

/** A cell's content, without making room for it. */
export function cellOf(frame: Frame, cell: number): number {
  if (frame.item < 0) return frame.columns.cells[cell]!;
  const start = frame.columns.starts!.get(cell);
  return start === undefined ? 0 : frame.columns.cells[start + frame.item]!;
}

function columnOf(columns: Columns, cell: number): number {
  const start = columns.starts!.get(cell);
  if (start !== undefined) return start;
  const used = columns.used;
  columns.used += columns.width;
  columns.starts!.set(cell, used);
  columns.cells = moreCells(columns.cells, columns.used);
  return used;
}

export function valueIn(frame: Frame, slot: number): unknown {
  return frame.item < 0 ? frame.columns.values[slot] : frame.columns.itemValues!.get(slot)?.[frame.item];
}

export function setValue(frame: Frame, slot: number, value: unknown): void {
  if (frame.item < 0) {
    const { values } = frame.columns;
    while (values.length < slot) values.push(undefined);
    values[slot] = value;
    return;
  }
  const columns = frame.columns.itemValues!;
  let column = columns.get(slot);
  if (column === undefined) columns.set(slot, (column = new Array(frame.columns.width).fill(undefined)));
  column[frame.item] = value;
}
