import { HeddleError } from "../errors/heddle-error.ts";
import { toBase64 } from "./base64.ts";
import { errorFields, isError } from "./error-fields.ts";
import type { Json } from "./json.ts";
import { jsonBytes } from "./json-bytes.ts";
import { plainCopy } from "./plain-copy.ts";
import { notPlain, plainSize } from "./plain-size.ts";
import { refusal } from "./refusal.ts";
import { bufferClass, looksTagged, setKey, views } from "./tagged.ts";
import { defaultMaxBytes, maxDepth } from "./value-limits.ts";
import { formatPath, type PathStep } from "./value-path.ts";

export interface EncodeValueOptions {
  /** Largest JSON text of the value, in bytes. Default 64 MiB. */
  readonly maxBytes?: number;
  /** What the value is, for the error's sentence: `the result of step "charge"`. Default `a value`. */
  readonly what?: string;
}

/**
 * A value as JSON that `decodeValue` turns back into an equal one. It shares no object with the value, which may change afterwards.
 * Kept besides: undefined, NaN, infinities, -0, bigint, Date, Map, Set, ArrayBuffer and its views, Buffer, URL, RegExp, errors with
 * their causes and fields, objects without prototype. A value that two places share is kept twice; that an object is frozen is not kept;
 * an error of a class of your own comes back as `Error` with its name and fields. The JSON text is safe in any text column.
 *
 * @throws HeddleError `VALUE_NOT_DURABLE` naming the path of the first part that would not come back as it is, what stands there and what to do
 * @throws HeddleError `VALUE_TOO_LARGE` the JSON text is longer than `maxBytes`
 */
export function encodeValue(value: unknown, options?: EncodeValueOptions): Json {
  if (value === undefined) return undefinedJson;
  const maxBytes = options?.maxBytes ?? defaultMaxBytes;
  const size = plainSizeOf(value, maxBytes);
  if (size !== notPlain && size * mostGrowth <= maxBytes) return plainCopy(value as Json);
  const encoding = new Encoding(maxBytes, options?.what ?? "a value");
  const json = size === notPlain ? encoding.encode(value) : plainCopy(value as Json);
  if (Math.max(size, encoding.size) * mostGrowth > maxBytes) {
    const bytes = jsonBytes(json);
    if (bytes > maxBytes) throw encoding.tooLarge(`${grouped(bytes)} bytes`);
  }
  return json;
}

/** Sizes on the way are lower bounds: a number counts 1 and may be written with 25 characters; nothing else grows more. */
const mostGrowth = 25;

/** One for all: most steps return nothing. */
const undefinedJson: Json = Object.freeze({ $undefined: true });

function plainSizeOf(value: unknown, maxBytes: number): number {
  try {
    return plainSize(value, 0, maxBytes);
  } catch {
    return notPlain; // a proxy or an accessor threw: the slow way finds out where
  }
}

/** One value on its way; remembers where it is, so that a refusal can name the place. */
class Encoding {
  readonly #maxBytes: number;
  readonly #what: string;
  readonly #path: PathStep[] = [];
  /** Objects that the walk is inside of, with the length of the path at each. */
  readonly #open = new Map<object, number>();
  #refused: unknown = null;
  /** A lower bound of the bytes of the JSON text so far. */
  size = 0;

  constructor(maxBytes: number, what: string) {
    this.#maxBytes = maxBytes;
    this.#what = what;
  }

  encode(value: unknown): Json {
    try {
      return this.#any(value);
    } catch (error) {
      if (error === this.#refused) throw error;
      throw refusal(this.#what, this.#path, "something whose reading throws", "Read it yourself and return what it gives.", error);
    }
  }

  #any(value: unknown): Json {
    switch (typeof value) {
      case "string":
        this.#grow(value.length + 2);
        return value;
      case "boolean":
        this.#grow(4);
        return value;
      case "number":
        this.#grow(1);
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return { $number: Object.is(value, -0) ? "-0" : String(value) };
      case "bigint":
        return { $bigint: this.#text(String(value)) };
      case "undefined":
        this.#grow(19);
        return undefinedJson;
      case "symbol":
        return this.#refuse(`the symbol ${String(value)}`, "Use a string in its place.");
      case "function":
        return this.#refuse(
          value.name === "" ? "a function" : `the function ${value.name}`,
          "Return the data that it gives, or leave it out.",
        );
      case "object":
        if (value !== null) return this.#object(value);
        this.#grow(4);
        return null;
      default:
        return value as never; // the cases above are all that `typeof` knows
    }
  }

  #object(value: object): Json {
    const openAt = this.#open.get(value);
    if (openAt !== undefined) {
      const target = formatPath(this.#path.slice(0, openAt));
      return this.#refuse(`a reference back to ${target}`, "Break the cycle: keep an id in its place.");
    }
    if (this.#open.size === maxDepth) {
      return this.#refuse(
        `a value nested more than ${maxDepth} levels deep`,
        "Flatten it: keep a list of its parts and refer to them by index.",
      );
    }
    this.#open.set(value, this.#path.length);
    this.#grow(2);
    const json = this.#opened(value);
    this.#open.delete(value);
    return json;
  }

