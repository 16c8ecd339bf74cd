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
  readonly test: Test;
  readonly items: Ready | null;
  readonly fields: ReadonlyMap<string, Ready>;
  /** For keys that are no field; null: any value; false: there are no others. */
  readonly others: Ready | null | false;
  readonly either: readonly Ready[];
}

/** What is asked of a value itself, and not of what is in it. All have the same fields: many values are held against few of these, in turns. */
interface Test {
  /** Empty: any. */
  readonly types: readonly string[];
  readonly only: unknown;
  readonly some: readonly unknown[] | null;
  readonly pattern: RegExp | null;
  readonly minLength: number;
  readonly minimum: number | null;
  readonly above: number | null;
}

const roots = new WeakMap<Schema, Ready>();
const tests = new WeakMap<Schema, Test>();

/** Null: there is nothing to hold a value against. A schema inside of itself is for whoever checks that part. */
function ready(schema: Schema, root: Schema): Ready | null {
  if (schema.$ref === "#") return null;
  if (schema.$ref !== undefined) return ready(root.$defs?.[schema.$ref.slice("#/$defs/".length)] ?? {}, root);
  const { items, properties = {}, additionalProperties, anyOf = [] } = schema;
  const fields = new Map<string, Ready>();
  for (const [key, part] of Object.entries(properties)) fields.set(key, ready(part, root) ?? anything);
  return {
    schema,
    test: testOf(schema),
    items: items === undefined ? null : ready(items, root),
    fields,
    others: additionalProperties === undefined ? null : additionalProperties === false ? false : ready(additionalProperties, root),
    either: anyOf.map((each) => ready(each, root) ?? { ...anything, schema: each, test: testOf(each) }),
  };
}

function testOf(schema: Schema): Test {
  let test = tests.get(schema);
  if (test === undefined) {
    const { type = [], const: only, enum: some, pattern, minLength, minimum, exclusiveMinimum } = schema;
    test = {
      types: typeof type === "string" ? [type] : type,
      only,
      some: some ?? null,
      pattern: pattern === undefined ? null : new RegExp(pattern),
      minLength: minLength ?? 0,
      minimum: minimum ?? null,
      above: exclusiveMinimum ?? null,
    };
    tests.set(schema, test);
  }
  return test;
}

const anything: Ready = { schema: {}, test: testOf({}), items: null, fields: new Map(), others: null, either: [] };

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
    const { schema, test, items, either } = against;
    if (either.length > 0) {
      const fits = either.find(({ test: { types } }) => types.length === 0 || hasType(value, types));
      if (fits === undefined) this.#misfit(value, schema);
      else this.#check(value, fits);
    } else if (!passes(value, test)) this.#misfit(value, schema);
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
  return passes(value, testOf(schema));
}

function passes(value: unknown, { types, only, some, pattern, minLength, minimum, above }: Test): boolean {
  if (types.length > 0 && !hasType(value, types)) return false;
  if (only !== undefined && value !== only) return false;
  if (some !== null && !some.includes(value)) return false;
  if (typeof value === "string") return value.length >= minLength && (pattern === null || pattern.test(value)) && value !== "__proto__";
  if (typeof value === "number") return (minimum === null || value >= minimum) && (above === null || value > above);
  return true;
}

function hasType(value: unknown, types: readonly string[]): boolean {
  for (let index = 0; index < types.length; index++) if (isOfType(value, types[index] as string)) return true;
  return false;
}

function isOfType(value: unknown, type: string): boolean {
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
