import { itemKey } from "../plan/item-key.ts";
import type { KeyedWrite } from "../plan/plan.ts";
import type { Json } from "../value/json.ts";

// A `keyed` channel is kept as a Map from key to object: a Map tells 1 from "1", and keeps the place of a key that is set again.

/** All of a write is looked at before any of it takes effect. */
export function isKeyedWrite(value: Json, field: string): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  for (const [part, given] of Object.entries(value)) {
    if (part === "clear" ? given !== true : !Array.isArray(given)) return false;
    if (part === "remove" && !(given as Json[]).every((key) => typeof key === "string" || typeof key === "number")) return false;
    if (part === "put" && !(given as Json[]).every((item) => itemKey(item, field) !== undefined)) return false;
    if (part !== "clear" && part !== "remove" && part !== "put") return false;
  }
  return true;
}

export function applyKeyed(items: Map<string | number, Json>, write: KeyedWrite, field: string): void {
  if (write.clear === true) items.clear();
  for (const key of write.remove ?? []) items.delete(key);
  for (const item of write.put ?? []) items.set(itemKey(item, field)!, item);
}
