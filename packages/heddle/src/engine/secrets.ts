import { HeddleError, type ErrorValue, type Json } from "@heddle/kernel";
import type { Secret } from "../workflow/secret.ts";

export type SecretSource = (name: string) => string | undefined | Promise<string | undefined>;

/** A shorter value would be found in half of all texts by chance. */
const shortestGuarded = 6;

/**
 * Where secrets come from, and the guard that keeps those that were revealed out of every journal: a result that holds one is refused, an error text that holds
 * one is blacked out.
 */
export class Secrets {
  readonly #source: SecretSource;
  readonly #revealed = new Map<string, string>();

  constructor(source: SecretSource | undefined) {
    this.#source = source ?? ((name) => process.env[name]);
  }

  /** @throws HeddleError `SECRET_UNKNOWN` */
  async reveal({ secret: name }: Secret): Promise<string> {
    const value = await this.#source(name);
    if (value === undefined) {
      throw new HeddleError(
        "SECRET_UNKNOWN",
        `There is no secret "${name}": set it in the environment, or give open(…, { secrets }) a source that knows it.`,
        { data: { secret: name } },
      );
    }
    if (value.length >= shortestGuarded) this.#revealed.set(value, name);
    return value;
  }

  /** @throws HeddleError `SECRET_IN_VALUE` */
  check(value: Json, about: { readonly what: string }): void {
    if (this.#revealed.size === 0) return;
    const text = JSON.stringify(value);
    for (const [revealed, name] of this.#revealed) {
      if (!text.includes(JSON.stringify(revealed).slice(1, -1))) continue;
      throw new HeddleError(
        "SECRET_IN_VALUE",
        `${about.what[0]?.toUpperCase()}${about.what.slice(1)} holds the value of secret "${name}", which must not be recorded: leave it out, or return secret("${name}").`,
        { data: { secret: name } },
      );
    }
  }

  redact(error: ErrorValue): ErrorValue {
    if (this.#revealed.size === 0) return error;
    let text = JSON.stringify(error);
    for (const [revealed, name] of this.#revealed) text = text.replaceAll(JSON.stringify(revealed).slice(1, -1), `[secret ${name}]`);
    return JSON.parse(text) as ErrorValue;
  }
}
