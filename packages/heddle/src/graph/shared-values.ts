import { decodeValue, type Json } from "@heddle/kernel";

/**
 * Decoded values of a state, shared by all nodes that read them and therefore frozen. What a channel holds is recorded JSON, which never changes and is the
 * same object until the next write: it is decoded once, and of a list that grows only what is new.
 */
const shared = new WeakMap<object, unknown>();

export function sharedValue(json: Json): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (!shared.has(json)) shared.set(json, deepFreeze(decodeValue(json)));
  return shared.get(json);
}

/** As `sharedValue`, of a list each item by itself. */
export function sharedList(json: Json): unknown {
  if (!Array.isArray(json)) return sharedValue(json);
  let list = shared.get(json);
  if (list === undefined) {
    list = Object.freeze((json as readonly Json[]).map(sharedValue));
    shared.set(json, list);
  }
  return list;
}

/** As `sharedList`, of a list that has only grown since `before` was made of it: what was there is not gone through again. */
export function sharedGrown(before: readonly unknown[] | undefined, json: readonly Json[]): readonly unknown[] {
  const list = Object.freeze(before === undefined ? json.map(sharedValue) : [...before, ...json.slice(before.length).map(sharedValue)]);
  shared.set(json, list);
  return list;
}

/** Bytes and the like cannot be frozen, and stay as they are. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const left: object[] = [value];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (Object.isFrozen(at)) continue;
    Object.freeze(at);
    for (const part of Object.values(at))
      if (typeof part === "object" && part !== null && !ArrayBuffer.isView(part)) left.push(part as object);
  }
  return value;
}
