import { characterWidth } from "./text-width.ts";

// A page of characters. Lines are kept as the sides on which they leave each place, so that they join into the right character.

export const north = 1;
export const east = 2;
export const south = 4;
export const west = 8;

/** By the sides that a line leaves on: the bits above. */
const joints = " ╵╶└╷│┌├╴┘─┴┐┤┬┼";

export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #texts: string[][];
  readonly #sides: Uint8Array[];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#texts = Array.from({ length: height }, () => []);
    this.#sides = Array.from({ length: height }, () => new Uint8Array(width));
  }

  /** Write over whatever is there. */
  put(left: number, top: number, text: string): void {
    let at = left;
    for (const character of text) {
      const width = characterWidth(character);
      if (width === 0) {
        this.#texts[top]![at - 1] = `${this.#texts[top]![at - 1] ?? ""}${character}`;
        continue;
      }
      this.#texts[top]![at] = character;
      if (width === 2) this.#texts[top]![at + 1] = "";
      at += width;
    }
  }

  /** Let a line leave a border; a title in the border stays whole. */
  branch(column: number, row: number, joint: string): void {
    const border = this.#texts[row]![column];
    if (border === "─" || border === "═") this.#texts[row]![column] = joint;
  }

  /** A line straight down, both ends included. */
  down(column: number, top: number, bottom: number): void {
    for (let row = top; row <= bottom; row += 1) this.#join(column, row, north | south);
  }

  /** A line that comes down, goes along a row and down again. */
  step(from: number, to: number, row: number): void {
    const [left, right] = from < to ? [from, to] : [to, from];
    this.#join(from, row, north | (from < to ? east : west));
    this.#join(to, row, south | (from < to ? west : east));
    for (let column = left + 1; column < right; column += 1) this.#join(column, row, east | west);
  }

  /** Copy another page into this one. */
  draw(other: Canvas, left: number, top: number): void {
    for (let row = 0; row < other.height; row += 1) {
      for (let column = 0; column < other.width; column += 1) {
        const text = other.#texts[row]![column];
        if (text !== undefined) this.#texts[top + row]![left + column] = text;
        this.#sides[top + row]![left + column]! |= other.#sides[row]![column]!;
      }
    }
  }

  toString(): string {
    const lines = this.#texts.map((texts, row) => {
      let line = "";
      for (let column = 0; column < this.width; column += 1) line += texts[column] ?? joints[this.#sides[row]![column]!]!;
      return line.trimEnd();
    });
    return `${lines.join("\n")}\n`;
  }

  #join(column: number, row: number, sides: number): void {
    this.#sides[row]![column]! |= sides;
  }
}
