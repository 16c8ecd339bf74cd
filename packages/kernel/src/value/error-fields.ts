import type { ErrorValue } from "../run/outcome.ts";
import type { Json } from "./json.ts";
import { looksLikeError, setKey } from "./tagged.ts";

/** How the parts of an error are read and encoded: strictly inside a value, leniently when a failure is recorded. */
export interface ErrorFieldReader {
  read(key: string): unknown;
  part(key: string, value: unknown): Json;
}

/** Own fields that the language makes not enumerable, by the class that has them. */
export const hiddenFields: Readonly<Record<string, readonly string[]>> = {
  AggregateError: ["errors"],
  SuppressedError: ["error", "suppressed"],
};

const kept = new Set(["name", "message", "stack", "cause"]);

/** True for errors of any realm and for what is made in their image. */
export function isError(value: unknown): value is object {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** An error as it stands in a journal. */
export function errorFields(error: object, reader: ErrorFieldReader): ErrorValue {
  const fields: { -readonly [K in keyof ErrorValue]: ErrorValue[K] } = {
    name: nameOf(error, reader),
    message: textOf(reader.read("message")),
  };
  const code = reader.read("code");
  if (typeof code === "string") fields.code = code;
  const stack = reader.read("stack");
  if (typeof stack === "string") fields.stack = stack;
  if (Object.hasOwn(error, "cause")) fields.cause = causeOf(reader.part("cause", reader.read("cause")));
  if (reader.read("final") === true) fields.final = true;
  const data = dataOf(error, fields, reader);
  if (data !== null) fields.data = data;
  return fields;
}

function nameOf(error: object, reader: ErrorFieldReader): string {
  const name = reader.read("name");
  if (typeof name === "string" && name !== "" && name !== "Error") return name;
  // A class that sets no name is better known by its own than as one more "Error".
  const constructor: unknown = reader.read("constructor");
  return typeof constructor === "function" && constructor.name !== "" && isError(error) ? constructor.name : "Error";
}

function textOf(message: unknown): string {
  return typeof message === "string" ? message : "";
}

/** Errors stand bare where a cause stands, so what only looks like one is marked. */
function causeOf(json: Json): ErrorValue | Json {
  if (typeof json === "object" && json !== null && "$error" in json) return json.$error;
  return looksLikeError(json) ? { $escape: json } : json;
}

function dataOf(error: object, fields: ErrorValue, reader: ErrorFieldReader): Json | null {
  const data: Record<string, Json> = {};
  let any = false;
  const hidden = (hiddenFields[fields.name] ?? []).filter((key) => Object.hasOwn(error, key));
  for (const key of [...Object.keys(error), ...hidden]) {
    if (
      kept.has(key) ||
      (key === "code" && fields.code !== undefined) ||
      (key === "final" && fields.final === true) ||
      Object.hasOwn(data, key)
    )
      continue;
    setKey(data, key, reader.part(key, reader.read(key)));
    any = true;
  }
  return any ? data : null;
}
