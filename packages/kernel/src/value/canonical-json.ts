import type { Json } from "./json.ts";
import { refusal } from "./refusal.ts";
import { maxDepth } from "./value-limits.ts";
import type { PathStep } from "./value-path.ts";

/** Levels of JSON: more than any value takes that `encodeValue` lets through, and few enough to end at a cycle. */
const maxLevels = maxDepth * 5;

/** Levels that are written by recursion, which is fast and takes room on the caller's stack; what goes deeper is written without. */
export const maxRecursion = 200;

/** An object or array that is being written. */
interface Level {
  readonly of: object;
  /** Keys in their order; null for an array. */
  readonly keys: readonly string[] | null;
  /** Parts begun. */
  begun: number;
}

/**
 * One text per JSON value: keys sorted by their UTF-16 code units, no spaces, strings and numbers as `JSON.stringify` writes them
 * (RFC 8785). A property that is undefined is left out, as an absent one.
 *
 * @throws HeddleError `VALUE_NOT_DURABLE` naming the path of a part that is not JSON
 */
export function canonicalJson(json: Json): string {
  return textOf(json, maxRecursion) ?? slowly(json);
}

const bareText = /^[ !#-[\]-~]*$/;
function quote(text: string): string {
  return text.length < 100 && bareText.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Null: something in it is no JSON, which `slowly` refuses with its path, or nested deeper than `levels`. */
function textOf(json: unknown, levels: number): string | null {
  if (typeof json === "string") return quote(json);
  if (typeof json === "number") return Number.isFinite(json) ? JSON.stringify(json) : null;
  if (typeof json === "boolean" || json === null) return String(json);
  if (typeof json !== "object" || levels === 0) return null;
  if (Array.isArray(json)) return listText(json, levels);
  const prototype: unknown = Object.getPrototypeOf(json);
  if (prototype !== Object.prototype && prototype !== null) return null;
  const fields = json as Readonly<Record<string, unknown>>;
  let text = "";
  for (const key of sortedKeys(fields)) {
    const field = fields[key];
    if (field === undefined) continue;
    const part = textOf(field, levels - 1);
    if (part === null) return null;
    text += `${text === "" ? "{" : ","}${quote(key)}:${part}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Most objects are written with their keys in order, or have few. */
export function sortedKeys(fields: object): readonly string[] {
  const keys = Object.keys(fields);
  for (let index = 1; index < keys.length; index += 1) if (keys[index]! < keys[index - 1]!) return keys.sort();
  return keys;
}

function listText(list: readonly unknown[], levels: number): string | null {
  let text = "[";
  for (let index = 0; index < list.length; index += 1) {
    const part = textOf(list[index], levels - 1);
    if (part === null) return null;
    text += index === 0 ? part : `,${part}`;
  }
  return `${text}]`;
}

/** The same without recursion, with a path for what has no canonical text. */
function slowly(json: Json): string {
  const levels: Level[] = [];
  let text = begin(json, levels);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (level.begun === (level.keys ?? (level.of as readonly unknown[])).length) {
      text += level.keys === null ? "]" : "}";
      levels.pop();
      continue;
    }
    const key = level.keys?.[level.begun] ?? level.begun;
    if (level.begun > 0) text += ",";
    if (typeof key === "string") text += `${JSON.stringify(key)}:`;
    level.begun += 1;
    text += begin(Reflect.get(level.of, key), levels);
  }
  return text;
}

/** The text of a value without parts; of one with parts, its first bracket, and a level for the rest. */
function begin(json: unknown, levels: Level[]): string {
  if (json === null || typeof json === "string" || typeof json === "boolean" || (typeof json === "number" && Number.isFinite(json))) {
    return JSON.stringify(json);
  }
  if (typeof json !== "object") return refuse(`${typeof json === "number" ? json : `a value of type ${typeof json}`}`, levels);
  if (levels.length === maxLevels) return refuse("a value nested too deep, or a cycle", levels);
  if (Array.isArray(json)) {
    levels.push({ of: json, keys: null, begun: 0 });
    return "[";
  }
  const prototype: unknown = Object.getPrototypeOf(json);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse("an instance of a class", levels);
  const keys = Object.keys(json).filter((key) => Reflect.get(json, key) !== undefined);
  levels.push({ of: json, keys: keys.sort(), begun: 0 });
  return "{";
}

function refuse(found: string, levels: readonly Level[]): never {
  const path: PathStep[] = levels.slice(0, 100).map(({ keys, begun }) => keys?.[begun - 1] ?? begun - 1);
  throw refusal("a value", path, found, "Only JSON has a canonical text: encode it with `encodeValue` first.");
}
