import type { StoredEvent } from "@heddle/kernel";

/** Events that are gathered before they become a page. */
const pageEvents = 128;

const encoder = new TextEncoder();
// A byte order mark is text here like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Up to 128 events in one buffer: their times (float64 each), the ends of their texts in UTF-16 units (uint32 each), then the
 * texts as UTF-8. One buffer and no strings, because texts that were built by `+` stay trees of four times their size.
 */
interface Page {
  readonly firstSeq: number;
  readonly count: number;
  readonly buffer: ArrayBuffer;
}

/** One run's events: pages of bytes, and the newest texts as they came. */
export class JournalPages {
  #pages: Page[] | null = null;
  #texts: string[] = [];
  #times: number[] = [];
  /** Last seq that was removed. */
  #base = 0;
  #lastSeq = 0;

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get base(): number {
    return this.#base;
  }

  append(body: string, atMs: number): void {
    this.#times.push(atMs);
    this.#lastSeq++;
    if (this.#texts.push(body) === pageEvents) this.settle();
  }

  /** Turn the gathered texts into bytes. A page that is not full takes them in, so that a run that parks often has few pages. */
  settle(): void {
    const count = this.#texts.length;
    if (count === 0) return;
    const pages = (this.#pages ??= []);
    const last = pages.at(-1);
    const grows = last !== undefined && last.count + count <= pageEvents ? last : null;
    const page = joinPage(grows, this.#lastSeq - count + 1, this.#texts, this.#times);
    if (grows === null) pages.push(page);
    else pages[pages.length - 1] = page;
    this.#texts = [];
    this.#times = [];
  }

  read(afterSeq: number, limit: number): StoredEvent[] {
    const events: StoredEvent[] = [];
    const from = Math.max(afterSeq, this.#base) + 1;
    const pages = this.#pages ?? [];
    for (let at = pageOf(pages, from); at < pages.length && events.length < limit; at++) readPage(pages[at]!, from, limit, events);
    const tailSeq = this.#lastSeq - this.#texts.length + 1;
    for (let seq = Math.max(from, tailSeq); seq <= this.#lastSeq && events.length < limit; seq++) {
      events.push({ seq, atMs: this.#times[seq - tailSeq]!, body: this.#texts[seq - tailSeq]! });
    }
    return events;
  }

  /** Whole pages are let go; the rest of one that is only partly removed is no longer read. */
  removeThrough(seq: number): void {
    if (seq <= this.#base) return;
    this.#base = Math.min(seq, this.#lastSeq);
    if (this.#pages !== null) this.#pages = this.#pages.slice(pageOf(this.#pages, this.#base + 1));
  }
}

/** Index of the first page that holds `seq` or later ones. */
function pageOf(pages: readonly Page[], seq: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const page = pages[middle]!;
    if (page.firstSeq + page.count <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joinPage(before: Page | null, firstSeq: number, texts: readonly string[], times: readonly number[]): Page {
  const oldCount = before?.count ?? 0;
  const count = oldCount + texts.length;
  const oldText = before === null ? null : new Uint8Array(before.buffer, oldCount * 12);
  const oldBytes = oldText?.length ?? 0;
  const text = texts.join("");
  const start = count * 12 + oldBytes;
  let buffer = new ArrayBuffer(start + text.length);
  const encoded = encoder.encodeInto(text, new Uint8Array(buffer, start));
  if (encoded.read < text.length) {
    // Not all ASCII: more bytes than units.
    const bytes = encoder.encode(text);
    buffer = new ArrayBuffer(start + bytes.length);
    new Uint8Array(buffer, start).set(bytes);
  }

  const allTimes = new Float64Array(buffer, 0, count);
  const ends = new Uint32Array(buffer, count * 8, count);
  let end = 0;
  if (before !== null && oldText !== null) {
    allTimes.set(new Float64Array(before.buffer, 0, oldCount));
    ends.set(new Uint32Array(before.buffer, oldCount * 8, oldCount));
    new Uint8Array(buffer, count * 12).set(oldText);
    end = ends[oldCount - 1]!;
  }
  for (let index = 0; index < texts.length; index++) {
    end += texts[index]!.length;
    ends[oldCount + index] = end;
    allTimes[oldCount + index] = times[index]!;
  }
  return { firstSeq: before?.firstSeq ?? firstSeq, count, buffer };
}

function readPage(page: Page, from: number, limit: number, into: StoredEvent[]): void {
  const times = new Float64Array(page.buffer, 0, page.count);
  const ends = new Uint32Array(page.buffer, page.count * 8, page.count);
  const text = decoder.decode(new Uint8Array(page.buffer, page.count * 12));
  for (let index = Math.max(0, from - page.firstSeq); index < page.count && into.length < limit; index++) {
    const start = index === 0 ? 0 : ends[index - 1]!;
    into.push({ seq: page.firstSeq + index, atMs: times[index]!, body: text.slice(start, ends[index]) });
  }
}
