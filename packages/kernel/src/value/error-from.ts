import { errorTable, type ErrorCode } from "../errors/error-table.ts";
import { HeddleError } from "../errors/heddle-error.ts";
import type { Json } from "./json.ts";
import { hiddenFields } from "./error-fields.ts";
import { looksLikeError, setKey } from "./tagged.ts";

type JsonObject = { readonly [key: string]: Json };
type DecodePart = (key: string, json: Json) => unknown;

/** Classes that come back as themselves; every other error comes back as `Error` with its name. */
const classes: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** The error of an ErrorValue; null when it is none. */
export function errorFrom(json: Json, decodePart: DecodePart): Error | null {
  if (!looksLikeError(json)) return null;
  const fields = json as JsonObject & { readonly name: string; readonly message: string };
  const data = dataFrom(fields.data, decodePart);
  if (data === null) return null;
  const error = construct(fields, data);
  // A stack made here would show where the error was read, not where it was thrown.
  hide(error, "stack", typeof fields.stack === "string" ? fields.stack : `${fields.name}: ${fields.message}`);
  if (error.name !== fields.name) error.name = fields.name;
  if (typeof fields.code === "string") setKey(error as unknown as Record<string, unknown>, "code", fields.code);
  for (const [key, value] of Object.entries(data)) {
    if (hiddenFields[fields.name]?.includes(key)) hide(error, key, value);
    else setKey(error as unknown as Record<string, unknown>, key, value);
  }
  if (fields.final === true) setKey(error as unknown as Record<string, unknown>, "final", true);
  if (fields.cause !== undefined) hide(error, "cause", causeFrom(fields.cause, decodePart));
  return error;
}

function construct(
  fields: { readonly name: string; readonly message: string; readonly code?: Json },
  data: Record<string, unknown>,
): Error {
  const { name, message, code } = fields;
  if (name === "AggregateError" && Array.isArray(data.errors)) return new AggregateError([], message);
  if (name === "HeddleError" && typeof code === "string" && Object.hasOwn(errorTable, code))
    return new HeddleError(code as ErrorCode, message);
  const known = Object.hasOwn(classes, name) ? classes[name] : undefined;
  return known === undefined ? new Error(message) : new known(message);
}

function dataFrom(json: Json | undefined, decodePart: DecodePart): Record<string, unknown> | null {
  if (json === undefined) return {};
  if (typeof json !== "object" || json === null || Array.isArray(json)) return null;
  const data: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) setKey(data, key, decodePart(key, value));
  return data;
}

function causeFrom(json: Json, decodePart: DecodePart): unknown {
  return decodePart("cause", looksLikeError(json) ? { $error: json } : json);
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}
