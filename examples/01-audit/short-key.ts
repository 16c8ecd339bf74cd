import { createHash } from "node:crypto";

/** Keys of operations have at most 256 characters; a path of nested packages may have more. */
const longest = 200;

/** The text itself, or its beginning and a hash where it is long: unique, and the same on every run. */
export function shortKey(text: string): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 17)}~${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}
