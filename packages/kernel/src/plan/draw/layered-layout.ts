import { type Arrow, layersOf, turnedArrows } from "./layers.ts";
import { lineUp, type Wish } from "./line-up.ts";

// Boxes in rows, arrows leading down: cut circles, give layers, put a cell wherever an arrow passes a row, order the rows so that
// few arrows cross, and move cells sideways until arrows are straight. Deterministic, without recursion, in whole numbers, so that what
// is nearly straight becomes so.

export interface LayoutBox {
  /** At least 1; odd, if arrows are to meet its very middle. */
  readonly width: number;
}

export interface LayoutArrow extends Arrow {
  /** Width of the arrow's text; 0: none. */
  readonly label: number;
}

export interface LayoutOptions {
  /** Least room between cells of a row. */
  readonly gap: number;
  /** Room between the ends of arrows on one side of a box. */
  readonly portGap: number;
}

/** What stands in a row: a box, an arrow's text, or a place where an arrow passes. */
export interface Cell {
  readonly kind: "box" | "label" | "bend";
  /** Number of the box, or of the arrow. */
  readonly of: number;
  readonly row: number;
  readonly width: number;
  left: number;
}

/** The part of an arrow between two rows. */
export interface Link {
  readonly arrow: number;
  readonly upper: Cell;
  readonly lower: Cell;
  /** Where it meets them, from the left edge of each. */
  upperPort: number;
  lowerPort: number;
  /** `down`: its tip is at the lower cell. `up`: it was turned round and its tip is at the upper one. */
  readonly tip: "down" | "up" | "none";
}

export interface Layout {
  readonly rows: readonly (readonly Cell[])[];
  /** By upper row, in the order of arrows. */
  readonly links: readonly (readonly Link[])[];
  readonly width: number;
}

const sweeps = 10;

/** @param arrows none leads from a box to itself */
export function layOut(boxes: readonly LayoutBox[], arrows: readonly LayoutArrow[], options: LayoutOptions): Layout {
  const turned = turnedArrows(boxes.length, arrows);
  const downward = arrows.map(({ from, to }, arrow) => (turned.has(arrow) ? { from: to, to: from } : { from, to }));
  const layers = layersOf(boxes.length, downward);
  const rowOf = rowsOf(layers, arrows, downward, turned);
  const grid = new Grid(boxes, layers, rowOf);
  for (const [arrow, way] of downward.entries()) grid.addArrow(arrow, way, arrows[arrow]!.label, turned.has(arrow));
  grid.order();
  grid.setPorts(options);
  grid.place(options);
  return grid.finish();
}

/** Rows of the layers. Between two layers there is a row for texts, if any stands there: just below where its arrow starts. */
function rowsOf(
  layers: Int32Array,
  arrows: readonly LayoutArrow[],
  downward: readonly Arrow[],
  turned: ReadonlySet<number>,
): readonly number[] {
  const withText = new Set<number>();
  for (const [arrow, { label }] of arrows.entries()) {
    if (label > 0) withText.add(turned.has(arrow) ? layers[downward[arrow]!.to]! - 1 : layers[downward[arrow]!.from]!);
  }
  const rows: number[] = [];
  let row = 0;
  const last = layers.reduce((most, layer) => Math.max(most, layer), -1);
  for (let layer = 0; layer <= last; layer += 1) {
    rows.push(row);
    row += withText.has(layer) ? 2 : 1;
  }
  return rows;
}

class Grid {
  readonly #rows: Cell[][] = [];
  readonly #links: Link[][] = [];
  readonly #boxes: Cell[];
  readonly #rowOf: readonly number[];
  readonly #layers: Int32Array;
  readonly #up = new Map<Cell, Link[]>();
  readonly #down = new Map<Cell, Link[]>();

  constructor(boxes: readonly LayoutBox[], layers: Int32Array, rowOf: readonly number[]) {
    this.#rowOf = rowOf;
    this.#layers = layers;
    this.#boxes = boxes.map(({ width }, box) => this.#cell("box", box, rowOf[layers[box]!]!, width));
  }

