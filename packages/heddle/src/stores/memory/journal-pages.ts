import type { LateText, StoredEvent } from "@heddle/kernel";

/** Events that are gathered before they become a page, and UTF-16 units after which fewer of them do. */
const pageEvents = 128;
const pageUnits = 2 ** 16;

/**
 * Up to 128 events: their texts as one flat string, because texts that were built by `+` stay trees of four times their size. On the heap, and
 * not in a buffer beside it: V8 collects everything for each 64 MB of buffers that are made, however large the heap is that it then has to walk.
 */
interface Page {
  readonly firstSeq: number;
  readonly text: string;
  /** Where each text ends in `text`. */
  readonly ends: readonly number[];
  readonly times: readonly number[];
}

/** One run's events: pages of text, and the newest as they came. */
export class JournalPages {
  #pages: Page[] | null = null;
  #newest: (string | LateText)[] = [];
  #times: number[] = [];
  /** Of those that came as texts. */
  #units = 0;
  /** Last seq that was removed. */
  #base = 0;
  #lastSeq = 0;

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get base(): number {
    return this.#base;
  }

  /** Of an empty one: events up to this seq were removed before it came to be. */
  beginBehind(seq: number): void {
    this.#base = seq;
    this.#lastSeq = seq;
  }

  append(body: string | LateText, atMs: number): void {
    this.#times.push(atMs);
    this.#lastSeq++;
    if (typeof body === "string") this.#units += body.length;
    if (this.#newest.push(body) === pageEvents || this.#units >= pageUnits) this.settle();
  }

  /** Turn the newest into pages. One that is not full takes them in, so that a run that parks often has few pages. */
  settle(): void {
    const texts = this.#newest.map(textOf);
    const times = this.#times;
    let firstSeq = this.#lastSeq - texts.length + 1;
    this.#newest = [];
    this.#times = [];
    this.#units = 0;
    let begin = 0;
    for (let end = 1, units = 0; end <= texts.length; end++) {
      units += (texts[end - 1] as string).length;
      // Late texts may be long.
      if (units < pageUnits && end < texts.length) continue;
      const whole = begin === 0 && end === texts.length;
      this.#addPage(firstSeq, whole ? texts : texts.slice(begin, end), whole ? times : times.slice(begin, end));
      firstSeq += end - begin;
      begin = end;
      units = 0;
    }
  }

  #addPage(firstSeq: number, texts: readonly string[], times: readonly number[]): void {
    const pages = (this.#pages ??= []);
    const last = pages.at(-1);
    const grows = last !== undefined && last.ends.length + texts.length <= pageEvents && last.text.length < pageUnits ? last : null;
    const page = joinPage(grows, firstSeq, texts, times);
    if (grows === null) pages.push(page);
    else pages[pages.length - 1] = page;
  }

  read(afterSeq: number, limit: number): StoredEvent[] {
    const events: StoredEvent[] = [];
    const from = Math.max(afterSeq, this.#base) + 1;
    const pages = this.#pages ?? [];
    for (let at = pageOf(pages, from); at < pages.length && events.length < limit; at++) readPage(pages[at]!, from, limit, events);
    const tailSeq = this.#lastSeq - this.#newest.length + 1;
    for (let seq = Math.max(from, tailSeq); seq <= this.#lastSeq && events.length < limit; seq++) {
      events.push({ seq, atMs: this.#times[seq - tailSeq]!, body: textOf(this.#newest[seq - tailSeq]!) });
    }
    return events;
  }

  /** Nobody reads it any more. */
  clear(): void {
    this.#pages = null;
    this.#newest = [];
    this.#times = [];
  }

  /** Whole pages are let go; the rest of one that is only partly removed is no longer read. */
  removeThrough(seq: number): void {
    if (seq <= this.#base) return;
    this.#base = Math.min(seq, this.#lastSeq);
    if (this.#pages !== null) this.#pages = this.#pages.slice(pageOf(this.#pages, this.#base + 1));
  }
}

function textOf(body: string | LateText): string {
  return typeof body === "string" ? body : body.text();
}

/** Index of the first page that holds `seq` or later ones. */
function pageOf(pages: readonly Page[], seq: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const page = pages[middle]!;
    if (page.firstSeq + page.ends.length <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

function joinPage(before: Page | null, firstSeq: number, texts: readonly string[], times: readonly number[]): Page {
  if (before === null) return { firstSeq, text: texts.join(""), ends: endsOf(texts, 0), times };
  return {
    firstSeq: before.firstSeq,
    text: [before.text, ...texts].join(""),
    ends: [...before.ends, ...endsOf(texts, before.text.length)],
    times: [...before.times, ...times],
  };
}

function endsOf(texts: readonly string[], start: number): number[] {
  let end = start;
  return texts.map((text) => (end += text.length));
}

function readPage({ firstSeq, text, ends, times }: Page, from: number, limit: number, into: StoredEvent[]): void {
  for (let index = Math.max(0, from - firstSeq); index < ends.length && into.length < limit; index++) {
    const start = index === 0 ? 0 : ends[index - 1]!;
    into.push({ seq: firstSeq + index, atMs: times[index]!, body: text.slice(start, ends[index]) });
  }
}
