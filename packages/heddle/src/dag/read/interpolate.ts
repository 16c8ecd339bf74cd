import { nearest } from "../../engine/nearest.ts";
import { type FaultList, shown } from "../config/dag-fault.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values nested deeper are refused elsewhere; here it keeps the walk from running over. */
const maxDepth = 1_000;

/**
 * Replace `${NAME}` and `${NAME:-default}` in every text of a DAG, keys apart, by the values of variables that the DAG's own `env` allows.
 * `$${` stands for `${`. What is put in stays text: it is neither parsed nor looked at again.
 *
 * @returns the same value where nothing is to be replaced
 */
export function interpolate(value: unknown, environment: Environment, faults: FaultList): unknown {
  const named = (value as { readonly env?: unknown } | null | undefined)?.env;
  const allowed = Array.isArray(named) ? named.filter((name) => typeof name === "string") : [];
  const walk = new Walk(new Set(allowed), environment, faults);
  const replaced = walk.value(value, 0);
  for (const [index, name] of allowed.entries())
    if (!walk.used.has(name)) faults.warn("variable-unused", ["env", index], `No \${${name}} stands in the DAG.`);
  return replaced;
}

class Walk {
  readonly used = new Set<string>();
  readonly #allowed: ReadonlySet<string>;
  readonly #environment: Environment;
  readonly #faults: FaultList;
  readonly #path: (string | number)[] = [];

  constructor(allowed: ReadonlySet<string>, environment: Environment, faults: FaultList) {
    this.#allowed = allowed;
    this.#environment = environment;
    this.#faults = faults;
  }

  value(value: unknown, depth: number): unknown {
    if (typeof value === "string") return value.includes("${") ? this.#text(value) : value;
    if (typeof value !== "object" || value === null) return value;
    if (depth === maxDepth) {
      this.#faults.add("abuse", this.#path.slice(0, 5), `A value is nested more than ${maxDepth} levels deep.`, "Make it flatter.");
      return value;
    }
    if (!Array.isArray(value) && !isPlain(value)) return value;
    if (Array.isArray(value)) return this.#list(value, depth);
    let copy: Record<string, unknown> | null = null;
    for (const key of Object.keys(value)) {
      const before = (value as Record<string, unknown>)[key];
      const after = this.#part(before, key, depth);
      if (after === before) continue;
      copy ??= { ...value };
      copy[key] = after;
    }
    return copy ?? value;
  }

  #list(list: readonly unknown[], depth: number): unknown {
    let copy: unknown[] | null = null;
    for (let index = 0; index < list.length; index++) {
      const before = list[index];
      const after = this.#part(before, index, depth);
      if (after === before) continue;
      copy ??= [...list];
      copy[index] = after;
    }
    return copy ?? list;
  }

  #part(value: unknown, key: string | number, depth: number): unknown {
    if (typeof value === "string" ? !value.includes("${") : typeof value !== "object") return value;
    this.#path.push(key);
    const after = this.value(value, depth + 1);
    this.#path.pop();
    return after;
  }

  #text(text: string): string {
    return text.replace(reference, (whole: string, dollars: string, inside: string | undefined) => {
      if (dollars === "$$") return `\${${whole.slice(3)}`;
      const [, name = "", fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(inside ?? "") ?? [];
      if (name === "")
        return this.#fault(whole, `${shown(whole)} names no variable.`, "Write ${NAME} or ${NAME:-default}, or $${ for a plain ${.");
      if (!this.#allowed.has(name)) {
        const [near] = nearest(name, [...this.#allowed]);
        const mend =
          near === undefined
            ? `Add it at the top: env: [${name}]; or write $\${ for a plain \${.`
            : `Did you mean "${near}"? Or add it to env.`;
        return this.#fault(whole, `The variable ${name} is not among those that env allows.`, mend);
      }
      this.used.add(name);
      const found = Object.hasOwn(this.#environment, name) ? this.#environment[name] : undefined;
      if (found !== undefined) return found;
      if (fallback !== undefined) return fallback;
      return this.#fault(whole, `The variable ${name} is not set.`, `Set it, or give a default: \${${name}:-default}.`);
    });
  }

  #fault(whole: string, message: string, mend: string): string {
    this.#faults.add("variable", this.#path, message, mend);
    return whole;
  }
}

/** An escaped or a plain reference, to its brace or, without one, to the end. */
const reference = /(\$?\$)\{(?:([^}]*)\})?/g;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
