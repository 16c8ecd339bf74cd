import { canonicalJson, maxRecursion, sortedKeys } from "./canonical-json.ts";
import type { Json } from "./json.ts";
import { Sha256 } from "./sha256.ts";

/** Makes a hash of bytes that come in parts. */
export interface Hasher {
  /** Reads them before it returns: they may be others afterwards. */
  add(bytes: Uint8Array): void;
  /** As lower-case hexadecimal digits. Nothing may be added after it. */
  hex(): string;
}

/**
 * The hash of a value's canonical text, as that of a large one is best made: the text is never there as a whole.
 *
 * @param newHasher default: SHA-256
 * @throws HeddleError `VALUE_NOT_DURABLE` naming the path of a part that is not JSON
 */
export function hashedJson(json: Json, newHasher: () => Hasher = () => new Sha256()): string {
  const text = new HashedText(newHasher());
  if (text.add(json, maxRecursion)) return text.hex();
  // It is refused here, or only nested deep.
  const whole = new HashedText(newHasher());
  whole.addLong(canonicalJson(json));
  return whole.hex();
}

const bufferBytes = 1 << 16;
/** Shorter texts are written letter by letter, which takes less time than to ask the platform. */
const shortText = 64;
const encoder = new TextEncoder();

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [beginsList, endsList, beginsObject, endsObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Text on its way into a hash. */
class HashedText {
  readonly #hasher: Hasher;
  readonly #buffer = new Uint8Array(bufferBytes);
  #held = 0;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  hex(): string {
    this.#flush();
    return this.#hasher.hex();
  }

  /** False: something in it is no JSON, or nested deeper than `levels`. */
  add(json: unknown, levels: number): boolean {
    if (typeof json === "string") this.#addString(json);
    else if (typeof json === "number" ? Number.isFinite(json) : typeof json === "boolean" || json === null) this.addLong(String(json));
    else if (typeof json !== "object" || levels === 0) return false;
    else return Array.isArray(json) ? this.#addList(json, levels - 1) : this.#addObject(json as object, levels - 1);
    return true;
  }

  addLong(text: string): void {
    for (let left = text; left !== ""; ) {
      const { read, written } = encoder.encodeInto(left, this.#buffer.subarray(this.#held));
      this.#held += written;
      left = left.slice(read);
      if (left !== "") this.#flush();
    }
  }

  #addList(list: readonly unknown[], levels: number): boolean {
    this.#addByte(beginsList);
    for (let index = 0; index < list.length; index += 1) {
      if (index > 0) this.#addByte(comma);
      if (!this.add(list[index], levels)) return false;
    }
    this.#addByte(endsList);
    return true;
  }

  #addObject(object: object, levels: number): boolean {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) return false;
    const fields = object as Readonly<Record<string, unknown>>;
    let begun = false;
    for (const key of sortedKeys(fields)) {
      const field = fields[key];
      if (field === undefined) continue;
      this.#addByte(begun ? comma : beginsObject);
      begun = true;
      this.#addString(key);
      this.#addByte(colon);
      if (!this.add(field, levels)) return false;
    }
    if (!begun) this.#addByte(beginsObject);
    this.#addByte(endsObject);
    return true;
  }

  #addString(text: string): void {
    if (text.length > shortText || !this.#addBare(text)) this.addLong(JSON.stringify(text));
  }

  /** False: something in it is not written as it is, and nothing was added. */
  #addBare(text: string): boolean {
    const { length } = text;
    if (this.#held + length + 2 > bufferBytes) this.#flush();
    const buffer = this.#buffer;
    let at = this.#held;
    buffer[at++] = quote;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return false;
      buffer[at++] = code;
    }
    buffer[at++] = quote;
    this.#held = at;
    return true;
  }

  #addByte(byte: number): void {
    if (this.#held === bufferBytes) this.#flush();
    this.#buffer[this.#held++] = byte;
  }

  #flush(): void {
    this.#hasher.add(this.#buffer.subarray(0, this.#held));
    this.#held = 0;
  }
}
