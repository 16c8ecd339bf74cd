import type { Json } from "../value/json.ts";

/** What tells an object of a `keyed` channel from the others; undefined: it is no object, or has no text and no number there. */
export function itemKey(item: Json, field: string): string | number | undefined {
  if (typeof item !== "object" || item === null || Array.isArray(item) || !Object.hasOwn(item, field)) return undefined;
  const key = (item as { readonly [field: string]: Json })[field];
  return typeof key === "string" || (typeof key === "number" && Number.isFinite(key)) ? key : undefined;
}
