import { HeddleError } from "../errors/heddle-error.ts";
import { canonicalJson } from "../value/canonical-json.ts";
import type { Json } from "../value/json.ts";
import { type FaultList, type PlanFaultCode, shown } from "./plan-fault.ts";

/** The shape of a part of a Plan, once for the JSON Schema and once for a check that says what to do. */
export interface Shape {
  readonly schema: JsonSchema;
  /** Adds a fault for everything in `value` that does not fit. */
  readonly check: (value: unknown, faults: FaultList) => void;
}

export type JsonSchema = { readonly [key: string]: Json };
export type Fields = Readonly<Record<string, Shape>>;

/** A single value that `holds` knows. */
export function such(schema: JsonSchema, holds: (value: unknown) => boolean, expected: string): Shape {
  return {
    schema,
    check(value, faults) {
      if (!holds(value)) misfit(value, expected, faults);
    },
  };
}

/** Text with a pattern of its own, said in words. */
export function text(pattern: RegExp, expected: string, code: PlanFaultCode = "value", never: readonly string[] = []): Shape {
  return {
    schema: { type: "string", pattern: pattern.source, ...(never.length === 0 ? {} : { not: { enum: never } }) },
    check(value, faults) {
      if (typeof value === "string" && pattern.test(value) && !never.includes(value)) return;
      misfit(value, expected, faults, typeof value === "string" ? code : "value");
    },
  };
}

export function anyText(): Shape {
  return such({ type: "string" }, (value) => typeof value === "string", "a text");
}

/** A number that is finite and, where `least` is given, not below it. */
export function number(least?: number): Shape {
  return such(
    { type: "number", ...(least === undefined ? {} : { minimum: least }) },
    (value) => typeof value === "number" && Number.isFinite(value) && (least === undefined || value >= least),
    least === undefined ? "a number" : `a number, ${least} or more`,
  );
}

/** A whole number that every JavaScript engine holds exactly. */
export function whole(least: number): Shape {
  return such(
    { type: "integer", minimum: least, maximum: Number.MAX_SAFE_INTEGER },
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
    `a whole number, ${least} or more`,
  );
}

/** One of these values. */
export function oneOf(...values: readonly (string | number | boolean)[]): Shape {
  const list = values.map((value) => JSON.stringify(value));
  const expected = list.length === 1 ? list.join("") : `${list.slice(0, -1).join(", ")} or ${list.at(-1)}`;
  return such(values.length === 1 ? { const: values[0] as Json } : { enum: values }, (value) => values.includes(value as never), expected);
}

/** JSON that is kept as it is. `schema` may say more, for which `holds` looks. */
export function json(schema: JsonSchema = {}, holds: (value: unknown) => boolean = () => true, expected = "JSON"): Shape {
  return {
    schema,
    check(value, faults) {
      if (!holds(value)) return misfit(value, expected, faults);
      try {
        canonicalJson(value as Json);
      } catch (error) {
        const { path, found } = (error as HeddleError).data;
        const message = `This is not JSON: at ${String(path)} in it stands ${String(found)}.`;
        faults.add("not-json", message, "A plan is data: use only null, booleans, finite numbers, text, lists and plain objects.");
      }
    },
  };
}

export function listOf(item: Shape, least = 0): Shape {
  return {
    schema: { type: "array", items: item.schema, ...(least === 0 ? {} : { minItems: least }) },
    check(value, faults) {
      if (!Array.isArray(value) || value.length < least)
        return misfit(value, least === 0 ? "a list" : `a list of ${least} or more`, faults);
      for (let index = 0; index < value.length; index += 1) {
        faults.enter(index);
        item.check(value[index], faults);
        faults.leave();
      }
    },
  };
}

/** A list that holds nothing twice. */
export function distinct(list: Shape): Shape {
  return {
    schema: { ...list.schema, uniqueItems: true },
    check(value, faults) {
      list.check(value, faults);
      if (Array.isArray(value) && new Set(value).size !== value.length)
        faults.add("value", `${faults.subject} holds an entry twice.`, "Keep it once.");
    },
  };
}

