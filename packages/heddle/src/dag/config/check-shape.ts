import { nearest } from "../../engine/nearest.ts";
import { type FaultList, shown } from "./dag-fault.ts";

/** The part of JSON Schema that our schemas use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: false | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const patterns = new Map<string, RegExp>();

/** Hold a value against a schema: a fault for everything that does not fit. An object's field that is undefined is absent. */
export class ShapeCheck {
  readonly #root: Schema;
  readonly #faults: FaultList;
  readonly #path: (string | number)[] = [];

  constructor(root: Schema, faults: FaultList) {
    this.#root = root;
    this.#faults = faults;
  }

  // As deep as the schema, which does not nest in itself.
  check(value: unknown, schema: Schema = this.#root): void {
    // A schema inside of itself is for whoever checks that part.
    if (schema.$ref === "#") return;
    if (schema.$ref !== undefined) return this.check(value, this.#root.$defs?.[schema.$ref.slice("#/$defs/".length)] ?? {});
    if (schema.anyOf !== undefined) {
      const fits = schema.anyOf.find(({ type }) => type === undefined || hasType(value, type));
      return fits === undefined ? this.#misfit(value, schema) : this.check(value, { ...fits, description: schema.description ?? "" });
    }
    if (!holds(value, schema)) return this.#misfit(value, schema);
    if (Array.isArray(value)) {
      if (schema.items !== undefined) this.#items(value, schema.items);
    } else if (typeof value === "object" && value !== null) this.#fields(value as Record<string, unknown>, schema);
  }

  #items(list: readonly unknown[], schema: Schema): void {
    for (let index = 0; index < list.length; index++) {
      this.#path.push(index);
      this.check(list[index], schema);
      this.#path.pop();
    }
  }

  #fields(object: Record<string, unknown>, { properties, required, propertyNames, additionalProperties }: Schema): void {
    for (const key of Object.keys(object)) {
      if (object[key] === undefined) continue;
      const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
      const schema = known ?? additionalProperties;
      this.#path.push(key);
      if (schema === false) this.#unknown(key, Object.keys(properties ?? {}));
      else {
        if (propertyNames !== undefined && !holds(key, propertyNames)) this.#misfit(key, propertyNames);
        if (schema !== undefined) this.check(object[key], schema);
      }
      this.#path.pop();
    }
    for (const key of required ?? []) {
      if (object[key] === undefined)
        this.#faults.add("missing-key", this.#path, `${this.#subject()} has no ${JSON.stringify(key)}.`, "Add it.");
    }
  }

  #unknown(key: string, known: readonly string[]): void {
    const [near] = nearest(key, known);
    const mend =
      key === "batch_size"
        ? "Take it out: no strategy works in batches; max_concurrency bounds what runs at once."
        : near === undefined
          ? `Take it out, or use one of ${known.join(", ")}.`
          : `Did you mean "${near}"?`;
    this.#faults.add("unknown-key", this.#path, `The key ${JSON.stringify(key)} means nothing here.`, mend);
  }

  #misfit(value: unknown, schema: Schema): void {
    const names = schema.enum?.filter((each) => typeof each === "string") ?? [];
    const [near] = typeof value === "string" ? nearest(value.slice(0, 64), names) : [];
    this.#faults.add(
      "value",
      this.#path,
      `${this.#subject()} is ${shown(value)}.`,
      near === undefined ? `Make it ${expected(schema)}.` : `Did you mean "${near}"? It must be ${expected(schema)}.`,
    );
  }

  #subject(): string {
    const last = this.#path.at(-1);
    if (last === undefined) return "The DAG";
    return typeof last === "number" ? `Entry ${last + 1} of "${String(this.#path.at(-2))}"` : `"${last}"`;
  }
}

/** Whether the value itself fits; not what is in it. */
export function holds(value: unknown, schema: Schema): boolean {
  const { type, const: only, enum: some, pattern, minLength, minimum, exclusiveMinimum } = schema;
  if (type !== undefined && !hasType(value, type)) return false;
  if (only !== undefined && value !== only) return false;
  if (some !== undefined && !some.includes(value)) return false;
  if (typeof value === "string") {
    if (minLength !== undefined && value.length < minLength) return false;
    if (pattern !== undefined && !expression(pattern).test(value)) return false;
    return value !== "__proto__";
  }
  if (typeof value === "number")
    return (minimum === undefined || value >= minimum) && (exclusiveMinimum === undefined || value > exclusiveMinimum);
  return true;
}

function expression(pattern: string): RegExp {
  const made = patterns.get(pattern) ?? new RegExp(pattern);
  patterns.set(pattern, made);
  return made;
}

function hasType(value: unknown, type: string | readonly string[]): boolean {
  if (typeof type !== "string") return type.some((each) => hasType(value, each));
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isSafeInteger(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

/** What a schema wants, in words. */
export function expected(schema: Schema): string {
  const { type, enum: some, const: only, anyOf, description, minimum, exclusiveMinimum } = schema;
  if (only !== undefined) return JSON.stringify(only);
  if (some !== undefined) return `one of ${some.join(", ")}`;
  if (anyOf !== undefined) return description ?? anyOf.map(expected).join(", or ");
  const words = {
    string: "a text",
    integer: "a whole number",
    number: "a number",
    array: "a list",
    object: "an object",
    boolean: "true or false",
  };
  if (type === "integer" || type === "number") {
    const bound = minimum !== undefined ? `, ${minimum} or more` : exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : "";
    return `${words[type]}${bound}`;
  }
  if (schema.pattern !== undefined || type === undefined) return description ?? "something else";
  const [first = ""] = typeof type === "string" ? [type] : type;
  return words[first as keyof typeof words];
}
