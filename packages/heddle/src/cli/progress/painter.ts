import type { Screen } from "../io.ts";
import { formatLine, type Line, lineWidth } from "../text/line.ts";
import type { Style } from "../text/style.ts";

const escape = "\u001b[";
const hideCursor = `${escape}?25l`;
const showCursor = `${escape}?25h`;
// Terminals that know it show what stands between as one frame; others ignore it.
const beginFrame = `${escape}?2026h`;
const endFrame = `${escape}?2026l`;

export interface Picture {
  readonly lines: readonly Line[];
  /** Where a person types; absent: the cursor stands behind the last line, where a shell goes on if this process is killed. */
  readonly cursor?: { readonly line: number; readonly column: number };
}

/**
 * Keeps a block of lines at the end of the screen and changes it in place: only lines that differ are written, each with
 * what was there after it cleared at its end, so that nothing blinks. Lines must be narrower than the screen. The cursor is hidden
 * while it writes and not between: who is killed cannot show it again.
 */
export class Painter implements Disposable {
  readonly #screen: Screen;
  readonly #style: Style;
  #shown: readonly { readonly text: string; readonly width: number }[] = [];
  #columns = 0;
  /** Line of the block in which the cursor stands. */
  #at = 0;
  #column = 0;

  constructor(screen: Screen, style: Style) {
    this.#screen = screen;
    this.#style = style;
  }

  /** Show this block instead of the one before. Writes nothing where nothing changed. */
  paint(picture: Picture): void {
    const next = picture.lines.map((line) => ({ text: formatLine(line, this.#style), width: lineWidth(line) }));
    const cursor = picture.cursor ?? { line: Math.max(0, next.length - 1), column: next.at(-1)?.width ?? 0 };
    // A screen of another width has broken our lines in ways that differ between terminals: begin afresh.
    const fresh = this.#columns !== this.#screen.columns;
    const shown = fresh ? [] : this.#shown;
    const changed = next.map((line, index) => (shown[index]?.text === line.text ? -1 : index)).filter((index) => index !== -1);
    const kept = changed.length === 0 && shown.length === next.length;
    if (kept && this.#at === cursor.line && this.#column === cursor.column) return;

    let out = this.#toTop() + (fresh && this.#shown.length > 0 ? `${escape}0J` : "");
    let row = 0;
    let rows = Math.max(1, shown.length);
    // Rows below the last one do not exist yet where the screen ends: a line feed makes them, a cursor movement would not.
    const go = (to: number): void => {
      out += this.#move(row, Math.min(to, rows - 1)) + "\r\n".repeat(Math.max(0, to - rows + 1));
      row = to;
      rows = Math.max(rows, to + 1);
    };
    for (const index of changed) {
      go(index);
      out += `\r${next[index]?.text ?? ""}${escape}K`;
    }
    if (shown.length > next.length) {
      go(next.length);
      out += `\r${escape}0J`;
    }
    go(cursor.line);
    out += `\r${cursor.column > 0 ? `${escape}${cursor.column}C` : ""}`;
    this.#shown = next;
    this.#columns = this.#screen.columns;
    this.#at = cursor.line;
    this.#column = cursor.column;
    this.#write(out);
  }

  /** Print lines that stay, above the block, which is drawn anew below them in the same write. */
  print(text: string): void {
    const block = this.#shown;
    const lines = `${text.replace(/\n$/u, "")}\n`.replace(/\r?\n/gu, `${escape}K\r\n`);
    const below = block.length === 0 ? "" : `${block.map((line) => line.text).join("\r\n")}${this.#move(block.length - 1, this.#at)}\r`;
    this.#write(`${this.#toTop()}${escape}0J${lines}${below}${this.#column > 0 ? `${escape}${this.#column}C` : ""}`);
  }

  /** Something else wrote on the screen, as a terminal that shows `^C`: all lines are written anew by the next `paint`. */
  spoiled(): void {
    this.#shown = this.#shown.map(({ width }) => ({ text: "", width }));
  }

  /** Leave the block where it is; what follows is written below it. */
  release(): void {
    const down = this.#shown.length === 0 ? "" : `${this.#move(this.#at, this.#shown.length - 1)}\r\n`;
    this.#write(down);
    this.#forget();
  }

  /** Take the block away. */
  clear(): void {
    this.#write(`${this.#toTop()}${escape}0J`);
    this.#forget();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #forget(): void {
    this.#shown = [];
    this.#at = 0;
    this.#column = 0;
  }

  // To the first column of the block's first line, also when the screen has become narrower and lines take several rows.
  #toTop(): string {
    if (this.#shown.length === 0) return "";
    const columns = Math.max(1, this.#screen.columns);
    const above = this.#shown.slice(0, this.#at).reduce((rows, line) => rows + Math.max(1, Math.ceil(line.width / columns)), 0);
    return `\r${above > 0 ? `${escape}${above}A` : ""}`;
  }

  #move(from: number, to: number): string {
    if (from === to) return "";
    return to > from ? `${escape}${to - from}B` : `${escape}${from - to}A`;
  }

  #write(out: string): void {
    if (out !== "") this.#screen.write(`${beginFrame}${hideCursor}${out}${showCursor}${endFrame}`);
  }
}
