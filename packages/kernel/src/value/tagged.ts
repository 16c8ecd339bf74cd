import type { Json } from "./json.ts";

// How values that JSON has no form for stand in JSON: an object with exactly one key, and that key begins with `$`.
// A user's object that looks so is wrapped in `$escape`; every other object stands as it is.

/** Typed arrays and DataView by name: those that are kept as `$view`. Uint8Array, the common one, is `$bytes`. */
export const views = {
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
  DataView,
} as const;

/** Is this key list one that the reader would take for a tag? */
export function looksTagged(keys: readonly string[]): boolean {
  return keys.length === 1 && keys[0]?.startsWith("$") === true;
}

/** Set a property as data, `__proto__` too. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

/** The Buffer of this engine; absent in browsers, where its bytes come back as Uint8Array. */
export interface BufferClass {
  readonly prototype: object;
  from(bytes: ArrayBuffer, offset: number, length: number): Uint8Array;
}
export const bufferClass = (globalThis as { readonly Buffer?: BufferClass }).Buffer;

/** Does this JSON object read as an error where a cause stands? */
export function looksLikeError(json: Json): boolean {
  return typeof json === "object" && json !== null && !Array.isArray(json) && textAt(json, "name") && textAt(json, "message");
}

function textAt(json: object, key: string): boolean {
  return Object.hasOwn(json, key) && typeof (json as Record<string, unknown>)[key] === "string";
}
