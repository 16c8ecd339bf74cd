import { canonicalJson } from "../value/canonical-json.ts";
import type { Json } from "../value/json.ts";

/** Deeper parts are only said to differ. */
const mostLevels = 20;
/** Longest text of a value in a line. */
const mostText = 60;

/** A place where two JSON values differ, as a path such as `.retry.attempts`, and both sides in words. */
export interface JsonDifference {
  readonly path: string;
  readonly was: string;
  readonly is: string;
}

/** Where two JSON values differ, outermost first; a property that is undefined is absent. Empty when they are equal. */
export function jsonDifference(was: Json | undefined, is: Json | undefined): JsonDifference[] {
  return differences(was, is, "", 0);
}

function differences(was: Json | undefined, is: Json | undefined, path: string, level: number): JsonDifference[] {
  if (Object.is(was, is)) return [];
  if (level < mostLevels && isPlain(was) && isPlain(is)) {
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    return [...keys].flatMap((key) => differences(valueAt(was, key), valueAt(is, key), `${path}.${key}`, level + 1));
  }
  if (level < mostLevels && Array.isArray(was) && Array.isArray(is) && was.length === is.length) {
    return was.flatMap((item: Json, index) => differences(item, is[index] as Json, `${path}[${index}]`, level + 1));
  }
  const texts = [textOf(was), textOf(is)] as const;
  return texts[0] === texts[1] ? [] : [{ path, was: cut(texts[0]), is: cut(texts[1]) }];
}

function isPlain(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function valueAt(json: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(json, key) ? json[key] : undefined;
}

function textOf(json: Json | undefined): string {
  return json === undefined ? "absent" : canonicalJson(json);
}

function cut(text: string): string {
  return text.length <= mostText ? text : `${text.slice(0, mostText)}…`;
}
