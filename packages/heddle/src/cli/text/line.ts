import { type Style, tinted, type Tone } from "./style.ts";
import { takeColumns, textWidth } from "./text-width.ts";

/** A line as pieces with their tone, so that it can be measured and cut before colours come in. */
export type Line = readonly Span[];
export type Span = readonly [text: string, tone?: Tone];

export function lineWidth(line: Line): number {
  return line.reduce((width, [text]) => width + textWidth(text), 0);
}

/** The line in at most `columns`; what is cut off is marked with one `…`. */
export function fitLine(line: Line, columns: number, style: Style): Line {
  if (lineWidth(line) <= columns) return line;
  const mark = style.glyphs.more;
  const fitted: Span[] = [];
  let left = columns - textWidth(mark);
  for (const [text, tone] of line) {
    const width = textWidth(text);
    if (width > left) {
      if (left > 0) fitted.push([takeColumns(text, left), tone ?? "plain"]);
      break;
    }
    fitted.push([text, tone ?? "plain"]);
    left -= width;
  }
  if (columns > 0) fitted.push([mark, "dim"]);
  return fitted;
}

/** The line as text, with colours where the style has them. */
export function formatLine(line: Line, style: Style): string {
  return line
    .map(([text, tone]) => tinted(text, tone ?? "plain", style))
    .join("")
    .trimEnd();
}

export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

/** Text in lines of at most `columns`, broken at spaces where there are some. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    if (line !== "" && textWidth(line) + 1 + textWidth(rest) <= columns) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== "") lines.push(line);
    while (textWidth(rest) > columns) {
      const part = takeColumns(rest, Math.max(1, columns));
      if (part === "") break;
      lines.push(part);
      rest = rest.slice(part.length);
    }
    line = rest;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}
