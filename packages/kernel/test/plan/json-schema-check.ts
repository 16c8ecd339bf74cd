import type { Json } from "@heddle/kernel";

type Schema = { readonly [key: string]: Json };

/**
 * What does not fit a schema, by JSON Pointer: just the keywords that the Plan's schema uses, and an error for any other, so that a
 * rule cannot go unlooked at.
 */
export function schemaFaults(root: Schema, value: unknown): string[] {
  return faultsOf(root, value, "", root);
}

function faultsOf(schema: Schema, value: unknown, path: string, root: Schema): string[] {
  const faults: string[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (annotations.has(keyword)) continue;
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`The check knows no keyword "${keyword}".`);
    faults.push(...check(rule, value, path, root, schema));
  }
  return faults;
}

const annotations = new Set(["$schema", "$id", "$defs", "title", "description"]);

type Check = (rule: Json, value: unknown, path: string, root: Schema, schema: Schema) => string[];

const keywords: Readonly<Record<string, Check>> = {
  $ref: (rule, value, path, root) =>
    faultsOf((root.$defs as Record<string, Schema>)[(rule as string).replace("#/$defs/", "")] ?? missing(rule), value, path, root),
  type: (rule, value, path) =>
    hold(
      [rule].flat().some((type) => hasType(type as string, value)),
      path,
    ),
  const: (rule, value, path) => hold(rule === value, path),
  enum: (rule, value, path) => hold((rule as readonly unknown[]).includes(value), path),
  not: (rule, value, path, root) => hold(faultsOf(rule as Schema, value, path, root).length > 0, path),
  pattern: (rule, value, path) => hold(typeof value !== "string" || new RegExp(rule as string, "u").test(value), path),
  minLength: (rule, value, path) => hold(typeof value !== "string" || value.length >= Number(rule), path),
  minimum: (rule, value, path) => hold(typeof value !== "number" || value >= Number(rule), path),
  maximum: (rule, value, path) => hold(typeof value !== "number" || value <= Number(rule), path),
  exclusiveMinimum: (rule, value, path) => hold(typeof value !== "number" || value > Number(rule), path),
  minItems: (rule, value, path) => hold(!Array.isArray(value) || value.length >= Number(rule), path),
  uniqueItems: (_, value, path) => hold(!Array.isArray(value) || new Set(value).size === value.length, path),
  minProperties: (rule, value, path) => hold(!isObject(value) || Object.keys(value).length >= Number(rule), path),
  required: (rule, value, path) =>
    isObject(value) ? (rule as readonly string[]).flatMap((key) => hold(Object.hasOwn(value, key), path)) : [],
  items: (rule, value, path, root) =>
    Array.isArray(value) ? value.flatMap((item, index) => faultsOf(rule as Schema, item, `${path}/${index}`, root)) : [],
  properties: (rule, value, path, root) =>
    isObject(value)
      ? Object.entries(rule as Schema).flatMap(([key, schema]) =>
          Object.hasOwn(value, key) ? faultsOf(schema as Schema, value[key], `${path}/${key}`, root) : [],
        )
      : [],
  propertyNames: (rule, value, path, root) =>
    isObject(value) ? Object.keys(value).flatMap((key) => faultsOf(rule as Schema, key, `${path}/${key}`, root)) : [],
  additionalProperties: (rule, value, path, root, schema) => {
    const known = new Set(Object.keys((schema.properties as Schema | undefined) ?? {}));
    const rest = isObject(value) ? Object.keys(value).filter((key) => !known.has(key)) : [];
    return rest.flatMap((key) =>
      rule === false ? [`${path}/${key}`] : faultsOf(rule as Schema, (value as Schema)[key], `${path}/${key}`, root),
    );
  },
  oneOf: (rule, value, path, root) =>
    hold((rule as readonly Schema[]).filter((one) => faultsOf(one, value, path, root).length === 0).length === 1, path),
};

function hold(holds: boolean, path: string): string[] {
  return holds ? [] : [path];
}

function hasType(type: string, value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function missing(rule: Json): never {
  throw new Error(`${JSON.stringify(rule)} leads nowhere.`);
}
