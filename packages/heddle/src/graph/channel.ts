import type { Channel, Json } from "@heddle/kernel";
import { canonicalJson, encodeValue } from "@heddle/kernel";
import type { Schema } from "../workflow/standard-schema.ts";

/**
 * One key of a graph's state: what it holds, and how what nodes write is merged into it. Made by `value`, `last`, `append`, `sum`, `mergeBy`,
 * `messages`, `fold` and `ephemeral`.
 *
 * `Held` is what nodes read, `Written` what they write; `Sure` is `true` where it holds a value from the beginning.
 */
export interface StateChannel<Held = unknown, Written = unknown, Sure extends boolean = boolean> {
  readonly kind: "value" | "last" | "append" | "sum" | "mergeBy" | "messages" | "fold" | "ephemeral";
  readonly schema: Schema | undefined;
  /** As a Plan has it; `name` is the key in the state. */
  readonly plan: (name: string) => Channel;
  /** What one update writes, each for a `write` of its own. Says what is wrong with an update of the wrong kind. */
  readonly writes: (written: unknown, ids: NewIds, key: string) => readonly unknown[] | Refusal;
  /** What it holds after an update, for routes that look at it before the round is over. */
  readonly apply: (held: unknown, written: unknown) => unknown;
  /** What a subgraph added to what it was given: what its parent is to write. Undefined: nothing. */
  readonly added: (given: unknown, result: unknown) => unknown;
  readonly reducer?: (held: unknown, written: unknown) => unknown;
  /** Only for types: it is never there. */
  readonly types?: { readonly held: Held; readonly written: Written; readonly sure: Sure };
}

/** Gives the new items of an update their ids: of one `key` always the same, where what is done again must come to the same. */
export interface NewIds {
  uuid(key: string): string;
}

/** Why an update does not fit its channel. */
export interface Refusal {
  readonly refused: string;
}

export interface ChannelOptions {
  /** What the input and each node's update write must fit; of lists, each item that is put in. What the schema gives back is what is written. */
  readonly schema?: Schema;
}

const one = (written: unknown): readonly unknown[] => [written];
const replaced = (_: unknown, written: unknown): unknown => written;
const changed = (given: unknown, result: unknown): unknown => (isSame(given, result) ? undefined : result);
const listOf = (held: unknown): readonly object[] => (held === undefined ? [] : (held as readonly object[]));
const encoded = (value: unknown): Json | undefined => (value === undefined ? undefined : encodeValue(value));
const withInitial = (initial: unknown): { initial?: Json } => (initial === undefined ? {} : { initial: encoded(initial) as Json });

/** One value, written by at most one node in a round: two are a `CHANNEL_CONFLICT` that names both. */
export function value<T>(): StateChannel<T, T, false>;
export function value<T>(initial: T, options?: ChannelOptions): StateChannel<T, T, true>;
export function value<T>(initial: undefined, options?: ChannelOptions): StateChannel<T, T, false>;
export function value<T>(initial?: T, options: ChannelOptions = {}): StateChannel<T, T> {
  return {
    kind: "value",
    schema: options.schema,
    plan: () => ({ kind: "value", ...withInitial(initial) }),
    writes: one,
    apply: replaced,
    added: changed,
  };
}

/** One value; of several writers in a round the last in the graph's order wins. */
export function last<T>(): StateChannel<T, T, false>;
export function last<T>(initial: T, options?: ChannelOptions): StateChannel<T, T, true>;
export function last<T>(initial: undefined, options?: ChannelOptions): StateChannel<T, T, false>;
export function last<T>(initial?: T, options: ChannelOptions = {}): StateChannel<T, T> {
  return {
    kind: "last",
    schema: options.schema,
    plan: () => ({ kind: "last", ...withInitial(initial) }),
    writes: one,
    apply: replaced,
    added: changed,
  };
}

/** One value that only the next round sees. */
export function ephemeral<T>(options: ChannelOptions = {}): StateChannel<T, T, false> {
  return {
    kind: "ephemeral",
    schema: options.schema,
    plan: () => ({ kind: "ephemeral" }),
    writes: one,
    apply: replaced,
    added: changed,
  };
}

/** A list; an update is a list of what is to be added at its end. */
export function append<T>(initial: readonly T[] = [], options: ChannelOptions = {}): StateChannel<readonly T[], readonly T[], true> {
  return {
    kind: "append",
    schema: options.schema,
    plan: () => ({ kind: "append", initial: encoded(initial) as readonly Json[] }),
    writes: (written) => (Array.isArray(written) ? written : { refused: "an update of an append channel is a list of what is added" }),
    apply: (held, written) => [...listOf(held), ...listOf(written)],
    added: (given, result) => (listOf(result).length > listOf(given).length ? listOf(result).slice(listOf(given).length) : undefined),
  };
}

/** A number; an update is added to it. */
export function sum(initial = 0, options: ChannelOptions = {}): StateChannel<number, number, true> {
  return {
    kind: "sum",
    schema: options.schema,
    plan: () => ({ kind: "sum", initial }),
    writes: (written) => (Number.isFinite(written) ? [written] : { refused: "an update of a sum channel is a number" }),
    apply: (held, written) => ((held as number | undefined) ?? 0) + (written as number),
    added: (given, result) =>
      result === undefined || result === given ? undefined : (result as number) - ((given as number | undefined) ?? 0),
  };
}

