import { isDeepStrictEqual } from "node:util";
import type { Condition } from "../config/dag-config.ts";

/** What a condition is about. */
export interface ConditionInput {
  readonly payload: unknown;
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly missing: readonly string[];
}

/** Given in code. The same input must give the same answer. */
export type Predicate = (input: ConditionInput) => boolean;

type Tests = Exclude<Condition, { readonly use: string }>;

/** Whether all tests of a condition hold. */
export function testsHold(condition: Tests, input: ConditionInput): boolean {
  const found = valueAt(condition.path, input);
  return (
    (condition.exists === undefined || (found !== undefined) === condition.exists) &&
    (condition.equals === undefined || isDeepStrictEqual(found, condition.equals)) &&
    (condition.not_equals === undefined || !isDeepStrictEqual(found, condition.not_equals)) &&
    (condition.in === undefined || condition.in.some((each) => isDeepStrictEqual(found, each))) &&
    (condition.greater_than === undefined || (typeof found === "number" && found > condition.greater_than)) &&
    (condition.less_than === undefined || (typeof found === "number" && found < condition.less_than)) &&
    (condition.matches === undefined || (typeof found === "string" && new RegExp(condition.matches, "u").test(found)))
  );
}

/** The node whose metadata a path is about: ids may have dots, so that the longest that fits counts. Undefined: none of these. */
export function nodeOfPath(path: string, ids: readonly string[]): string | undefined {
  const rest = path.slice("metadata.".length);
  const fitting = ids.filter((id) => rest === id || rest.startsWith(`${id}.`));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function valueAt(path: string, { payload, metadata }: ConditionInput): unknown {
  const id = path.startsWith("metadata.") ? nodeOfPath(path, Object.keys(metadata)) : undefined;
  if (path.startsWith("metadata.") && id === undefined) return undefined;
  const keys = (id === undefined ? path.slice("payload".length) : path.slice("metadata.".length + id.length)).split(".").slice(1);
  let value: unknown = id === undefined ? payload : metadata[id];
  for (const key of keys)
    value = typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  return value;
}
