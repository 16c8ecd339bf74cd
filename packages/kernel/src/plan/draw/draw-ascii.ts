import type { Plan } from "../plan.ts";
import { Canvas } from "./canvas.ts";
import { type DrawnNode, type Drawing, drawingOf, rootHome } from "./drawing.ts";
import { type Cell, layOut, type Layout, type Link } from "./layered-layout.ts";
import { homesInsideOut } from "./nesting.ts";
import { textWidth } from "./text-width.ts";
import { tracksOf } from "./tracks.ts";

export interface DrawAsciiOptions {
  /** Draw with `+ - |` only, for terminals and files that know no other characters. Default false: box-drawing characters. */
  readonly plain?: boolean;
}

/** A valid plan in characters, top to bottom, for terminals and text files. The same plan gives the same text. */
export function drawAscii(plan: Plan, options: DrawAsciiOptions = {}): string {
  const drawing = drawingOf(plan);
  const pages = new Map<number, Canvas>();
  for (const home of homesInsideOut(drawing)) pages.set(home, drawHome(drawing, home, pages));
  const text = pages.get(rootHome)?.toString() ?? "";
  return options.plain === true ? text.replace(/[^\x00-\x7f]/gu, (character) => plainOf.get(character) ?? "?") : text;
}

const drawnCharacters = "┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝─═│║▼▲●↺◷…";
/** In the same order. */
const plainCharacters = "+++++++++++++++++--||v^*@@~";
const plainOf: ReadonlyMap<string, string> = new Map(
  drawnCharacters.split("").map((drawn, index) => [drawn, plainCharacters.charAt(index)]),
);

/** One home's nodes and edges; the groups in it are drawn already. */
function drawHome({ nodes, edges, homes }: Drawing, home: number, pages: ReadonlyMap<number, Canvas>): Canvas {
  const members = homes.get(home) ?? [];
  const places = new Map(members.map((node, place) => [node, place]));
  const inner = edges.filter(({ from, to }) => places.has(from) && places.has(to));
  const loops = new Map<number, string[]>();
  for (const { from, to, label } of inner) if (from === to) loops.set(from, [...(loops.get(from) ?? []), label]);
  const arrows = inner.filter(({ from, to }) => from !== to);
  const [out, into] = [new Map<number, number>(), new Map<number, number>()];
  for (const { from, to } of arrows) {
    out.set(from, (out.get(from) ?? 0) + 1);
    into.set(to, (into.get(to) ?? 0) + 1);
  }
  const boxes = members.map((node) =>
    boxOf(nodes[node]!, pages.get(node), loops.get(node) ?? [], Math.max(out.get(node) ?? 0, into.get(node) ?? 0)),
  );

  const layout = layOut(
    boxes,
    arrows.map(({ from, to, label }) => ({ from: places.get(from)!, to: places.get(to)!, label: textWidth(label) })),
    { gap: 2, portGap: 6 },
  );
  return new Page(
    layout,
    boxes,
    arrows.map(({ label, on }) => ({ label, dashed: on !== "ok" })),
  ).draw();
}

interface Box {
  readonly width: number;
  readonly height: number;
  draw(page: Canvas, left: number, top: number): void;
  /** Whether it has a border that arrows leave from. */
  readonly bordered: boolean;
}

function boxOf(node: DrawnNode, page: Canvas | undefined, loops: readonly string[], ends: number): Box {
  if (node.kind === "start") return { width: 1, height: 1, bordered: false, draw: (on, left, top) => on.put(left, top, "●") };
  if (node.kind === "end") return { width: 1, height: 1, bordered: false, draw: (on, left, top) => on.put(left, top, "◉") };
  if (node.kind === "clock" || node.kind === "artifacts") {
    const text = node.kind === "clock" ? `◷ ${node.label}` : `( ${node.label} )`;
    return { width: textWidth(text), height: 1, bordered: false, draw: (on, left, top) => on.put(left, top, text) };
  }
  const repeats = loops.map((label) => (label === "" ? "↺" : `↺ ${label}`));
  return page === undefined || page.width === 0 ? taskBox(node, repeats, ends) : groupBox(node, page, repeats);
}

function taskBox(node: DrawnNode, repeats: readonly string[], ends: number): Box {
  const lines = [node.label, ...node.notes, ...repeats];
  const width = Math.max(...lines.map(textWidth), Math.min(ends, 12) * 2 - 1) + 4;
  const [corners, across, upright] = node.kind === "task" ? ["┌┐└┘", "─", "│"] : ["╔╗╚╝", "═", "║"];
  return {
    width,
    height: lines.length + 2,
    bordered: true,
    draw(page, left, top) {
      page.put(left, top, `${corners[0]}${across.repeat(width - 2)}${corners[1]}`);
      for (const [index, line] of lines.entries()) {
        const room = width - 4 - textWidth(line);
        page.put(
          left,
          top + 1 + index,
          `${upright} ${" ".repeat(Math.floor(room / 2))}${line}${" ".repeat(Math.ceil(room / 2))} ${upright}`,
        );
      }
      page.put(left, top + lines.length + 1, `${corners[2]}${across.repeat(width - 2)}${corners[3]}`);
    },
  };
}

