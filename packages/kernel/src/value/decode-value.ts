import { HeddleError } from "../errors/heddle-error.ts";
import { fromBase64 } from "./base64.ts";
import { errorFrom } from "./error-from.ts";
import type { Json } from "./json.ts";
import { bufferClass, setKey, views } from "./tagged.ts";
import { maxDepth } from "./value-limits.ts";
import { formatPath, type PathStep } from "./value-path.ts";

type JsonObject = { readonly [key: string]: Json };

/**
 * The value that `encodeValue` made this JSON from. It shares no object with `json`, which may be read again.
 *
 * @throws HeddleError `VALUE_UNREADABLE` naming the path of a tag that is unknown or whose content does not fit
 */
export function decodeValue(json: Json): unknown {
  return decode(json, []);
}

/** A message of an unknown kind, or `undefined` for a value that may be. */
type Reader = (content: Json, path: PathStep[]) => unknown;

const unreadable: unique symbol = Symbol("unreadable");

function decode(json: Json, path: PathStep[]): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (path.length > maxDepth * 3) throw refusalToRead(path, `it is nested more than ${maxDepth} levels deep`);
  if (isArray(json)) return decodeArray(json, path);
  let first = "";
  let keys = 0;
  for (const key in json) {
    if (keys === 0) first = key;
    keys += 1;
    if (keys === 2) break;
  }
  return keys === 1 && first.startsWith("$") ? decodeTagged(first, json[first] as Json, path) : decodeFields(json, path);
}

function decodeArray(json: readonly Json[], path: PathStep[]): unknown[] {
  const copy: unknown[] = json.slice();
  for (let index = 0; index < json.length; index += 1) {
    const item = json[index] as Json;
    if (typeof item === "object" && item !== null) copy[index] = decodePart(item, index, path);
  }
  return copy;
}

function decodeFields(json: JsonObject, path: PathStep[]): Record<string, unknown> {
  let copy: Record<string, unknown> | null = null;
  let atOnce = false;
  for (const key in json) {
    const field = json[key] as Json;
    const hasParts = typeof field === "object" && field !== null;
    if (copy === null) {
      // Fields are copied at once, which keeps their hidden class; an object of objects is not, since nothing of such a copy would be left.
      atOnce = !hasParts;
      copy = atOnce ? { ...json } : {};
    }
    if (hasParts) setKey(copy, key, decodePart(field, key, path));
    else if (!atOnce) setKey(copy, key, field);
  }
  return copy ?? {};
}

function decodePart(json: Json, step: PathStep, path: PathStep[]): unknown {
  path.push(step);
  const value = decode(json, path);
  path.pop();
  return value;
}

function decodeTagged(tag: string, content: Json, path: PathStep[]): unknown {
  path.push(tag);
  const reader = readers.get(tag);
  if (reader === undefined) throw refusalToRead(path, `${tag} is no tag that this version knows`);
  const value = reader(content, path);
  if (value === unreadable) throw refusalToRead(path, `the content of ${tag} does not fit`);
  path.pop();
  return value;
}

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["$undefined", (content) => (content === true ? undefined : unreadable)],
  ["$number", (content) => numbers.get(content) ?? unreadable],
  ["$bigint", (content) => (typeof content === "string" && /^-?\d+$/.test(content) ? BigInt(content) : unreadable)],
  ["$date", readDate],
  ["$regexp", readRegExp],
  ["$url", (content) => (typeof content === "string" && URL.canParse(content) ? new URL(content) : unreadable)],
  ["$map", readMap],
  ["$set", (content, path) => (isArray(content) ? new Set(decodeArray(content, path)) : unreadable)],
  ["$buffer", (content) => readBytes(content)?.buffer ?? unreadable],
  ["$bytes", (content) => readBytes(content) ?? unreadable],
  ["$nodebuffer", readNodeBuffer],
  ["$view", readView],
  ["$bare", (content, path) => (isObject(content) ? Object.assign(Object.create(null), decodeFields(content, path)) : unreadable)],
  ["$escape", (content, path) => (isObject(content) ? decodeFields(content, path) : unreadable)],
  ["$error", (content, path) => errorFrom(content, (key, part) => decodePart(part, key, path)) ?? unreadable],
]);

const numbers: ReadonlyMap<Json, number> = new Map<Json, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

function readDate(content: Json): unknown {
  if (content === null) return new Date(Number.NaN);
  const date = new Date(typeof content === "string" ? content : Number.NaN);
  return Number.isNaN(date.getTime()) ? unreadable : date;
}

function readRegExp(content: Json): unknown {
  if (!isArray(content)) return unreadable;
  const [source, flags, lastIndex = 0] = content;
  if (typeof source !== "string" || typeof flags !== "string" || typeof lastIndex !== "number") return unreadable;
  try {
    const pattern = new RegExp(source, flags);
    pattern.lastIndex = lastIndex;
    return pattern;
  } catch {
    return unreadable; // a flag or a form that this engine does not have
  }
}

function readMap(content: Json, path: PathStep[]): unknown {
  if (!isArray(content)) return unreadable;
  const map = new Map<unknown, unknown>();
  for (const [nth, entry] of content.entries()) {
    if (!isArray(entry) || entry.length !== 2) return unreadable;
    const [key, value] = entry as readonly [Json, Json];
    map.set(decodePart(key, { key: nth }, path), decodePart(value, { at: key, nth }, path));
  }
  return map;
}

function readNodeBuffer(content: Json): unknown {
  const bytes = readBytes(content);
  if (bytes === null) return unreadable;
  return bufferClass === undefined ? bytes : bufferClass.from(bytes.buffer, 0, bytes.byteLength);
}

function readView(content: Json): unknown {
  if (!isArray(content)) return unreadable;
  const [name, text] = content;
  const bytes = readBytes(text);
  if (typeof name !== "string" || !Object.hasOwn(views, name) || bytes === null) return unreadable;
  const type = views[name as keyof typeof views];
  const unit = "BYTES_PER_ELEMENT" in type ? type.BYTES_PER_ELEMENT : 1;
  return bytes.byteLength % unit === 0 ? new (type as new (buffer: ArrayBuffer) => ArrayBufferView)(bytes.buffer) : unreadable;
}

function readBytes(content: Json | undefined): Uint8Array<ArrayBuffer> | null {
  return typeof content === "string" ? fromBase64(content) : null;
}

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function isObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function refusalToRead(path: readonly PathStep[], reason: string): HeddleError {
  const where = formatPath(path);
  const message = `A stored value cannot be decoded: at ${where}, ${reason}. It was written by a newer version or changed since; read it with the version that wrote it.`;
  return new HeddleError("VALUE_UNREADABLE", message, { data: { path: where } });
}
