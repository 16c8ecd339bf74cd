import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { isRecord } from "./compiled-shape.ts";

// LangChain's objects, such as messages, are instances of classes. In a run they stand as the records that LangChain itself makes of them.

const serde = new MemorySaver().serde;

/** LangChain's objects in a value, at any depth, become plain records; what has none comes back as it is. */
export function toPlain(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (value["lc_serializable"] === true && typeof value["toJSON"] === "function") return JSON.parse(JSON.stringify(value)) as unknown;
  if (Array.isArray(value)) return value.map(toPlain);
  return isPlain(value) ? mapped(value, toPlain) : value;
}

/** The records become LangChain's objects again: of the classes that LangChain knows, and no others. */
export async function toLive(value: unknown): Promise<unknown> {
  if (!isRecord(value)) return value;
  if (value["lc"] === 1 && value["type"] === "constructor") return serde.loadsTyped("json", JSON.stringify(value)) as Promise<unknown>;
  if (Array.isArray(value)) return Promise.all(value.map(toLive));
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).map(async ([key, each]) => [key, await toLive(each)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function mapped(value: Record<string, unknown>, change: (each: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]));
}
