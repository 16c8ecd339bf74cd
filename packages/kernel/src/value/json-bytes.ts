import type { Json } from "./json.ts";

/** Bytes of the value's JSON text in UTF-8, exactly as `JSON.stringify` writes it; nothing is built. The value must be JSON. */
export function jsonBytes(json: Json): number {
  let bytes = 0;
  const left: Json[] = [json];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === "string") bytes += stringBytes(next);
    else if (typeof next === "number") bytes += String(next).length;
    else if (typeof next === "boolean") bytes += next ? 4 : 5;
    else if (next === null) bytes += 4;
    else if (isArray(next)) {
      bytes += 2 + Math.max(0, next.length - 1);
      for (const item of next) left.push(item);
    } else {
      let keys = 0;
      for (const [key, value] of Object.entries(next)) {
        keys += 1;
        bytes += stringBytes(key) + 1;
        left.push(value);
      }
      bytes += 2 + Math.max(0, keys - 1);
    }
  }
  return bytes;
}

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function stringBytes(text: string): number {
  let bytes = 2;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20) bytes += unit === 8 || unit === 9 || unit === 10 || unit === 12 || unit === 13 ? 2 : 6;
    else if (unit === 0x22 || unit === 0x5c) bytes += 2;
    else if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (isPair(unit, text.charCodeAt(index + 1))) {
      bytes += 4;
      index += 1;
    } else bytes += 6; // a lone surrogate is written as an escape
  }
  return bytes;
}

function isPair(high: number, low: number): boolean {
  return high < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
}
