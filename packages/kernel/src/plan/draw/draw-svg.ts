import type { Plan } from "../plan.ts";
import { type DrawnEdge, type DrawnNode, type Drawing, drawingOf, rootHome } from "./drawing.ts";
import { type Cell, layOut, type Layout } from "./layered-layout.ts";
import { homesInsideOut } from "./nesting.ts";
import { characterWidth } from "./text-width.ts";

// Sizes in pixels.
/** The layout counts in these. */
const unit = 4;
const margin = 16;
const lineHeight = 16;
const noteSize = 11;
const textSize = 13;
const groupPadding = 16;
const groupTitle = 30;
const loopWidth = 26;

/** A valid plan as an SVG picture that needs nothing else: it follows light and dark. The same plan gives the same text. */
export function drawSvg(plan: Plan): string {
  const drawing = drawingOf(plan);
  const pictures = new Map<number, Picture>();
  for (const home of homesInsideOut(drawing)) pictures.set(home, drawHome(drawing, home, pictures));
  const { width, height, parts } = pictures.get(rootHome) ?? { width: 0, height: 0, parts: [] };
  const [fullWidth, fullHeight] = [round(width + 2 * margin), round(height + 2 * margin)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${fullWidth}" height="${fullHeight}" viewBox="0 0 ${fullWidth} ${fullHeight}" role="img" aria-label="${escaped(`Plan ${drawing.title}`)}">
<title>${escaped(drawing.title)}</title>
<style>${style}</style>
<defs>${tip("tip", "#64748b")}${tip("tip-failed", "#dc2626")}</defs>
<rect class="page" width="100%" height="100%" fill="#ffffff"/>
<g transform="translate(${margin} ${margin})" font-family="ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="${textSize}" fill="#0f172a">
${[...layered(parts)].join("\n")}
</g>
</svg>
`;
}

const style = [
  "@media (prefers-color-scheme: dark) {",
  ".page { fill: #0f172a } .halo { stroke: #0f172a } .box { fill: #1e293b; stroke: #94a3b8 } .group { fill: #94a3b8; fill-opacity: .07 }",
  ".word { fill: #f1f5f9 } .note, .label { fill: #cbd5e1 } .start { fill: #f1f5f9 }",
  "}",
].join(" ");

function tip(id: string, color: string): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 .8 7.4 4 0 7.2z" fill="${color}"/></marker>`;
}

/** Groups lie below lines, lines below boxes, and texts on top. */
type Layer = "group" | "line" | "box" | "text";
interface Part {
  readonly layer: Layer;
  readonly left: number;
  readonly top: number;
  readonly draw: (left: number, top: number) => string;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly parts: readonly Part[];
}

function* layered(parts: readonly Part[]): Generator<string> {
  for (const layer of ["group", "line", "box", "text"] as const) {
    for (const part of parts) if (part.layer === layer) yield part.draw(part.left, part.top);
  }
}

interface Box {
  readonly width: number;
  readonly height: number;
  readonly parts: readonly Part[];
}

/** One home's nodes and edges; the groups in it are drawn already. */
function drawHome({ nodes, edges, homes }: Drawing, home: number, pictures: ReadonlyMap<number, Picture>): Picture {
  const members = homes.get(home) ?? [];
  const places = new Map(members.map((node, place) => [node, place]));
  const inner = edges.filter(({ from, to }) => places.has(from) && places.has(to));
  const loops = new Map<number, DrawnEdge[]>();
  for (const edge of inner) if (edge.from === edge.to) loops.set(edge.from, [...(loops.get(edge.from) ?? []), edge]);
  const arrows = inner.filter(({ from, to }) => from !== to);
  const boxes = members.map((node) => boxOf(nodes[node]!, pictures.get(node), loops.get(node) ?? []));
  const layout = layOut(
    boxes.map(({ width }) => ({ width: width / unit })),
    arrows.map(({ from, to, label }) => ({
      from: places.get(from)!,
      to: places.get(to)!,
      label: label === "" ? 0 : snapped(textWidth(label, noteSize) + 6) / unit,
    })),
    { gap: 7, portGap: 8 },
  );
  return pictureOf(layout, boxes, arrows);
}

function pictureOf(layout: Layout, boxes: readonly Box[], arrows: readonly DrawnEdge[]): Picture {
  const heightOf = (cell: Cell): number => (cell.kind === "box" ? boxes[cell.of]!.height : cell.kind === "label" ? lineHeight : 0);
  const tops: number[] = [];
  const heights: number[] = [];
  let height = 0;
  for (const [row, cells] of layout.rows.entries()) {
    tops.push(height);
    heights.push(cells.reduce((most, cell) => Math.max(most, heightOf(cell)), 0));
    height += heights[row]!;
    const between = layout.links[row]!;
    const widest = between.reduce(
      (most, { upper, upperPort, lower, lowerPort }) => Math.max(most, Math.abs(upper.left + upperPort - lower.left - lowerPort)),
      0,
    );
    if (between.length > 0) height += Math.min(84, 28 + (widest * unit) / 9);
  }
  const parts: Part[] = [];
  for (const [row, cells] of layout.rows.entries()) {
    for (const cell of cells) {
      const top = tops[row]! + (heights[row]! - heightOf(cell)) / 2;
      if (cell.kind === "box")
        parts.push(...boxes[cell.of]!.parts.map((part) => ({ ...part, left: part.left + cell.left * unit, top: part.top + top })));
      if (cell.kind === "label") parts.push(label(arrows[cell.of]!, (cell.left + cell.width / 2) * unit, top));
    }
  }
  const chains = new Map<number, Stretch[]>();
  const turned = new Set<number>();
  for (const [row, links] of layout.links.entries()) {
    for (const { arrow, upper, lower, upperPort, lowerPort, tip: end } of links) {
      if (end === "up") turned.add(arrow);
      const [fromX, toX] = [(upper.left + upperPort + 0.5) * unit, (lower.left + lowerPort + 0.5) * unit];
      const fromY = upper.kind === "box" ? tops[row]! + (heights[row]! + heightOf(upper)) / 2 : tops[row]! + heights[row]!;
      const toY = lower.kind === "box" ? tops[row + 1]! + (heights[row + 1]! - heightOf(lower)) / 2 : tops[row + 1]!;
      const stretch = { fromX, fromY, toX, toY };
      const chain = chains.get(arrow);
      if (chain === undefined) chains.set(arrow, [stretch]);
      else chain.push(stretch);
    }
  }
  for (const [arrow, chain] of chains) parts.push(line(arrows[arrow]!, turned.has(arrow) ? chain.toReversed().map(turnedRound) : chain));
  return { width: layout.width * unit, height, parts };
}

/** The part of a line between two rows. */
interface Stretch {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}

function turnedRound({ fromX, fromY, toX, toY }: Stretch): Stretch {
  return { fromX: toX, fromY: toY, toX: fromX, toY: fromY };
}

/** A smooth line from where the edge starts to where it leads. */
function line({ on }: DrawnEdge, chain: readonly Stretch[]): Part {
  const look = `stroke="${on === "failed" ? "#dc2626" : "#64748b"}" stroke-width="1.4"${on === "ok" ? "" : ' stroke-dasharray="5 3"'}`;
  return part("line", (left, top) => {
    let path = "";
    for (const { fromX, fromY, toX, toY } of chain) {
      const [x, y, endX, endY] = [round(fromX + left), round(fromY + top), round(toX + left), round(toY + top)];
      const middle = round((y + endY) / 2);
      path += `${path === "" ? "M" : "L"}${x} ${y}${Math.abs(x - endX) < 0.5 ? `L${endX} ${endY}` : `C${x} ${middle} ${endX} ${middle} ${endX} ${endY}`}`;
    }
    return `<path d="${path}" fill="none" ${look} marker-end="url(#${on === "failed" ? "tip-failed" : "tip"})"/>`;
  });
}

function label({ label: text, on }: DrawnEdge, x: number, y: number): Part {
  return {
    layer: "text",
    left: x,
    top: y,
    draw(left, top) {
      const place = `x="${round(left)}" y="${round(top + 12)}" text-anchor="middle" font-size="${noteSize}"`;
      const color = on === "failed" ? 'fill="#dc2626"' : 'class="label" fill="#475569"';
      return `<text ${place} class="halo" stroke="#ffffff" stroke-width="5" stroke-linejoin="round">${escaped(text)}</text><text ${place} ${color}>${escaped(text)}</text>`;
    },
  };
}

function boxOf(node: DrawnNode, inner: Picture | undefined, loops: readonly DrawnEdge[]): Box {
  if (node.kind === "start")
    return {
      width: 12,
      height: 12,
      parts: [part("box", (left, top) => `<circle class="start" cx="${round(left + 6)}" cy="${round(top + 6)}" r="5.5" fill="#0f172a"/>`)],
    };
  if (node.kind === "end")
    return {
      width: 14,
      height: 14,
      parts: [
        part(
          "box",
          (left, top) =>
            `<circle class="end" cx="${round(left + 7)}" cy="${round(top + 7)}" r="6" fill="none" stroke="#0f172a" stroke-width="1.5"/><circle class="start" cx="${round(left + 7)}" cy="${round(top + 7)}" r="3.5" fill="#0f172a"/>`,
        ),
      ],
    };
  const box = inner === undefined || inner.width === 0 ? taskBox(node) : groupBox(node, inner);
  if (loops.length === 0) return box;
  const labels = loops
    .map(({ label: text }) => text)
    .filter((text) => text !== "")
    .join(", ");
  const room = Math.ceil((loopWidth + (labels === "" ? 0 : textWidth(labels, noteSize) + 6)) / unit) * unit;
  // As much room on the left, so that the box stays in the middle of its place.
  return {
    width: box.width + 2 * room,
    height: box.height,
    parts: [
      ...box.parts.map((each) => ({ ...each, left: each.left + room })),
      loopPart(
        box,
        room,
        labels,
        loops.every(({ on }) => on === "failed"),
      ),
    ],
  };
}

function taskBox({ kind, label: text, notes }: DrawnNode): Box {
  const width = snapped(
    Math.max(textWidth(text, textSize), ...notes.map((note) => textWidth(note, noteSize)), 20) + (kind === "artifacts" ? 40 : 28),
  );
  const height = 20 + lineHeight * (notes.length + 1);
  return {
    width,
    height,
    parts: [
      part("box", (left, top) => outline(kind, round(left), round(top), round(width), round(height))),
      part("text", (left, top) => {
        const middle = round(left + width / 2);
        const lines = notes.map(
          (note, index) =>
            `<text class="note" x="${middle}" y="${round(top + 23 + lineHeight * (index + 1))}" text-anchor="middle" font-size="${noteSize}" fill="#64748b">${escaped(note)}</text>`,
        );
        return `<text class="word" x="${middle}" y="${round(top + 22.5)}" text-anchor="middle"${kind === "clock" ? ' font-style="italic"' : ' font-weight="500"'}>${escaped(text)}</text>${lines.join("")}`;
      }),
    ],
  };
}

function outline(kind: DrawnNode["kind"], left: number, top: number, width: number, height: number): string {
  const common = 'class="box" fill="#f8fafc" stroke="#475569" stroke-width="1.2"';
  const rect = (inset: number, radius: number): string =>
    `<rect ${common} x="${left + inset}" y="${top + inset}" width="${round(width - 2 * inset)}" height="${height - 2 * inset}" rx="${radius}"/>`;
  if (kind === "clock")
    return `<rect ${common} stroke-dasharray="3 2" x="${left}" y="${top}" width="${width}" height="${height}" rx="${height / 2}"/>`;
  if (kind === "artifacts") {
    const [right, bottom, curve] = [left + width, top + height, 5];
    const side = `M${left} ${top + curve}C${left} ${top - 2} ${right} ${top - 2} ${right} ${top + curve}V${bottom - curve}C${right} ${bottom + 2} ${left} ${bottom + 2} ${left} ${bottom - curve}Z`;
    return `<path ${common} d="${side}"/><path ${common} fill-opacity="0" d="M${left} ${top + curve}C${left} ${top + 12} ${right} ${top + 12} ${right} ${top + curve}"/>`;
  }
  return kind === "task" ? rect(0, 7) : `${rect(0, 7)}${rect(3, 5)}`;
}

function groupBox({ label: text, notes }: DrawnNode, inner: Picture): Box {
  const words = notes.join(", ");
  const titleWidth = textWidth(text, textSize) + (words === "" ? 0 : textWidth(words, noteSize) + 10);
  const width = snapped(Math.max(inner.width, titleWidth) + 2 * groupPadding);
  const height = inner.height + groupTitle + groupPadding;
  const left = (width - inner.width) / 2;
  return {
    width,
    height,
    parts: [
      part(
        "group",
        (x, y) =>
          `<rect class="group" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="10" fill="#64748b" fill-opacity=".06" stroke="#94a3b8" stroke-dasharray="5 4"/>`,
      ),
      part("text", (x, y) => {
        const title = `<text class="word" x="${round(x + 14)}" y="${round(y + 20)}" font-weight="600">${escaped(text)}`;
        return `${title}${words === "" ? "" : `<tspan class="note" dx="8" font-size="${noteSize}" font-weight="400" fill="#64748b">${escaped(words)}</tspan>`}</text>`;
      }),
      ...inner.parts.map((each) => ({ ...each, left: each.left + left, top: each.top + groupTitle })),
    ],
  };
}

/** An edge from a task to itself, on its right. */
function loopPart(box: Box, room: number, text: string, failed: boolean): Part {
  return part("text", (left, top) => {
    const x = left + room + box.width;
    const [from, to] = [round(top + box.height / 2 + 8), round(top + box.height / 2 - 8)];
    const path = `M${round(x)} ${from}C${round(x + 26)} ${from + 6} ${round(x + 26)} ${to - 6} ${round(x)} ${to}`;
    const color = failed ? "#dc2626" : "#64748b";
    const word =
      text === ""
        ? ""
        : `<text class="label" x="${round(x + 24)}" y="${round(top + box.height / 2 + 4)}" font-size="${noteSize}" fill="${failed ? "#dc2626" : "#475569"}">${escaped(text)}</text>`;
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.4"${failed ? ' stroke-dasharray="5 3"' : ""} marker-end="url(#${failed ? "tip-failed" : "tip"})"/>${word}`;
  });
}

function part(layer: Layer, draw: Part["draw"]): Part {
  return { layer, left: 0, top: 0, draw };
}

/** About the width of a text in pixels: fonts differ, so a little more than most need. */
function textWidth(text: string, size: number): number {
  let units = 0;
  for (const character of text)
    units += /[iIjl.,:;'|!()[\]]/.test(character)
      ? 0.34
      : /[mwMW@%]/.test(character)
        ? 0.95
        : /[A-Z]/.test(character)
          ? 0.72
          : characterWidth(character) * 0.61;
  return units * size;
}

/** A width of an odd number of units, so that lines can meet its middle. */
function snapped(width: number): number {
  return (Math.ceil(width / unit) | 1) * unit;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