/** An item of a `mergeBy` or `messages` channel that is to go. Made by `remove`. */
export interface Removal {
  readonly $remove: string | number;
}

/** In an update of a `mergeBy` or `messages` channel: the item with this key is to go. One that is not there is no error. */
export function remove(key: string | number): Removal {
  return { $remove: key };
}

/** A list of objects of which each has its own value in `key`: what is written takes the place of the item with the same one, or goes to the end. */
export function mergeBy<T extends object>(
  key: keyof T & string,
  initial: readonly T[] = [],
  options: ChannelOptions = {},
): StateChannel<readonly T[], readonly (T | Removal)[], true> {
  return {
    kind: "mergeBy",
    schema: options.schema,
    plan: () => ({ kind: "keyed", key, initial: encoded(initial) as readonly Json[] }),
    writes: (written) => keyedWrites(key, written, null),
    apply: (held, written) => applyKeyed(key, listOf(held), listOf(written)),
    added: (given, result) => keyedDifference(key, listOf(given), listOf(result)),
  };
}

/** A message of a conversation; any further fields are kept. */
export interface Message {
  readonly id?: string;
  readonly role: string;
  readonly content: unknown;
}

/**
 * The messages of a conversation: one with a known `id` takes the place of the message that had it, others are added; `remove(id)` takes one out.
 * A message without an id is given one, the same each time that its node is run again.
 */
export function messages<M extends Message = Message>(
  initial: readonly M[] = [],
  options: ChannelOptions = {},
): StateChannel<readonly (M & { readonly id: string })[], readonly (M | Removal)[], true> {
  return {
    kind: "messages",
    schema: options.schema,
    plan: () => ({ kind: "keyed", key: "id", initial: encoded(initial) as readonly Json[] }),
    writes: (written, ids, key) => keyedWrites("id", written, (index) => ids.uuid(`${key}/${index}`)),
    apply: (held, written) => applyKeyed("id", listOf(held), listOf(written).map(withId)),
    added: (given, result) => keyedDifference("id", listOf(given), listOf(result)),
  };
}

/** Before its node has ended a new message has an id that only routes see. */
function withId(message: object, index: number): object {
  return "$remove" in message || "id" in message ? message : { ...message, id: `new-${index}` };
}

/** Your own merge: `reducer(held, written)` gives what is held next. It must be pure; a whole value is recorded at each change. */
export function fold<Held, Written = Held>(
  reducer: (held: Held, written: Written) => Held,
  initial: Held,
  options: ChannelOptions = {},
): StateChannel<Held, Written, true> {
  return {
    kind: "fold",
    schema: options.schema,
    plan: (name) => ({ kind: "fold", reducer: { use: name }, ...withInitial(initial) }),
    writes: one,
    apply: (held, written) => reducer(held as Held, written as Written),
    added: changed,
    reducer: reducer as (held: unknown, written: unknown) => unknown,
  };
}

type Keyed = { readonly [key: string]: unknown };

function keyedWrites(key: string, written: unknown, newId: ((index: number) => string) | null): readonly unknown[] | Refusal {
  if (!Array.isArray(written)) return { refused: "an update of this channel is a list of objects" };
  const put: { readonly item: object; readonly index: number }[] = [];
  /** By key, the last place in the list that takes it out. */
  const removed = new Map<unknown, number>();
  for (const [index, item] of written.entries()) {
    if (typeof item !== "object" || item === null) return { refused: `its item ${index} is no object` };
    if ("$remove" in item) {
      removed.set(item.$remove, index);
      continue;
    }
    const own = (item as Keyed)[key];
    if (typeof own === "string" || typeof own === "number") put.push({ item, index });
    else if (own === undefined && newId !== null) put.push({ item: { ...item, [key]: newId(index) }, index });
    else return { refused: `its item ${index} has no text or number in "${key}"` };
  }
  // The channel removes first and puts then: what is taken out again further on in the list is not put.
  const stays = put.flatMap(({ item, index }) => ((removed.get((item as Keyed)[key]) ?? -1) > index ? [] : [item]));
  if (stays.length === 0 && removed.size === 0) return [];
  return [{ ...(removed.size === 0 ? null : { remove: [...removed.keys()] }), ...(stays.length === 0 ? null : { put: stays }) }];
}

function applyKeyed(key: string, held: readonly object[], written: readonly object[]): object[] {
  const byKey = new Map(held.map((item) => [keyIn(item, key), item]));
  for (const item of written) {
    if ("$remove" in item) byKey.delete(item.$remove);
    else byKey.set(keyIn(item, key), item);
  }
  return [...byKey.values()];
}

function keyedDifference(key: string, given: readonly object[], result: readonly object[]): object[] | undefined {
  const before = new Map(given.map((item) => [keyIn(item, key), item]));
  const after = new Set(result.map((item) => keyIn(item, key)));
  const difference: object[] = [...before.keys()].filter((own) => !after.has(own)).map((own) => remove(own as string | number));
  for (const item of result) if (!isSame(before.get(keyIn(item, key)), item)) difference.push(item);
  return difference.length === 0 ? undefined : difference;
}

function keyIn(item: object, key: string): unknown {
  return (item as Keyed)[key];
}

function isSame(before: unknown, now: unknown): boolean {
  return (
    Object.is(before, now) ||
    (before !== undefined && now !== undefined && canonicalJson(encodeValue(before)) === canonicalJson(encodeValue(now)))
  );
}