  /** A chain of links from row to row; its text stands in the row of texts next to the arrow's own start. */
  addArrow(arrow: number, { from, to }: Arrow, label: number, isTurned: boolean): void {
    const lower = this.#boxes[to]!;
    let upper = this.#boxes[from]!;
    const labelRow = label === 0 ? -1 : isTurned ? this.#rowOf[this.#layers[to]! - 1]! + 1 : upper.row + 1;
    for (let row = upper.row + 1; row <= lower.row; row += 1) {
      const cell =
        row === lower.row ? lower : row === labelRow ? this.#cell("label", arrow, row, label) : this.#cell("bend", arrow, row, 1);
      const tip = isTurned ? (upper.kind === "box" ? "up" : "none") : cell.kind === "box" ? "down" : "none";
      const link: Link = { arrow, upper, lower: cell, upperPort: 0, lowerPort: 0, tip };
      (this.#links[row - 1] ??= []).push(link);
      add(this.#down, upper, link);
      add(this.#up, cell, link);
      upper = cell;
    }
  }

  /** Sweep down and up; each row goes by the middle of what it is linked to. The order with the fewest crossings is kept. */
  order(): void {
    let best = this.#rows.map((row) => [...row]);
    let least = this.#crossings();
    for (let sweep = 0; sweep < sweeps && least > 0; sweep += 1) {
      const down = sweep % 2 === 0;
      const rows = down ? this.#rows : this.#rows.toReversed();
      const positions = new Map<Cell, number>();
      for (const row of rows) {
        const places = new Map(row.map((cell, index) => [cell, middle(this.#neighbours(cell, down), positions) ?? index] as const));
        row.sort((one, other) => places.get(one)! - places.get(other)!);
        for (const [index, cell] of row.entries()) positions.set(cell, index);
      }
      const found = this.#crossings();
      if (found < least) {
        least = found;
        best = this.#rows.map((row) => [...row]);
      }
    }
    for (const [index, row] of best.entries()) this.#rows[index] = row;
  }

  /** Ends of arrows side by side, in the order of what they lead to. */
  setPorts({ portGap }: LayoutOptions): void {
    const positions = this.#positions();
    for (const row of this.#rows) {
      for (const cell of row) {
        const up = sortedBy(this.#up.get(cell) ?? [], (link) => positions.get(link.upper)!);
        for (const [index, link] of up.entries()) link.lowerPort = port(index, up.length, cell.width, portGap);
        const down = sortedBy(this.#down.get(cell) ?? [], (link) => positions.get(link.lower)!);
        for (const [index, link] of down.entries()) link.upperPort = port(index, down.length, cell.width, portGap);
      }
    }
  }

  place({ gap }: LayoutOptions): void {
    for (const row of this.#rows) this.#lineUp(row, gap, () => null);
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
      for (const row of this.#rows) this.#lineUp(row, gap, (cell) => this.#wish(cell, true, false));
      for (const row of this.#rows.toReversed()) this.#lineUp(row, gap, (cell) => this.#wish(cell, false, true));
    }
    for (const row of this.#rows) this.#lineUp(row, gap, (cell) => this.#wish(cell, true, true));
    // What follows one thing only stands right below it.
    for (const row of this.#rows)
      this.#lineUp(row, gap, (cell) =>
        this.#isOnly(cell) ? { ...this.#wish(cell, true, false)!, weight: 100 } : { left: cell.left, weight: 10 },
      );
    // A line that was pulled to both of its ends would bend twice: let it come straight down to the lower one.
    for (const row of this.#rows.toReversed()) {
      this.#lineUp(row, gap, (cell) => (cell.kind === "box" ? { left: cell.left, weight: 1_000 } : this.#wish(cell, false, true)));
    }
  }

  finish(): Layout {
    const least = Math.min(...this.#rows.map(([cell]) => cell?.left ?? 0), Number.POSITIVE_INFINITY);
    let width = 0;
    for (const row of this.#rows) {
      for (const cell of row) {
        cell.left -= least;
        width = Math.max(width, cell.left + cell.width);
      }
    }
    return { rows: this.#rows, links: this.#rows.map((_, row) => this.#links[row] ?? []), width };
  }

  #cell(kind: Cell["kind"], of: number, row: number, width: number): Cell {
    const cell: Cell = { kind, of, row, width, left: 0 };
    while (this.#rows.length <= row) this.#rows.push([]);
    this.#rows[row]!.push(cell);
    return cell;
  }

  #neighbours(cell: Cell, above: boolean): readonly Cell[] {
    return above ? (this.#up.get(cell) ?? []).map(({ upper }) => upper) : (this.#down.get(cell) ?? []).map(({ lower }) => lower);
  }

  #positions(): Map<Cell, number> {
    return new Map(this.#rows.flatMap((row) => row.map((cell, index) => [cell, index] as const)));
  }

  #crossings(): number {
    const positions = this.#positions();
    let count = 0;
    for (const [row, links] of this.#links.entries()) {
      if (links === undefined) continue;
      const ends = sortedBy(links, (link) => positions.get(link.upper)! * (this.#rows[row + 1]!.length + 1) + positions.get(link.lower)!);
      count += inversions(
        ends.map((link) => positions.get(link.lower)!),
        this.#rows[row + 1]!.length,
      );
    }
    return count;
  }

  #lineUp(row: readonly Cell[], gap: number, wishOf: (cell: Cell) => Omit<Wish, "width"> | null): void {
    const lefts = lineUp(
      row.map((cell) => ({ ...(wishOf(cell) ?? { left: null, weight: 1 }), width: cell.width })),
      gap,
    );
    for (const [index, cell] of row.entries()) cell.left = lefts[index]!;
  }

  #isOnly(cell: Cell): boolean {
    const [link, second] = this.#up.get(cell) ?? [];
    return link !== undefined && second === undefined && this.#down.get(link.upper)?.length === 1;
  }

  /** Where its arrows would be straight. Long ones matter most: a line that runs past several rows should not wobble. */
  #wish(cell: Cell, above: boolean, below: boolean): Omit<Wish, "width"> | null {
    let sum = 0;
    let weight = 0;
    const wish = (left: number, other: Cell): void => {
      const pull = cell.kind === "box" ? (other.kind === "box" ? 1 : 2) : other.kind === "box" ? 2 : 8;
      sum += left * pull;
      weight += pull;
    };
    if (above) for (const { upper, upperPort, lowerPort } of this.#up.get(cell) ?? []) wish(upper.left + upperPort - lowerPort, upper);
    if (below) for (const { lower, upperPort, lowerPort } of this.#down.get(cell) ?? []) wish(lower.left + lowerPort - upperPort, lower);
    return weight === 0 ? null : { left: sum / weight, weight };
  }
}

/** Ends of arrows stand evenly about the middle, inside the corners. */
function port(index: number, count: number, width: number, portGap: number): number {
  const step = count < 2 ? 0 : Math.max(0, Math.min(portGap, (width - 3) / (count - 1)));
  return Math.floor((width - 1) / 2 + (index - (count - 1) / 2) * step);
}

function middle(cells: readonly Cell[], positions: ReadonlyMap<Cell, number>): number | null {
  const known = cells.flatMap((cell) => positions.get(cell) ?? []);
  return known.length === 0 ? null : known.reduce((sum, position) => sum + position, 0) / known.length;
}

/** Pairs that stand the wrong way round: arrows that cross. A Fenwick tree counts those to the right of each. */
function inversions(values: readonly number[], size: number): number {
  const tree = new Int32Array(size + 1);
  let count = 0;
  for (const [index, value] of values.entries()) {
    let notRight = 0;
    for (let node = value + 1; node > 0; node -= node & -node) notRight += tree[node]!;
    count += index - notRight;
    for (let node = value + 1; node <= size; node += node & -node) tree[node]! += 1;
  }
  return count;
}

function sortedBy<T>(items: readonly T[], placeOf: (item: T) => number): T[] {
  return [...items].sort((one, other) => placeOf(one) - placeOf(other));
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
