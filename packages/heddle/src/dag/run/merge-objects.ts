import { isDeepStrictEqual } from "node:util";
import type { MergeConflict } from "../config/dag-config.ts";
import { type Meeting, mergeFailed } from "./meeting.ts";

/** Objects, or texts that hold JSON objects, as one; text again if all of them were. What several have and is the same is no conflict. */
export function mergeObjects(node: string, meeting: Meeting, conflict: MergeConflict): unknown {
  const objects = meeting.map(({ id, payload }) => {
    const value = typeof payload === "string" ? parsed(node, id, payload) : payload;
    if (!isObject(value)) throw mergeFailed(node, `the payload of "${id}" is no JSON object, which json_merge takes`);
    return value;
  });
  const merged = objects.reduce((all, each, index) => merge(node, meeting[index]?.id ?? "", all, each, conflict, ""));
  return meeting.every(({ payload }) => typeof payload === "string") ? JSON.stringify(merged) : merged;
}

type Values = Readonly<Record<string, unknown>>;

// As deep as the payloads, which the engine bounds.
function merge(node: string, from: string, first: Values, second: Values, conflict: MergeConflict, path: string): Values {
  // Through entries: keys are the user's, and `__proto__` is one like any other.
  const merged = new Map(Object.entries(first));
  for (const [key, value] of Object.entries(second)) {
    const held = merged.get(key);
    const place = `${path}/${key}`;
    if (!merged.has(key) || conflict === "take_last") merged.set(key, value);
    else if (conflict === "take_first" || isDeepStrictEqual(held, value)) continue;
    else if (conflict === "merge" && isObject(held) && isObject(value)) merged.set(key, merge(node, from, held, value, conflict, place));
    else if (conflict === "merge" && Array.isArray(held) && Array.isArray(value))
      merged.set(key, [...(held as unknown[]), ...(value as unknown[])]);
    else throw mergeFailed(node, `"${from}" has another value at ${place}; a conflict rule such as take_first would choose`);
  }
  return Object.fromEntries(merged);
}

function parsed(node: string, id: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw mergeFailed(node, `the payload of "${id}" is text that is no JSON`);
  }
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
