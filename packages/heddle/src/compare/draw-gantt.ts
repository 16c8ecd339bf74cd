import type { StrategyRow } from "./compare-strategies.ts";
import type { TaskBar } from "./simulate.ts";
import { ticksOf, timeText } from "./time-scale.ts";

export interface DrawGanttOptions {
  /** Above the chart. Default: none. */
  readonly title?: string;
  /** In pixels. Default 1,200. */
  readonly width?: number;
}

const margin = 16;
const headHeight = 24;
const axisHeight = 22;
const gap = 14;
/** Lanes of one strategy share so much, and each is within these bounds. */
const lanesHeight = 260;
const laneHeights = { least: 2, most: 18 } as const;
/** Width of a letter, about, at 11 pixels. */
const letterWidth = 6.4;
/** Told apart also by those who see no red or no green, light enough for black text. */
const colours = ["#8ecae6", "#ffb703", "#90be6d", "#f4978e", "#cdb4db", "#c2b280", "#a8dadc", "#e9c46a", "#b5c99a", "#d0d1d6"];
const legendKinds = 10;

/**
 * Charts of what ran when under each strategy, over one axis of time, as SVG: a lane for each place, a bar for each task with its id and times in a tooltip. Tasks
 * whose ids differ only in their numbers have one colour. The same rows give the same text.
 */
export function drawGantt(rows: readonly StrategyRow[], options: DrawGanttOptions = {}): string {
  const { title, width = 1_200 } = options;
  const untilMs = rows.reduce((most, { makespanMs }) => Math.max(most, makespanMs), 0);
  const inner = width - 2 * margin;
  const x = (ms: number): number => margin + (untilMs === 0 ? 0 : (ms / untilMs) * inner);
  const kinds = kindsOf(rows);
  const parts: string[] = [];
  let y = margin;
  if (title !== undefined) {
    parts.push(text(margin, y + 12, title, `class="title"`));
    y += headHeight;
  }
  for (const row of rows) {
    const lanes = Math.max(1, row.peak);
    const height = Math.min(laneHeights.most, Math.max(laneHeights.least, lanesHeight / lanes));
    parts.push(text(margin, y + 14, headOf(row), `class="head"`));
    y += headHeight;
    parts.push(rect(margin, y, inner, lanes * height, `class="field"`));
    for (const { atMs } of ticksOf(untilMs, inner / 100))
      parts.push(`<path class="grid" d="M${number(x(atMs))} ${number(y)}v${number(lanes * height)}"/>`);
    for (const bar of row.bars) parts.push(drawBar(bar, x, y + bar.lane * height, height, kinds));
    parts.push(`<path class="end" d="M${number(x(row.makespanMs))} ${number(y)}v${number(lanes * height)}"/>`);
    y += lanes * height + gap;
  }
  for (const { atMs, text: label } of ticksOf(untilMs, inner / 100)) {
    const anchor = x(atMs) > width - 60 ? ` text-anchor="end"` : "";
    parts.push(text(x(atMs), y, label, `class="tick"${anchor}`));
  }
  y += axisHeight;
  y = legend(parts, kinds, width, y);
  const label = `${title === undefined ? "" : `${title}: `}${rows.map(headOf).join("; ")}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${number(width)}" height="${number(y)}" viewBox="0 0 ${number(width)} ${number(y)}" role="img" aria-label="${escaped(label)}">`,
    "<style>text{font:11px system-ui,sans-serif;fill:#1d1d1f}.title{font-size:15px;font-weight:600}.head{font-size:13px;font-weight:600}.tick{fill:#55555a}.field{fill:#f6f6f8}.grid{stroke:#dcdce0;fill:none}.end{stroke:#b00020;stroke-width:1.5;fill:none}.bar{stroke:#fff;stroke-width:.5}</style>",
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function headOf({ strategy, makespanMs, peak, waits, waitedMs }: StrategyRow): string {
  const waited = waits === 0 ? "none waited" : `${waits} waited, ${timeText(waitedMs)} in all`;
  return `${strategy}: ${timeText(makespanMs)}, at most ${peak} at once, ${waited}`;
}

function drawBar(
  { task, readyMs, startMs, endMs }: TaskBar,
  x: (ms: number) => number,
  y: number,
  height: number,
  kinds: ReadonlyMap<string, number>,
): string {
  const width = Math.max(0.5, x(endMs) - x(startMs));
  const waited = startMs > readyMs ? `, waited ${timeText(startMs - readyMs)}` : "";
  const told = `${task}: ${timeText(startMs)} to ${timeText(endMs)}${waited}`;
  const colour = colours[(kinds.get(kindOf(task)) as number) % colours.length] as string;
  const bar = `<rect class="bar" x="${number(x(startMs))}" y="${number(y)}" width="${number(width)}" height="${number(height)}" fill="${colour}"><title>${escaped(told)}</title></rect>`;
  const fits = height >= 13 && task.length * letterWidth + 6 <= width;
  return fits ? bar + text(x(startMs) + 3, y + height / 2 + 4, task, "") : bar;
}

function legend(parts: string[], kinds: ReadonlyMap<string, number>, width: number, top: number): number {
  const shown = [...kinds].slice(0, legendKinds);
  const left = kinds.size - shown.length;
  let [x, y] = [margin, top];
  for (const [kind, index] of [...shown, ...(left > 0 ? [[`and ${left} more`, -1] as const] : [])]) {
    const name = index === -1 || kind.length <= 40 ? kind : `${kind.slice(0, 39)}…`;
    const taken = name.length * letterWidth + 34;
    if (x > margin && x + taken > width - margin) [x, y] = [margin, y + 18];
    if (index >= 0) parts.push(rect(x, y - 9, 10, 10, `fill="${colours[index % colours.length] as string}"`));
    parts.push(text(x + 15, y, name, ""));
    x += taken;
  }
  return y + margin;
}

/** Numbers by kind, in the order in which they come. */
function kindsOf(rows: readonly StrategyRow[]): ReadonlyMap<string, number> {
  const names = new Set(rows.flatMap(({ bars }) => bars.map(({ task }) => kindOf(task))));
  return new Map([...names].toSorted((one, other) => (one < other ? -1 : 1)).map((name, index) => [name, index]));
}

/** The id without what only tells it from others of its kind: `merge_ID0000011` is a `merge`. */
function kindOf(task: string): string {
  return task.replace(/([_.:-]?(ID)?\d+)+$/i, "") || task;
}

function rect(x: number, y: number, width: number, height: number, more: string): string {
  return `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" ${more}/>`;
}

function text(x: number, y: number, content: string, more: string): string {
  return `<text x="${number(x)}" y="${number(y)}"${more === "" ? "" : ` ${more}`}>${escaped(content)}</text>`;
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD");
}
