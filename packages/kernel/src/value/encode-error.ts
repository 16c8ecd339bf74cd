import type { ErrorValue } from "../run/outcome.ts";
import { encodeValue } from "./encode-value.ts";
import { errorFields, isError } from "./error-fields.ts";
import type { Json } from "./json.ts";

/** Causes inside one another that are kept. */
const maxCauses = 100;
/** Longest message and stack, in characters. */
const maxText = 32_768;
/** Largest field, in bytes of its JSON text. */
const maxFieldBytes = 65_536;

/**
 * What was thrown, as it is recorded. Never throws: a failure must not be lost because of what hangs on it. A field that cannot be
 * kept, or that is larger than 64 KiB, is replaced by a text that begins with `[not kept:`; message and stack are cut after 32,768
 * characters and say so. Something that is no error is kept as an error named `ThrownValue` with the value as field `thrown`.
 */
export function encodeError(error: unknown): ErrorValue {
  return encodeWithin(error, []);
}

function encodeWithin(error: unknown, outer: readonly object[]): ErrorValue {
  if (!isErrorSafely(error)) return thrownValue(error);
  const inner = [...outer, error];
  const fields = errorFields(error, {
    read: (key) => readSafely(error, key),
    part: (key, value) => partWithin(value, inner, key === "errors"),
  });
  return { ...fields, message: cut(fields.message), ...(fields.stack === undefined ? {} : { stack: cut(fields.stack) }) };
}

function partWithin(value: unknown, outer: readonly object[], list: boolean): Json {
  if (isErrorSafely(value)) {
    if (outer.includes(value)) return "[not kept: a reference back to an outer error]";
    if (outer.length === maxCauses) return `[not kept: more than ${maxCauses} errors inside one another]`;
    return { $error: encodeWithin(value, outer) as unknown as Json };
  }
  if (list && Array.isArray(value)) return value.map((item) => partWithin(item, outer, false));
  try {
    return encodeValue(value, { maxBytes: maxFieldBytes, what: "a field of an error" });
  } catch (refused) {
    return `[not kept: ${reasonOf(refused)}]`;
  }
}

function thrownValue(value: unknown): ErrorValue {
  const fields = typeof value === "object" && value !== null ? value : {};
  const message = readSafely(fields, "message");
  const code = readSafely(fields, "code");
  return {
    name: "ThrownValue",
    message: typeof message === "string" ? cut(message) : `Something that is no error was thrown: ${describe(value)}`,
    ...(typeof code === "string" ? { code } : {}),
    ...(readSafely(fields, "final") === true ? { final: true } : {}),
    data: { thrown: partWithin(value, [], false) },
  };
}

function describe(value: unknown): string {
  if (typeof value === "string") return cut(value);
  if (value === null || typeof value === "object" || typeof value === "function")
    return `a value of type ${value === null ? "null" : typeof value}`;
  return typeof value === "symbol" ? value.toString() : `${value as undefined | number | bigint | boolean}`;
}

function reasonOf(refused: unknown): string {
  const data = (refused as { readonly data?: { readonly path?: unknown; readonly found?: unknown } }).data;
  if (typeof data?.found === "string") return data.path === "$" ? data.found : `${data.found} at ${String(data.path)}`;
  return refused instanceof Error ? refused.message : "it cannot be read";
}

function readSafely(from: object, key: string): unknown {
  try {
    return Reflect.get(from, key);
  } catch {
    return undefined;
  }
}

function isErrorSafely(value: unknown): value is object {
  try {
    return isError(value);
  } catch {
    return false; // a revoked proxy
  }
}

function cut(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText)}… (${text.length - maxText} more characters)`;
}
