import { HeddleError, type ErrorCode } from "@heddle/kernel";
import type { Schema, SchemaResult } from "./standard-schema.ts";

/**
 * The value as the schema gives it back: at once, if the schema answers so.
 *
 * @throws HeddleError `INPUT_INVALID` (or `code`) naming each place that does not fit
 */
export function checkWithSchema<Out>(
  schema: Schema<unknown, Out>,
  value: unknown,
  what: string,
  code: ErrorCode = "INPUT_INVALID",
): Out | Promise<Out> {
  const result = schema["~standard"].validate(value);
  return "then" in result ? Promise.resolve(result).then((each) => valueOf(each, what, code)) : valueOf(result, what, code);
}

function valueOf<Out>(result: SchemaResult<Out>, what: string, code: ErrorCode): Out {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path }) => {
    const place = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return { path: place === "" ? "$" : `$.${place}`, message };
  });
  const shown = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`);
  const more = issues.length > 5 ? `; and ${issues.length - 5} more` : "";
  throw new HeddleError(code, `${what[0]?.toUpperCase()}${what.slice(1)} does not fit its schema. ${shown.join("; ")}${more}`, {
    data: { issues },
  });
}
