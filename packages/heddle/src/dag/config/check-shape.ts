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

/** A schema made ready: what is asked of each of many values is looked up once. */
interface Ready {
  readonly schema: Schema;
  readonly items: Ready | null;
  readonly fields: ReadonlyMap<string, Ready>;
  /** For keys that are no field; null: any value; false: there are no others. */
  readonly others: Ready | null | false;
  readonly either: readonly Ready[];
}

const roots = new WeakMap<Schema, Ready>();
const patterns = new Map<string, RegExp>();

/** Null: there is nothing to hold a value against. A schema inside of itself is for whoever checks that part. */
function ready(schema: Schema, root: Schema): Ready | null {
  if (schema.$ref === "#") return null;
  if (schema.$ref !== undefined) return ready(root.$defs?.[schema.$ref.slice("#/$defs/".length)] ?? {}, root);
  const { items, properties = {}, additionalProperties, anyOf = [] } = schema;
  const fields = new Map<string, Ready>();
  for (const [key, part] of Object.entries(properties)) fields.set(key, ready(part, root) ?? anything);
  return {
    schema,
    items: items === undefined ? null : ready(items, root),
    fields,
    others: additionalProperties === undefined ? null : additionalProperties === false ? false : ready(additionalProperties, root),
    either: anyOf.map((each) => ready(each, root) ?? { ...anything, schema: each }),
  };
}

const anything: Ready = { schema: {}, items: null, fields: new Map(), others: null, either: [] };

/** Hold a value against a schema: a fault for everything that does not fit. An object's field that is undefined is absent. */
export class ShapeCheck {
  readonly #root: Ready;
  readonly #faults: FaultList;
  readonly #path: (string | number)[] = [];

  constructor(root: Schema, faults: FaultList) {
    const made = roots.get(root) ?? ready(root, root) ?? anything;
    roots.set(root, made);
    this.#root = made;
    this.#faults = faults;
  }

  check(value: unknown): void {
    this.#check(value, this.#root);
  }

  // As deep as the schema, which does not nest in itself.
  #check(value: unknown, against: Ready): void {
    const { schema, items, either } = against;
    if (either.length > 0) {
      const fits = either.find(({ schema: { type } }) => type === undefined || hasType(value, type));
      if (fits === undefined) this.#misfit(value, schema);
      else this.#check(value, fits);
    } else if (!holds(value, schema)) this.#misfit(value, schema);
    else if (typeof value !== "object" || value === null) return;
    else if (!Array.isArray(value)) this.#fields(value as Record<string, unknown>, against);
    else if (items !== null) this.#items(value, items);
  }

  #items(list: readonly unknown[], against: Ready): void {
    for (let index = 0; index < list.length; index++) {
      this.#path.push(index);
      this.#check(list[index], against);
      this.#path.pop();
    }
  }

  #fields(object: Record<string, unknown>, { schema, fields, others }: Ready): void {
    const { required, propertyNames } = schema;
    for (const key of Object.keys(object)) {
      const part = object[key];
      if (part === undefined) continue;
      const own = fields.get(key) ?? others;
      this.#path.push(key);
      if (own === false) this.#unknown(key, [...fields.keys()]);
      else {
        if (propertyNames !== undefined && !holds(key, propertyNames)) this.#misfit(key, propertyNames);
        if (own !== null) this.#check(part, own);
      }
      this.#path.pop();
    }
    if (required === undefined) return;
    for (const key of required) {
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