  #opened(value: object): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null) return { $bare: this.#fields(value) };
    if (Array.isArray(value)) return this.#array(value, prototype);
    if (prototype === Object.prototype || isForeignObjectPrototype(prototype)) {
      const fields = this.#fields(value);
      return looksTagged(Object.keys(fields)) ? { $escape: fields } : fields;
    }
    if (prototype === Map.prototype) return { $map: this.#map(this.#bare(value as Map<unknown, unknown>)) };
    if (prototype === Set.prototype) return { $set: this.#set(this.#bare(value as Set<unknown>)) };
    if (prototype === Date.prototype) return { $date: this.#date(this.#bare(value as Date)) };
    if (prototype === RegExp.prototype) return { $regexp: this.#regExp(value as RegExp) };
    if (prototype === URL.prototype) return { $url: this.#text(this.#bare(value as URL).href) };
    if (prototype === ArrayBuffer.prototype) return { $buffer: this.#buffer(this.#bare(value as ArrayBuffer)) };
    if (ArrayBuffer.isView(value)) return this.#view(value, prototype);
    if (isError(value)) return { $error: this.#error(value) };
    return this.#instance(value, prototype);
  }

  #array(value: readonly unknown[], prototype: unknown): Json {
    if (prototype !== Array.prototype && !Array.isArray(prototype)) return this.#instance(value, prototype);
    this.#noSymbols(value);
    // Holes first: an array may be billions long and hold nothing.
    const keys = Object.keys(value);
    let index = 0;
    while (index < value.length && keys[index] === String(index)) index += 1;
    if (index < value.length) {
      this.#path.push(index);
      return this.#refuse("a hole in an array", "Fill it, with null for example, or use a Map.");
    }
    const extra = keys[index];
    if (extra !== undefined) {
      this.#path.push(extra);
      return this.#refuse(
        "a property of an array beside its elements",
        "Return the elements as `[...array]`, and the property apart from it.",
      );
    }
    const items: Json[] = [];
    for (let at = 0; at < value.length; at += 1) items.push(this.#part(at, () => value[at]));
    return items;
  }

  #fields(value: object): Record<string, Json> {
    const fields: Record<string, Json> = {};
    this.#noSymbols(value);
    for (const key of Object.getOwnPropertyNames(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property === undefined) continue; // a proxy may list what it does not have
      this.#grow(key.length + 3);
      if (!property.enumerable) {
        this.#path.push(key);
        return this.#refuse("a hidden (not enumerable) property", "Make it an ordinary property or leave it out.");
      }
      setKey(
        fields,
        key,
        this.#part(key, () => ("value" in property ? property.value : Reflect.get(value, key))),
      );
    }
    return fields;
  }

  #map(map: ReadonlyMap<unknown, unknown>): Json {
    const entries: Json[] = [];
    let nth = 0;
    for (const [key, value] of map) {
      entries.push([this.#part({ key: nth }, () => key), this.#part({ at: key, nth }, () => value)]);
      nth += 1;
    }
    return entries;
  }

  #set(set: ReadonlySet<unknown>): Json {
    const items: Json[] = [];
    for (const item of set) items.push(this.#part({ item: items.length }, () => item));
    return items;
  }

  #date(date: Date): Json {
    this.#grow(12);
    return Number.isNaN(date.getTime()) ? null : date.toISOString();
  }

  #regExp(value: RegExp): Json {
    if (Reflect.ownKeys(value).length !== 1) this.#refuseExtra(value, "lastIndex");
    const parts = [this.#text(value.source), value.flags];
    return value.lastIndex === 0 ? parts : [...parts, value.lastIndex];
  }

  #view(view: ArrayBufferView, prototype: unknown): Json {
    if (prototype === Uint8Array.prototype) return { $bytes: this.#bytes(view.buffer, view.byteOffset, view.byteLength) };
    if (bufferClass !== undefined && prototype === bufferClass.prototype) {
      return { $nodebuffer: this.#bytes(view.buffer, view.byteOffset, view.byteLength) };
    }
    for (const [name, type] of Object.entries(views)) {
      if (prototype === type.prototype) return { $view: [name, this.#bytes(view.buffer, view.byteOffset, view.byteLength)] };
    }
    return this.#instance(view, prototype);
  }

  #buffer(buffer: ArrayBuffer): string {
    return this.#bytes(buffer, 0, buffer.byteLength);
  }

  #bytes(buffer: ArrayBufferLike, offset: number, length: number): string {
    if (!(buffer instanceof ArrayBuffer)) return this.#refuse("bytes shared between threads", "Copy them with `.slice()` first.");
    if (buffer.detached) return this.#refuse("bytes that were transferred away", "Copy them before they are transferred.");
    if (buffer.resizable) return this.#refuse("bytes in a resizable buffer", "Copy them with `.slice()` first.");
    return this.#text(toBase64(new Uint8Array(buffer, offset, length)));
  }

  #error(error: object): Json {
    for (const symbol of Object.getOwnPropertySymbols(error)) {
      // Engines hang hidden ones on their own errors.
      if (Object.getOwnPropertyDescriptor(error, symbol)?.enumerable) return this.#refuseSymbol(symbol);
    }
    const fields = errorFields(error, { read: (key) => this.#read(error, key), part: (key, value) => this.#part(key, () => value) });
    this.#grow(fields.name.length + fields.message.length + (fields.stack?.length ?? 0) + 30);
    return fields as unknown as Json;
  }

  #read(from: object, key: string): unknown {
    this.#path.push(key);
    const value: unknown = Reflect.get(from, key);
    this.#path.pop();
    return value;
  }

  #instance(value: object, prototype: unknown): never {
    if (value instanceof Promise) return this.#refuse("a Promise", "Await it and return what it gives.");
    const name = className(prototype);
    const found = name === "" ? "an object with a prototype of its own" : `an instance of class ${name}`;
    return this.#refuse(found, "Return its data as a plain object, such as `{ ...object }`; its methods and its class are not kept.");
  }

  /** Walk into a part; `read` is called with the path already there, since it may throw. */
  #part(step: PathStep, read: () => unknown): Json {
    this.#path.push(step);
    const json = this.#any(read());
    this.#path.pop();
    return json;
  }

  /** These are kept by what they hold; a property hung on them would be lost. */
  #bare<T extends object>(value: T): T {
    if (Reflect.ownKeys(value).length !== 0) this.#refuseExtra(value);
    return value;
  }

  #refuseExtra(value: object, except?: string): never {
    this.#noSymbols(value);
    this.#path.push(Object.getOwnPropertyNames(value).find((name) => name !== except) ?? "");
    return this.#refuse(`a property added to a ${className(Object.getPrototypeOf(value))}`, "Keep it in an object beside it.");
  }

  #noSymbols(value: object): void {
    const [symbol] = Object.getOwnPropertySymbols(value);
    if (symbol !== undefined) this.#refuseSymbol(symbol);
  }

