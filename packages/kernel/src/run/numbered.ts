/**
 * What is open under dense, growing numbers: commands by `no`, frames by serial. Looked up by subtraction; the front that is
 * free is cut off once it is the larger part, so the length follows the spread of what is open.
 */
export interface Numbered<T> {
  base: number;
  readonly list: (T | undefined)[];
  /** How many places at the front are free. */
  free: number;
}

export function numbered<T>(base: number): Numbered<T> {
  return { base, list: [], free: 0 };
}

export function find<T>(open: Numbered<T>, number: number): T | undefined {
  const index = number - open.base;
  return index < 0 ? undefined : open.list[index];
}

/** `number` is higher than any before. */
export function add<T>(open: Numbered<T>, number: number, entry: T): void {
  const { list } = open;
  while (list.length < number - open.base) list.push(undefined);
  list.push(entry);
}

export function replace<T>(open: Numbered<T>, number: number, entry: T): void {
  open.list[number - open.base] = entry;
}

export function remove<T>(open: Numbered<T>, number: number): void {
  const { list } = open;
  const index = number - open.base;
  list[index] = undefined;
  if (index !== open.free) return;
  let free = index + 1;
  while (free < list.length && list[free] === undefined) free++;
  if (free > 32 && free * 2 > list.length) {
    list.copyWithin(0, free);
    list.length -= free;
    open.base += free;
    free = 0;
  }
  open.free = free;
}

/** Drop all; the next number is `base` or higher. */
export function clear<T>(open: Numbered<T>, base: number): void {
  if (open.list.length > 0) open.list.length = 0;
  open.base = base;
  open.free = 0;
}

/** What is open, by number. */
export function entries<T>(open: Numbered<T> | undefined): T[] {
  const found: T[] = [];
  if (open === undefined) return found;
  for (let index = open.free; index < open.list.length; index++) {
    const entry = open.list[index];
    if (entry !== undefined) found.push(entry);
  }
  return found;
}
