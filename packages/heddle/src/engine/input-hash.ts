import { contentHash, type Json } from "@heddle/kernel";

/**
 * Names an input by what it holds, to tell on a replay whether the same was asked for. Stacks of errors do not count: they say where code
 * lay on a disk, and the same code lies elsewhere after a deployment.
 */
export function inputHash(input: Json): string {
  if (errorsIn(input).length === 0) return contentHash(input);
  const copy = structuredClone(input);
  for (const error of errorsIn(copy)) delete error["stack"];
  return contentHash(copy);
}

/** Encoded errors in a value, however deep, and their causes. */
function errorsIn(json: Json): Record<string, Json>[] {
  const found: Record<string, Json>[] = [];
  const open: Json[] = [json];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (!Array.isArray(next) && "$error" in next)
      for (let error: Json | undefined = next["$error"]; isFields(error); error = error["cause"]) found.push(error);
    for (const part of Array.isArray(next) ? next : Object.values(next)) if (typeof part === "object" && part !== null) open.push(part);
  }
  return found;
}

function isFields(json: Json | undefined): json is Record<string, Json> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
