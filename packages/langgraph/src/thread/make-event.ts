import { type Base, makeParts } from "../text/make-parts.ts";
import type { PlainText } from "../text/serialized.ts";
import type { StoredText } from "../text/stored-text.ts";
import type { TextEntry } from "../text/text-table.ts";
import type { CheckpointKept, WritesKept } from "./thread-event.ts";
import type { KeptCheckpoint, ThreadState } from "./thread-state.ts";

/** Shorter texts copy from nothing but their predecessor. */
const searchedFrom = 128;

/** A checkpoint to keep. */
export interface NewCheckpoint {
  readonly ns: string;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly head: PlainText;
  /** New values by channel; null: it has none any more. */
  readonly values: ReadonlyMap<string, PlainText | null>;
}

/** Writes of a task to keep. */
export interface NewWrites {
  readonly ns: string;
  readonly id: string;
  readonly task: string;
  readonly writes: readonly { readonly index: number; readonly channel: string; readonly value: PlainText }[];
}

/** @returns null: it is kept already, exactly so */
export function checkpointEvent(state: ThreadState, { ns, id, parentId, head, values }: NewCheckpoint): CheckpointKept | null {
  const there = state.find(ns, id);
  if (there !== undefined && there.parentId === parentId && isSame(state, there.head, head)) {
    const same = [...values].every(([channel, value]) => isSame(state, there.values.get(channel), value));
    if (same) return null;
  }
  const before = parentId === undefined ? state.find(ns) : (state.find(ns, parentId) ?? state.find(ns));
  const bases = new Bases(state);
  for (const { value } of before === undefined ? [] : state.writesOn(ns, before.id)) bases.offer(value);
  if (before === undefined) offerEnclosing(state, ns, bases);
  const kept = [...values].map(([channel, value]) => {
    if (value === null) return [channel, null] as const;
    return [channel, bases.make(value, bases.of(there?.values.get(channel) ?? state.lastValue(before, channel)))] as const;
  });
  return {
    type: "checkpoint",
    ns,
    id,
    ...(parentId === undefined ? null : { parent: parentId }),
    head: new Bases(state).make(head, bases.of(before?.head)),
    values: kept,
  };
}

/** @returns null: all of them are kept already. A task's write to a channel counts once; an error, an interrupt and an answer replace the one before */
export function writesEvent(state: ThreadState, { ns, id, task, writes }: NewWrites): WritesKept | null {
  const there = new Map(state.writesOn(ns, id).flatMap((write) => (write.task === task ? [[write.index, write.value] as const] : [])));
  const fresh = writes.filter(({ index, value }) => !there.has(index) || (index < 0 && !isSame(state, there.get(index), value)));
  if (fresh.length === 0) return null;
  const bases = new Bases(state);
  const checkpoint = state.find(ns, id);
  if (checkpoint !== undefined && fresh.some(({ value }) => value.text.length >= searchedFrom))
    for (const value of state.valuesOf(checkpoint).values()) bases.offer(value);
  // What a task sends on is, as a rule, like what it sent before it, or like what it wrote.
  const written = new Map<string, Base>();
  const made = fresh.map(({ index, channel, value }, place) => {
    const text = bases.make(value, written.get(channel), written.values());
    written.set(channel, { no: state.texts.count + place, text: value.text });
    return [index, channel, text] as const;
  });
  return { type: "writes", ns, id, task, writes: made };
}

/** A subgraph begins with what the graph around it has, as a rule. */
function offerEnclosing(state: ThreadState, ns: string, bases: Bases): void {
  if (ns === "") return;
  const enclosing = ns.includes("|") ? ns.slice(0, ns.lastIndexOf("|")) : "";
  const around: KeptCheckpoint | undefined = state.find(enclosing);
  if (around === undefined) return;
  for (const { value } of state.writesOn(enclosing, around.id)) bases.offer(value);
  for (const value of state.valuesOf(around).values()) bases.offer(value);
}

function isSame(state: ThreadState, kept: TextEntry | null | undefined, given: PlainText | null): boolean {
  if (kept == null || given === null) return kept === given;
  const { type, base64 } = kept.stored;
  return type === given.type && base64 === given.base64 && kept.length === given.text.length && state.texts.read(kept) === given.text;
}

/** Texts of a thread that others copy from. */
class Bases {
  readonly #state: ThreadState;
  readonly #offered: TextEntry[] = [];
  #read: Base[] | null = null;

  constructor(state: ThreadState) {
    this.#state = state;
  }

  offer(entry: TextEntry): void {
    if (entry.length >= searchedFrom) this.#offered.push(entry);
  }

  of(entry: TextEntry | undefined): Base | undefined {
    return entry === undefined ? undefined : { no: entry.no, text: this.#state.texts.read(entry) };
  }

  /** @param before its predecessor; it is also looked for in what was offered, and in `more` */
  make({ text, ...kind }: PlainText, before: Base | undefined, more: Iterable<Base> = []): StoredText {
    const searched = text.length < searchedFrom ? [] : [...more, ...(this.#read ??= this.#offered.map((entry) => this.of(entry)!))];
    const made = before === undefined && searched.length === 0 ? null : makeParts(text, before ?? null, searched);
    if (made === null) return { ...kind, text };
    const stored = { ...kind, ...made };
    this.#state.texts.expect(stored, text);
    return stored;
  }
}