function groupBox(node: DrawnNode, inner: Canvas, repeats: readonly string[]): Box {
  const notes = [...node.notes, ...repeats];
  const title = ` ${node.label}${notes.length === 0 ? "" : ` (${notes.join(", ")})`} `;
  const width = Math.max(inner.width + 4, textWidth(title) + 4);
  const height = inner.height + 2;
  return {
    width,
    height,
    bordered: true,
    draw(page, left, top) {
      page.put(left, top, `╭─${title}${"─".repeat(width - 3 - textWidth(title))}╮`);
      for (let row = 1; row < height - 1; row += 1) {
        page.put(left, top + row, "│");
        page.put(left + width - 1, top + row, "│");
      }
      page.put(left, top + height - 1, `╰${"─".repeat(width - 2)}╯`);
      page.draw(inner, left + Math.floor((width - inner.width) / 2), top + 1);
    },
  };
}

/** A layout on its way to a page: heights of rows and of the gaps between them. */
class Page {
  readonly #layout: Layout;
  readonly #boxes: readonly Box[];
  readonly #arrows: readonly { readonly label: string; readonly dashed: boolean }[];

  constructor(layout: Layout, boxes: readonly Box[], arrows: readonly { readonly label: string; readonly dashed: boolean }[]) {
    this.#layout = layout;
    this.#boxes = boxes;
    this.#arrows = arrows;
  }

  draw(): Canvas {
    const { rows, links, width } = this.#layout;
    const gaps = links.map((between) => new Gap(between));
    const tops: number[] = [];
    let top = 0;
    for (const [row, cells] of rows.entries()) {
      tops.push(top);
      top += Math.max(1, ...cells.map((cell) => this.#heightOf(cell))) + (gaps[row]?.height ?? 0);
    }
    const page = new Canvas(width, top);
    for (const [row, gap] of gaps.entries()) {
      if (gap.height > 0) gap.draw(page, (cell) => tops[row]! + this.#heightOf(cell), tops[row + 1]!);
    }
    for (const [row, cells] of rows.entries()) for (const cell of cells) this.#drawCell(page, cell, tops[row]!);
    for (const [row, gap] of gaps.entries())
      if (gap.height > 0)
        gap.drawEnds(
          page,
          (cell) => tops[row]! + this.#heightOf(cell),
          tops[row + 1]!,
          (cell) => this.#isBordered(cell),
        );
    return page;
  }

  #heightOf(cell: Cell): number {
    return cell.kind === "box" ? this.#boxes[cell.of]!.height : 1;
  }

  #isBordered(cell: Cell): boolean {
    return cell.kind === "box" && this.#boxes[cell.of]!.bordered;
  }

  #drawCell(page: Canvas, cell: Cell, top: number): void {
    if (cell.kind === "box") this.#boxes[cell.of]!.draw(page, cell.left, top);
    else if (cell.kind === "bend") page.down(cell.left, top, top);
    else page.put(cell.left, top, this.#arrows[cell.of]!.label);
  }
}

/** The lines between two rows. */
class Gap {
  readonly #links: readonly Link[];
  readonly #tracks: readonly number[];
  readonly #trackCount: number;
  readonly #tipsUp: number;
  readonly #tipsDown: number;

  constructor(links: readonly Link[]) {
    this.#links = links;
    this.#tracks = tracksOf(links.map((link) => ({ from: columnAbove(link), to: columnBelow(link) })));
    this.#trackCount = Math.max(0, ...this.#tracks.map((track) => track + 1));
    this.#tipsUp = links.some(({ tip }) => tip === "up") ? 1 : 0;
    this.#tipsDown = links.some(({ tip }) => tip === "down") ? 1 : 0;
  }

  get height(): number {
    return this.#links.length === 0 ? 0 : this.#tipsUp + Math.max(1, this.#trackCount) + this.#tipsDown;
  }

  draw(page: Canvas, bottomOf: (upper: Cell) => number, below: number): void {
    const firstTrack = below - this.height + this.#tipsUp;
    for (const [index, link] of this.#links.entries()) {
      const [from, to] = [columnAbove(link), columnBelow(link)];
      const start = bottomOf(link.upper);
      if (from === to) {
        page.down(from, start, below - 1);
        continue;
      }
      const row = firstTrack + this.#tracks[index]!;
      page.down(from, start, row - 1);
      page.step(from, to, row);
      page.down(to, row + 1, below - 1);
    }
  }

  drawEnds(page: Canvas, bottomOf: (upper: Cell) => number, below: number, isBordered: (cell: Cell) => boolean): void {
    for (const link of this.#links) {
      if (link.tip === "down") page.put(columnBelow(link), below - 1, "▼");
      if (link.tip === "up") page.put(columnAbove(link), bottomOf(link.upper), "▲");
      if (link.tip !== "up" && isBordered(link.upper)) page.branch(columnAbove(link), bottomOf(link.upper) - 1, "┬");
      if (link.tip !== "down" && isBordered(link.lower)) page.branch(columnBelow(link), below, "┴");
    }
  }
}

function columnAbove({ upper, upperPort }: Link): number {
  return upper.left + upperPort;
}

function columnBelow({ lower, lowerPort }: Link): number {
  return lower.left + lowerPort;
}