/** An object whose keys are names. */
export function recordOf(name: Shape, item: Shape): Shape {
  return {
    schema: { type: "object", propertyNames: name.schema, additionalProperties: item.schema },
    check(value, faults) {
      if (!isObject(value)) return misfit(value, "an object by name", faults);
      for (const key of Object.keys(value)) {
        faults.enter(key);
        name.check(key, faults);
        item.check(value[key], faults);
        faults.leave();
      }
    },
  };
}

/** An object of these fields and no others; a field that is undefined is absent. With `notEmpty`, one of the fields must be there. */
export function object(required: Fields, optional: Fields = {}, notEmpty?: string): Shape {
  const fields = { ...required, ...optional };
  const keys = Object.keys(fields);
  const needed = Object.keys(required);
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries(Object.entries(fields).map(([key, { schema }]) => [key, schema])),
      ...(needed.length === 0 ? {} : { required: needed }),
      additionalProperties: false,
      ...(notEmpty === undefined ? {} : { minProperties: 1 }),
    },
    check(value, faults) {
      if (!isObject(value)) return misfit(value, `an object with ${listed(keys)}`, faults);
      let found = 0;
      for (const key of Object.keys(value)) {
        const part = value[key];
        if (part === undefined) continue;
        found += 1;
        const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
        if (field === undefined) {
          faults.add(
            "unknown-key",
            `${faults.subject} has a key ${JSON.stringify(key)} that means nothing.`,
            `Take it out, or use one of ${listed(keys)}.`,
            key,
          );
          continue;
        }
        faults.enter(key);
        field.check(part, faults);
        faults.leave();
      }
      for (const key of needed) if (value[key] === undefined) missing(key, faults);
      if (notEmpty !== undefined && found === 0)
        faults.add("missing-key", `${faults.subject} is empty.`, `Give it ${notEmpty}, or leave it out.`);
    },
  };
}

/** One of several objects, told apart by the key that only one of them has. */
export function byKey(shapes: Fields): Shape {
  const keys = Object.keys(shapes);
  return {
    schema: { oneOf: Object.values(shapes).map(({ schema }) => schema) },
    check(value, faults) {
      if (!isObject(value)) return misfit(value, `an object with one of ${listed(keys)}`, faults);
      const present = keys.filter((key) => value[key] !== undefined);
      const [first] = present;
      if (first === undefined) faults.add("missing-key", `${faults.subject} has none of ${listed(keys)}.`, "Give it one of them.");
      else if (present.length > 1)
        faults.add("value", `${faults.subject} has ${listed(present)}, which exclude one another.`, "Keep one of them.");
      else shapes[first]?.check(value, faults);
    },
  };
}

/** One of several objects, told apart by the value of one field. */
export function byField(field: string, shapes: Fields): Shape {
  return {
    schema: { oneOf: Object.values(shapes).map(({ schema }) => schema) },
    check(value, faults) {
      if (!isObject(value)) return misfit(value, `an object with ${listed([field])}`, faults);
      const chosen = value[field];
      if (chosen === undefined) return missing(field, faults);
      const shape = typeof chosen === "string" && Object.hasOwn(shapes, chosen) ? shapes[chosen] : undefined;
      if (shape !== undefined) return shape.check(value, faults);
      faults.enter(field);
      misfit(chosen, `one of ${listed(Object.keys(shapes))}`, faults);
      faults.leave();
    },
  };
}

/** The same shape under a name of the schema's `$defs`, with words for people. */
export function named(name: string, description: string, shape: Shape, defs: Record<string, Json>): Shape {
  defs[name] = { description, ...shape.schema };
  return { schema: { $ref: `#/$defs/${name}` }, check: shape.check };
}

/** The same shape with words for people. */
export function described(description: string, shape: Shape): Shape {
  return { schema: { description, ...shape.schema }, check: shape.check };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function misfit(value: unknown, expected: string, faults: FaultList, code: PlanFaultCode = "value"): void {
  faults.add(code, `${faults.subject} is ${shown(value)}.`, `Make it ${expected}.`);
}

function missing(key: string, faults: FaultList): void {
  faults.add("missing-key", `${faults.subject} has no ${JSON.stringify(key)}.`, "Add it.");
}

function listed(keys: readonly string[]): string {
  return keys.map((key) => JSON.stringify(key)).join(", ");
}
