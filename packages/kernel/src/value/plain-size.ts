import { maxDepth } from "./value-limits.ts";

/** Found something that JSON text would not bring back as it is. */
export const notPlain = -1;

/**
 * The way of almost every value: is it plain JSON that may stand in a journal untouched? Answers with a lower bound of the
 * bytes of its JSON text, or `notPlain`. Runs for every result, so it does not say what is in the way: `encodeValue` finds out
 * when it has to copy. Descriptors rather than reads, or an accessor would pass for data.
 * Not looked for: accessors among an array's elements, which would cost more than writing the text.
 */
export function plainSize(value: unknown, depth: number, budget: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? 1 : notPlain;
  if (typeof value === "boolean") return 4;
  if (typeof value !== "object") return notPlain;
  if (value === null) return 4;
  if (depth === maxDepth) return notPlain;
  return Array.isArray(value) ? arraySize(value, depth + 1, budget) : objectSize(value, depth + 1, budget);
}

function objectSize(value: object, depth: number, budget: number): number {
  if (Object.getPrototypeOf(value) !== Object.prototype) return notPlain;
  const keys = Object.getOwnPropertyNames(value);
  let size = 2;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property === undefined || !property.enumerable) return notPlain;
    const part = plainSize(property.value, depth, budget - size); // an accessor's is undefined, so not plain
    if (part === notPlain) return notPlain;
    size += part + key.length + 3;
    if (size > budget) return notPlain;
  }
  if (keys.length === 1 && (keys[0] as string).charCodeAt(0) === 0x24) return notPlain; // looks like a tag
  return Object.getOwnPropertySymbols(value).length === 0 ? size : notPlain;
}

function arraySize(value: readonly unknown[], depth: number, budget: number): number {
  if (Object.getPrototypeOf(value) !== Array.prototype) return notPlain;
  // A hole makes this shorter, a property beside the elements longer; both at once leave an `undefined` to be found below.
  if (Object.values(value).length !== value.length) return notPlain;
  let size = value.length === 0 ? 2 : 1;
  for (let index = 0; index < value.length; index += 1) {
    const part = plainSize(value[index], depth, budget - size);
    if (part === notPlain) return notPlain;
    size += part + 1;
    if (size > budget) return notPlain;
  }
  return Object.getOwnPropertySymbols(value).length === 0 ? size : notPlain;
}
