import type { TextPart } from "./stored-text.ts";

/** A text that others may copy from. */
export interface Base {
  /** In the thread. */
  readonly no: number;
  readonly text: string;
}

/** What a text is made of: parts that copy from `from`. */
export interface MadeText {
  readonly from: readonly number[];
  readonly parts: readonly TextPart[];
}

/** Shorter texts are kept whole, and shorter copies are written out: naming them costs as much. */
const shortest = 24;
/** About what a copy costs in the text of its event. */
const copyCost = 16;
/** A text is made of others only if that takes at most this share of it: else nothing is won, and reading it costs more. */
const mostShare = 0.6;
/** Compared at once. */
const stretch = 2_048;
/** Bases are looked through for as many characters as this many times the text, or this many. */
const baseTimes = 16;
const baseLeast = 65_536;

/**
 * Make a text of earlier ones, so that only what is new of it is kept. First what it has in common with its predecessor from the beginning and from
 * the end; what lies between is looked for in all the bases, block by block. Cost: in proportion to the text and the bases that are looked through.
 *
 * @param before its predecessor, most like it; null: none
 * @returns null: to be kept whole
 */
export function makeParts(text: string, before: Base | null, bases: readonly Base[]): MadeText | null {
  if (text.length < shortest) return null;
  const maker = new Maker();
  const head = before === null ? 0 : sameFromStart(before.text, text);
  const tail = before === null ? 0 : sameFromEnd(before.text, text, head);
  if (before !== null) maker.copy(before, text, 0, 0, head);
  const middle = text.slice(head, text.length - tail);
  findCopies(middle, nearest(before, bases, middle.length), maker);
  if (before !== null) maker.copy(before, text, text.length - tail, before.text.length - tail, tail);
  return maker.finish(text.length * mostShare);
}

function sameFromStart(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let same = 0;
  // Long texts are compared a stretch at a time, which is many times faster than by character.
  while (same + stretch <= most && one.slice(same, same + stretch) === other.slice(same, same + stretch)) same += stretch;
  while (same < most && one.charCodeAt(same) === other.charCodeAt(same)) same++;
  return same;
}

function sameFromEnd(one: string, other: string, head: number): number {
  const most = Math.min(one.length, other.length) - head;
  let same = 0;
  while (same + stretch <= most && fromEnd(one, same) === fromEnd(other, same)) same += stretch;
  while (same < most && one.charCodeAt(one.length - 1 - same) === other.charCodeAt(other.length - 1 - same)) same++;
  return same;
}

function fromEnd(text: string, at: number): string {
  return text.slice(text.length - at - stretch, text.length - at);
}

/** Those that are looked through: as many as are worth it for so long a text. */
function nearest(before: Base | null, bases: readonly Base[], length: number): Base[] {
  if (length < shortest) return [];
  let left = Math.max(baseLeast, length * baseTimes);
  const chosen: Base[] = [];
  for (const base of before === null ? bases : [...bases, before]) {
    if (base.text.length < shortest || base.text.length > left || chosen.some(({ no }) => no === base.no)) continue;
    chosen.push(base);
    left -= base.text.length;
  }
  return chosen;
}

/** Factor of the rolling hash, and its power for the character that leaves the window. */
const factor = 0x01000193;
const leaving = Array.from({ length: shortest - 1 }).reduce<number>((power) => Math.imul(power, factor), 1);

function hashAt(text: string, start: number): number {
  let hash = 0;
  for (let at = start; at < start + shortest; at++) hash = (Math.imul(hash, factor) + text.charCodeAt(at)) | 0;
  return hash;
}

function rolled(hash: number, text: string, start: number): number {
  const without = (hash - Math.imul(text.charCodeAt(start), leaving)) | 0;
  return (Math.imul(without, factor) + text.charCodeAt(start + shortest)) | 0;
}

/** Writes `text` out, but for what stands in one of the bases. */
function findCopies(text: string, bases: readonly Base[], maker: Maker): void {
  const blocks = new Map<number, { readonly base: Base; readonly at: number }>();
  for (const base of bases)
    for (let at = 0; at + shortest <= base.text.length; at += shortest) {
      const hash = hashAt(base.text, at);
      if (!blocks.has(hash)) blocks.set(hash, { base, at });
    }
  let written = 0;
  let at = 0;
  let hash = blocks.size === 0 || text.length < shortest ? 0 : hashAt(text, 0);
  while (blocks.size > 0 && at + shortest <= text.length) {
    const found = blocks.get(hash);
    const copy = found === undefined ? null : grown(text, at, found.base.text, found.at, written);
    if (found === undefined || copy === null) {
      if (at + shortest < text.length) hash = rolled(hash, text, at);
      at++;
      continue;
    }
    maker.write(text.slice(written, copy.at));
    maker.copy(found.base, text, copy.at, copy.from, copy.length);
    at = written = copy.at + copy.length;
    if (at + shortest <= text.length) hash = hashAt(text, at);
  }
  maker.write(text.slice(written));
}

/** A match of at least a block, made as long as it goes on both sides, but not into what is written already. */
function grown(
  text: string,
  at: number,
  base: string,
  from: number,
  written: number,
): { readonly at: number; readonly from: number; readonly length: number } | null {
  let before = 0;
  while (at - before > written && from > before && text.charCodeAt(at - before - 1) === base.charCodeAt(from - before - 1)) before++;
  let length = 0;
  while (at + length < text.length && from + length < base.length && text.charCodeAt(at + length) === base.charCodeAt(from + length))
    length++;
  // Hashes of different texts may be equal.
  return length < shortest ? null : { at: at - before, from: from - before, length: before + length };
}

class Maker {
  readonly #from: number[] = [];
  readonly #parts: TextPart[] = [];
  #cost = 0;

  write(text: string): void {
    if (text === "") return;
    const last = this.#parts.at(-1);
    if (typeof last === "string") this.#parts[this.#parts.length - 1] = last + text;
    else this.#parts.push(text);
    this.#cost += text.length;
  }

  /** Characters of `text` that stand in a base: copied, or written out where they are few. */
  copy(base: Base, text: string, at: number, from: number, length: number): void {
    if (length < shortest) return this.write(text.slice(at, at + length));
    let place = this.#from.indexOf(base.no);
    if (place < 0) place = this.#from.push(base.no) - 1;
    this.#parts.push([place, from, length]);
    this.#cost += copyCost;
  }

  finish(mostCost: number): MadeText | null {
    return this.#cost > mostCost || this.#from.length === 0 ? null : { from: this.#from, parts: this.#parts };
  }
}
