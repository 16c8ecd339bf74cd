import { printable } from "./text-width.ts";

/**
 * A value as plain JSON for people and other programs. What JSON has no form for becomes its nearest one: dates ISO text,
 * big integers their digits as text, maps objects or pairs, sets arrays, bytes base64, errors name, message and code.
 */
export function plainJson(value: unknown): unknown {
  return toPlain(value, []);
}

/** One line of JSON. */
export function jsonText(value: unknown): string {
  return JSON.stringify(plainJson(value)) ?? "null";
}

/** A short form on one line: text without quotes, other values as JSON, cut at `length` characters. */
export function briefValue(value: unknown, length = 200): string {
  if (value === undefined) return "";
  const text = printable(typeof value === "string" ? value : jsonText(value));
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Indented JSON, at most `limit` lines of at most 400 characters; `cut` counts the lines left out. */
export function prettyValue(value: unknown, limit: number): { readonly lines: readonly string[]; readonly cut: number } {
  const text = typeof value === "string" ? value : (JSON.stringify(plainJson(value), null, 2) ?? "");
  const all = text === "" ? [] : text.split("\n");
  const lines = all.slice(0, limit).map((line) => {
    const safe = keepIndent(line);
    return safe.length <= 400 ? safe : `${safe.slice(0, 399)}…`;
  });
  return { lines, cut: Math.max(0, all.length - limit) };
}

function keepIndent(line: string): string {
  const text = line.trimStart();
  return " ".repeat(line.length - text.length) + printable(text);
}

function toPlain(value: unknown, above: readonly object[]): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "symbol" || typeof value === "function") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "[circular]";
  const path = [...above, value];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Error) return errorToPlain(value, path);
  if (value instanceof Set) return [...value].map((item) => toPlain(item, path));
  if (value instanceof Map) return mapToPlain(value, path);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (Array.isArray(value)) return value.map((item) => toPlain(item, path));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, path)]));
}

function mapToPlain(map: ReadonlyMap<unknown, unknown>, path: readonly object[]): unknown {
  const entries = [...map].map(([key, item]) => [toPlain(key, path), toPlain(item, path)] as const);
  return entries.every(([key]) => typeof key === "string") ? Object.fromEntries(entries) : entries;
}

function errorToPlain(error: Error, path: readonly object[]): unknown {
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === "string" ? { code } : {}),
    ...(error.cause === undefined ? {} : { cause: toPlain(error.cause, path) }),
  };
}
