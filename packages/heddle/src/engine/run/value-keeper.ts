import { decodeValue, encodeValue, jsonBytes, type Json } from "@heddle/kernel";
import { KeptValue } from "../kept-value.ts";
import type { Secrets } from "../secrets.ts";

/** Turns values that user code gave into what a run's journal keeps. It is itself the options of `encodeValue`: the sentence about a value is put together only when it is needed. */
export class ValueKeeper {
  readonly maxBytes: number;
  readonly #runId: string;
  readonly #secrets: Secrets;
  #about = "";
  #key = "";

  constructor(runId: string, maxBytes: number, secrets: Secrets) {
    this.#runId = runId;
    this.maxBytes = maxBytes;
    this.#secrets = secrets;
  }

  get what(): string {
    return `${this.#about}${this.#key === "" ? "" : ` "${this.#key}"`} in run ${this.#runId}`;
  }

  /** @throws HeddleError `VALUE_NOT_DURABLE`, `VALUE_TOO_LARGE`, `SECRET_IN_VALUE` */
  keep(value: unknown, about: string, key: string): Json {
    this.#about = about;
    this.#key = key;
    const json = value instanceof KeptValue ? this.#kept(value) : encodeValue(value, this);
    if (typeof json === "object" || typeof json === "string") this.#secrets.check(json, this);
    return json;
  }

  #kept({ json, mostBytes }: KeptValue): Json {
    // What is too large is refused in the words for all others.
    return mostBytes <= this.maxBytes || jsonBytes(json) <= this.maxBytes ? json : encodeValue(decodeValue(json), this);
  }
}
