import type { StoredText, TextPart } from "./stored-text.ts";

/** A text of a thread. */
export interface TextEntry {
  readonly no: number;
  /** As its event keeps it. */
  readonly stored: StoredText;
  /** In characters. */
  readonly length: number;
}

/** Texts put together, for those who read or copy from them again. Over its limit the longest unused go. */
export class TextCache {
  readonly #most: number;
  readonly #texts = new Map<TextEntry, string>();
  #size = 0;

  /** @param most characters */
  constructor(most: number) {
    this.#most = most;
  }

  get(entry: TextEntry): string | undefined {
    const text = this.#texts.get(entry);
    if (text !== undefined) {
      this.#texts.delete(entry);
      this.#texts.set(entry, text);
    }
    return text;
  }

  set(entry: TextEntry, text: string): void {
    if (text.length > this.#most || this.#texts.has(entry)) return;
    this.#texts.set(entry, text);
    this.#size += text.length;
    for (const [oldest, { length }] of this.#texts) {
      if (this.#size <= this.#most) break;
      this.#texts.delete(oldest);
      this.#size -= length;
    }
  }
}

/**
 * All texts of a thread, by number. Law: a text copies from those before it alone, so that each can be put together from what the journal holds up to it.
 */
export class TextTable {
  readonly #entries: TextEntry[] = [];
  readonly #cache: TextCache;
  /** Texts that were made just now, and are about to be added. */
  readonly #made = new WeakMap<StoredText, string>();
  #size = 0;

  constructor(cache: TextCache) {
    this.#cache = cache;
  }

  /** Characters that are kept of all texts. */
  get size(): number {
    return this.#size;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** What a text that is about to be added was made from: then it need not be put together. */
  expect(stored: StoredText, text: string): void {
    this.#made.set(stored, text);
  }

  /** @returns null: it copies from what is not there */
  add(stored: StoredText): TextEntry | null {
    const length = this.#lengthOf(stored);
    if (length === null) return null;
    const entry: TextEntry = { no: this.#entries.length, stored, length };
    this.#entries.push(entry);
    const made = this.#made.get(stored);
    if (made !== undefined) this.#cache.set(entry, made);
    return entry;
  }

  /** Put together. Cost: its length, and a little for each text on the way back to where its characters were written. */
  read(entry: TextEntry): string {
    const { text } = entry.stored;
    if (text !== undefined) return text;
    const known = this.#cache.get(entry);
    if (known !== undefined) return known;
    const pieces: string[] = [];
    // What is still to be put down, the next on top: no recursion, since a text may go back through very many.
    const open: (string | Range)[] = [{ entry, start: 0, end: entry.length }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (typeof next === "string") {
        pieces.push(next);
        continue;
      }
      const whole = next.entry.stored.text ?? this.#cache.get(next.entry);
      if (whole === undefined) this.#open(next, open);
      else pieces.push(whole.slice(next.start, next.end));
    }
    const made = pieces.join("");
    this.#cache.set(entry, made);
    return made;
  }

  /** Take a range apart into what it is made of, the first on top. */
  #open({ entry, start, end }: Range, open: (string | Range)[]): void {
    const { from = [], parts = [] } = entry.stored;
    let at = entry.length;
    for (let index = parts.length - 1; index >= 0 && at > start; index--) {
      const part = parts[index]!;
      const length = partLength(part);
      at -= length;
      if (at >= end) continue;
      const first = Math.max(0, start - at);
      const last = Math.min(length, end - at);
      if (typeof part === "string") open.push(part.slice(first, last));
      else open.push({ entry: this.#entries[from[part[0]]!]!, start: part[1] + first, end: part[1] + last });
    }
  }

  #lengthOf({ text, from = [], parts = [] }: StoredText): number | null {
    if (text !== undefined) {
      this.#size += text.length;
      return text.length;
    }
    let length = 0;
    for (const part of parts) {
      length += partLength(part);
      this.#size += typeof part === "string" ? part.length : partOverhead;
      if (typeof part === "string") continue;
      const [place, start, count] = part;
      const no = from[place];
      const base = no === undefined ? undefined : this.#entries[no];
      if (base === undefined || start + count > base.length) return null;
    }
    return length;
  }
}

interface Range {
  readonly entry: TextEntry;
  readonly start: number;
  readonly end: number;
}

/** About what a copy takes in memory, in characters. */
const partOverhead = 32;

function partLength(part: TextPart): number {
  return typeof part === "string" ? part.length : part[2];
}
