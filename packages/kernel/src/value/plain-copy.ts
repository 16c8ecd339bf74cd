import type { Json } from "./json.ts";

/** A copy that shares no object with what it was made from. For JSON values only: nothing is looked for, nothing refused. */
export function plainCopy<T extends Json>(json: T): T {
  return typeof json === "object" && json !== null ? (copyOf(json) as T) : json;
}

function copyOf(json: Exclude<Json, string | number | boolean | null>): Json {
  // Copied at once as they are, which keeps their hidden class; then what is nested.
  if (Array.isArray(json)) {
    const items = json.slice() as Json[];
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      if (typeof item === "object" && item !== null) items[index] = copyOf(item);
    }
    return items;
  }
  const fields: Record<string, Json> = { ...(json as Record<string, Json>) };
  for (const key in fields) {
    const field = fields[key];
    // The key `__proto__` is an own one here, so that this sets its value and nothing else.
    if (typeof field === "object" && field !== null) fields[key] = copyOf(field);
  }
  return fields;
}
