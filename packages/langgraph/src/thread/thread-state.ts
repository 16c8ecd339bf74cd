import { HeddleError } from "@heddle/kernel";
import { type TextCache, type TextEntry, TextTable } from "../text/text-table.ts";
import type { CheckpointKept, ReadEvent, WritesKept } from "./thread-event.ts";

/** A checkpoint of a thread. */
export interface KeptCheckpoint {
  readonly ns: string;
  readonly id: string;
  readonly parentId: string | undefined;
  /** Its place among all checkpoints of the thread: later ones have a higher one. */
  readonly place: number;
  readonly head: TextEntry;
  /** Values that are new in it; null: the channel has none from here on. */
  readonly values: ReadonlyMap<string, TextEntry | null>;
}

export interface KeptWrite {
  readonly task: string;
  readonly index: number;
  readonly channel: string;
  readonly value: TextEntry;
}

const mostGathered = 8;

interface Namespace {
  /** In the order in which they came to be. */
  readonly order: KeptCheckpoint[];
  readonly byId: Map<string, KeptCheckpoint>;
  /** By the checkpoint's id, and then by task and index. */
  readonly writes: Map<string, Map<string, KeptWrite>>;
}

/**
 * A thread, folded from its journal: checkpoints of all namespaces, each with what is new in it, and the writes on top of them.
 */
export class ThreadState {
  readonly texts: TextTable;
  readonly #runId: string;
  readonly #namespaces = new Map<string, Namespace>();
  /** All values of checkpoints that were asked for lately. */
  readonly #gathered = new Map<KeptCheckpoint, ReadonlyMap<string, TextEntry>>();
  #threadId: string | null = null;
  #places = 0;
  #seq = 0;

  constructor(runId: string, cache: TextCache) {
    this.#runId = runId;
    this.texts = new TextTable(cache);
  }

  /** Last event that it holds. */
  get seq(): number {
    return this.#seq;
  }

  /** The thread's own id; null before the first event. */
  get threadId(): string | null {
    return this.#threadId;
  }

  /** How many checkpoints there are. */
  get checkpoints(): number {
    return this.#places;
  }

  get namespaces(): readonly string[] {
    return [...this.#namespaces.keys()];
  }

  /** @throws HeddleError `JOURNAL_CORRUPT` it does not follow from what is there */
  apply(seq: number, event: ReadEvent | null): void {
    if (seq !== this.#seq + 1) throw this.#corrupt(this.#seq + 1, "is missing");
    if (event === null || (event.type === "started") !== (seq === 1)) throw this.#corrupt(seq, "is none of a LangGraph thread");
    if (event.type === "started") this.#threadId = event.threadId;
    else if (event.type === "checkpoint") this.#keepCheckpoint(seq, event);
    else this.#keepWrites(seq, event);
    this.#seq = seq;
  }

  /** The newest of a namespace, or the one with this id. */
  find(ns: string, id?: string): KeptCheckpoint | undefined {
    const namespace = this.#namespaces.get(ns);
    return id === undefined ? namespace?.order.at(-1) : namespace?.byId.get(id);
  }

  /** One with this id, wherever it is. */
  findAnywhere(id: string): KeptCheckpoint | undefined {
    for (const { byId } of this.#namespaces.values()) {
      const found = byId.get(id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Newest first. */
  all(ns: string): readonly KeptCheckpoint[] {
    return this.#namespaces.get(ns)?.order.toReversed() ?? [];
  }

  /** In the order in which they were written. */
  writesOn(ns: string, id: string): readonly KeptWrite[] {
    return [...(this.#namespaces.get(ns)?.writes.get(id)?.values() ?? [])];
  }

  hasWrite(ns: string, id: string, task: string, index: number): boolean {
    return this.#namespaces.get(ns)?.writes.get(id)?.has(writeKey(task, index)) ?? false;
  }

  /** Values of a checkpoint: its own, and those that it has from its ancestors. Channels without one are left out. */
  valuesOf(checkpoint: KeptCheckpoint): ReadonlyMap<string, TextEntry> {
    const found = new Map<string, TextEntry | null>();
    for (let from: KeptCheckpoint | undefined = checkpoint; from !== undefined; from = this.#parentOf(from)) {
      const known = this.#gathered.get(from);
      for (const [channel, value] of known ?? from.values) if (!found.has(channel)) found.set(channel, value);
      if (known !== undefined) break;
    }
    const values = new Map([...found].filter((entry): entry is [string, TextEntry] => entry[1] !== null));
    // Who goes on asks for one checkpoint after the other.
    this.#gathered.delete(checkpoint);
    this.#gathered.set(checkpoint, values);
    if (this.#gathered.size > mostGathered) this.#gathered.delete(this.#gathered.keys().next().value!);
    return values;
  }

  /** The value that a channel last had, at the checkpoint or before it; undefined: it never had one. */
  lastValue(checkpoint: KeptCheckpoint | undefined, channel: string): TextEntry | undefined {
    for (let from = checkpoint; from !== undefined; from = this.#parentOf(from)) {
      const value = from.values.get(channel);
      if (value != null) return value;
    }
    return undefined;
  }

  /** Only one that was there before it: so nothing goes on from itself. */
  #parentOf({ ns, parentId, place }: KeptCheckpoint): KeptCheckpoint | undefined {
    const parent = parentId === undefined ? undefined : this.find(ns, parentId);
    return parent !== undefined && parent.place < place ? parent : undefined;
  }

  #keepCheckpoint(seq: number, { ns, id, parent, head, values }: CheckpointKept): void {
    const namespace = this.#namespace(ns);
    const before = namespace.byId.get(id);
    // Kept again, it has what is new in it besides what it had.
    const kept = new Map(before?.values);
    const headEntry = this.texts.add(head);
    for (const [channel, value] of values) kept.set(channel, value === null ? null : this.#entry(seq, this.texts.add(value)));
    const checkpoint: KeptCheckpoint = {
      ns,
      id,
      parentId: parent,
      place: before?.place ?? this.#places++,
      head: this.#entry(seq, headEntry),
      values: kept,
    };
    namespace.byId.set(id, checkpoint);
    if (before === undefined) namespace.order.push(checkpoint);
    else namespace.order[namespace.order.indexOf(before)] = checkpoint;
  }

  #keepWrites(seq: number, { ns, id, task, writes }: WritesKept): void {
    const namespace = this.#namespace(ns);
    let kept = namespace.writes.get(id);
    if (kept === undefined) namespace.writes.set(id, (kept = new Map()));
    for (const [index, channel, value] of writes)
      kept.set(writeKey(task, index), { task, index, channel, value: this.#entry(seq, this.texts.add(value)) });
  }

  #namespace(ns: string): Namespace {
    let namespace = this.#namespaces.get(ns);
    if (namespace === undefined) this.#namespaces.set(ns, (namespace = { order: [], byId: new Map(), writes: new Map() }));
    return namespace;
  }

  #entry(seq: number, entry: TextEntry | null): TextEntry {
    if (entry === null) throw this.#corrupt(seq, "copies from a text that is not there");
    return entry;
  }

  #corrupt(seq: number, what: string): HeddleError {
    return new HeddleError(
      "JOURNAL_CORRUPT",
      `Event ${seq} of run ${this.#runId}, a LangGraph thread, ${what}: restore the store from a backup, or delete the thread.`,
      { data: { runId: this.#runId, seq } },
    );
  }
}

function writeKey(task: string, index: number): string {
  return `${index} ${task}`;
}
