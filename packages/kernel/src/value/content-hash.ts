import { canonicalJson } from "./canonical-json.ts";
import type { Json } from "./json.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * Names a JSON value by what it holds: the first 32 hexadecimal digits (128 bits) of the SHA-256 of its canonical text.
 * Equal values have equal hashes whatever the order of their keys; two different ones that meet are not to be expected.
 */
export function contentHash(json: Json): string {
  return sha256Hex(canonicalJson(json)).slice(0, 32);
}
