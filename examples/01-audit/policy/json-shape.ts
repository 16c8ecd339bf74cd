/** The part of JSON Schema that this example's schemas use. */
export interface JsonShape {
  readonly type?: "object" | "array" | "string" | "boolean" | "number" | "integer";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonShape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: JsonShape;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonShape>>;
}

/** One place where a value does not fit. */
export interface ShapeFault {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got: string;
}

/** Every place where a value does not fit a shape; empty when it fits. */
export function findShapeFaults(shape: JsonShape, value: unknown): readonly ShapeFault[] {
  const faults: ShapeFault[] = [];
  visit(shape, value, []);
  return faults;

  function visit(at: JsonShape, found: unknown, path: ShapeFault["path"]): void {
    if (at.$ref !== undefined) return visit(shape.$defs?.[at.$ref.replace("#/$defs/", "")] ?? {}, found, path);
    const expect = (expected: string): number => faults.push({ path, expected, got: brief(found) });

    if (at.enum !== undefined && !at.enum.some((one) => one === found)) return void expect(`one of ${at.enum.join(", ")}`);
    if (at.type !== undefined && !isOfType(at.type, found)) return void expect(`a value of type ${at.type}`);
    if (typeof found === "string") {
      if (found.length < (at.minLength ?? 0)) expect("text that is not empty");
      else if (at.pattern !== undefined && !new RegExp(at.pattern, "u").test(found)) expect(at.description ?? `text like ${at.pattern}`);
    }
    if (typeof found === "number" && found < (at.minimum ?? found)) expect(`at least ${at.minimum}`);
    if (Array.isArray(found)) {
      for (const [index, item] of found.entries()) visit(at.items ?? {}, item, [...path, index]);
    } else if (typeof found === "object" && found !== null) {
      visitObject(at, new Map(Object.entries(found)), path);
    }
  }

  function visitObject(at: JsonShape, found: ReadonlyMap<string, unknown>, path: ShapeFault["path"]): void {
    const properties = new Map(Object.entries(at.properties ?? {}));
    for (const name of at.required ?? []) {
      if (!found.has(name))
        faults.push({ path: [...path, name], expected: properties.get(name)?.description ?? "a value", got: "nothing" });
    }
    for (const [name, value] of found) {
      const property = properties.get(name);
      if (property !== undefined) visit(property, value, [...path, name]);
      else if (at.additionalProperties === false)
        faults.push({ path: [...path, name], expected: `only ${[...properties.keys()].join(", ")}`, got: name });
    }
  }
}

function isOfType(type: NonNullable<JsonShape["type"]>, value: unknown): boolean {
  switch (type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function brief(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}

/** A fault as a line: `exceptions[0].until: expected …, got …`. */
export function describeFault({ path, expected, got }: ShapeFault): string {
  const where = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
  return `${where === "" ? "the whole" : where}: expected ${expected}, got ${got}`;
}
