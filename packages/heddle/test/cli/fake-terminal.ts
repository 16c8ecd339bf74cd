import type { Screen } from "../../src/cli/io.ts";

/**
 * A small terminal: understands what our painter writes and nothing more, so that an unknown sequence fails the test.
 * Lines that reach its bottom scroll.
 */
export class FakeTerminal implements Screen {
  columns: number;
  rows: number;
  cursorShown = true;
  written = "";
  readonly #resized = new Set<() => void>();
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.written += text;
    for (const [part] of text.matchAll(/\u001b\[\??[0-9;]*[A-Za-z]|\r|\n|[\s\S]/gu)) this.#take(part);
  }

  onResize(call: () => void): Disposable {
    this.#resized.add(call);
    return { [Symbol.dispose]: () => void this.#resized.delete(call) };
  }

  /** Another width, as a terminal that breaks long lines anew: our lines are short, so each just takes more rows. */
  resize(columns: number): void {
    const cells = this.#lines;
    const broken: string[][] = [];
    let row = 0;
    for (const [index, line] of cells.entries()) {
      if (index === this.#row) row = broken.length;
      const text = line.join("").trimEnd();
      for (let from = 0; from === 0 || from < text.length; from += columns) broken.push(Array.from(text.slice(from, from + columns)));
    }
    this.#lines = broken;
    this.#row = row;
    this.columns = columns;
    for (const call of this.#resized) call();
  }

  get listeners(): number {
    return this.#resized.size;
  }

  /** All lines with what scrolled out at the top, without spaces at their ends. */
  get text(): string {
    return this.#lines
      .map((line) => line.join("").trimEnd())
      .join("\n")
      .trimEnd();
  }

  /** Line and column of the cursor, from the top of all that was ever written. */
  get cursor(): readonly [row: number, column: number] {
    return [this.#row, this.#column];
  }

  #take(part: string): void {
    if (part === "\r") this.#column = 0;
    else if (part === "\n") {
      this.#row++;
      while (this.#lines.length <= this.#row) this.#lines.push([]);
    } else if (part.startsWith("\u001b[")) this.#control(part.slice(2));
    else this.#put(part);
  }

  #put(character: string): void {
    if (this.#column >= this.columns) {
      this.#take("\n");
      this.#column = 0;
    }
    const line = this.#line();
    while (line.length < this.#column) line.push(" ");
    line[this.#column++] = character;
  }

  #control(sequence: string): void {
    const count = Number(/^\d+/u.exec(sequence)?.[0] ?? 1);
    switch (sequence.at(-1)) {
      case "A":
        if (count > this.#row - this.#top()) throw new Error("The cursor went above the screen.");
        this.#row -= count;
        break;
      case "B":
        if (this.#row + count >= this.#lines.length) throw new Error("The cursor went below what was ever written.");
        this.#row += count;
        break;
      case "C":
        this.#column += count;
        break;
      case "K":
        this.#line().length = Math.min(this.#line().length, this.#column);
        break;
      case "J":
        this.#line().length = Math.min(this.#line().length, this.#column);
        this.#lines.length = this.#row + 1;
        break;
      case "m":
        break;
      case "h":
        if (sequence === "?25h") this.cursorShown = true;
        break;
      case "l":
        if (sequence === "?25l") this.cursorShown = false;
        break;
      default:
        throw new Error(`Unknown sequence ${JSON.stringify(sequence)}`);
    }
  }

  #line(): string[] {
    return this.#lines[this.#row] ?? [];
  }

  #top(): number {
    return Math.max(0, this.#lines.length - this.rows);
  }
}