  #refuseSymbol(symbol: symbol): never {
    return this.#refuse(`an object with ${String(symbol)} as a key`, "Use a string as the key.");
  }

  #text(text: string): string {
    this.#grow(text.length + 2);
    return text;
  }

  #grow(by: number): void {
    this.size += by;
    if (this.size > this.#maxBytes) throw this.tooLarge(`more than ${grouped(this.#maxBytes)} bytes`);
  }

  #refuse(found: string, mend: string): never {
    this.#refused = refusal(this.#what, this.#path, found, mend);
    throw this.#refused;
  }

  tooLarge(bytes: string): HeddleError {
    const message = `The JSON text of ${this.#what} is ${bytes}; the limit is ${grouped(this.#maxBytes)}. Put the data into a file, table or blob and keep its name here.`;
    const error = new HeddleError("VALUE_TOO_LARGE", message, { data: { maxBytes: this.#maxBytes, what: this.#what } });
    this.#refused = error;
    return error;
  }
}

/** `Object.prototype` of another realm: an object from an iframe or a `vm` context is as plain as ours. */
function isForeignObjectPrototype(prototype: unknown): boolean {
  return (
    typeof prototype === "object" &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "hasOwnProperty") &&
    className(prototype) === "Object"
  );
}

function className(prototype: unknown): string {
  const constructor: unknown = Object(prototype).constructor;
  return typeof constructor === "function" ? constructor.name : "";
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
