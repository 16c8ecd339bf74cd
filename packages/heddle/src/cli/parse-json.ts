import { HeddleError } from "@heddle/kernel";
import { printable } from "./text/text-width.ts";

/**
 * JSON text to a value. Stricter than `JSON.parse` in one point: a key that stands twice in one object is refused, for
 * one of the two values would be lost.
 *
 * @param source what people know the text as: `--input`, a file's name
 * @throws HeddleError `JSON_INVALID`: `data` has `line`, `column` (from 1), `offset` and `excerpt`, the line with a caret below it
 */
export function parseJson(text: string, source: string): unknown {
  const body = text.startsWith("\u{feff}") ? text.slice(1) : text;
  const fault = findFault(body);
  if (fault === null) return JSON.parse(body);
  const { line, column, excerpt } = locate(body, fault.offset);
  throw new HeddleError("JSON_INVALID", `${source} is not JSON: ${fault.says} at line ${line}, column ${column}.`, {
    data: { source, line, column, offset: fault.offset, excerpt },
  });
}

interface Fault {
  readonly offset: number;
  readonly says: string;
}

type Open = { readonly kind: "array" } | { readonly kind: "object"; readonly keys: Set<string> };

const blank = /[ \t\n\r]*/uy;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const word = /true|false|null/uy;

// One pass with a stack of its own, so that deep nesting cannot exhaust the call stack.
function findFault(text: string): Fault | null {
  const open: Open[] = [];
  let at = match(blank, text, 0) ?? 0;
  if (at === text.length) return { offset: at, says: "there is nothing" };
  for (;;) {
    // A value stands here.
    const first = text[at];
    if (first === "{" || first === "[") {
      open.push(first === "[" ? { kind: "array" } : { kind: "object", keys: new Set() });
      at = skipBlank(text, at + 1);
      if (text[at] === (first === "{" ? "}" : "]")) {
        open.pop();
        at++;
      } else if (first === "[") continue;
      else {
        const next = readKey(text, at, open.at(-1));
        if (typeof next !== "number") return next;
        at = next;
        continue;
      }
    } else {
      const end = endOfText(text, at) ?? match(number, text, at) ?? match(word, text, at);
      if (end === null) return valueFault(text, at);
      at = end;
    }
    // A value has ended: what follows belongs to what is around it.
    for (;;) {
      at = skipBlank(text, at);
      const around = open.at(-1);
      if (around === undefined) return at === text.length ? null : { offset: at, says: `unexpected ${shown(text, at)} after the end` };
      const close = around.kind === "array" ? "]" : "}";
      if (text[at] === close) {
        open.pop();
        at++;
        continue;
      }
      if (text[at] !== ",") return { offset: at, says: `expected "," or "${close}", got ${shown(text, at)}` };
      at = skipBlank(text, at + 1);
      if (text[at] === close) return { offset: at, says: `unexpected "${close}" after a comma` };
      if (around.kind === "object") {
        const next = readKey(text, at, around);
        if (typeof next !== "number") return next;
        at = next;
      }
      break;
    }
  }
}

// Reads `"key" :` and returns where its value begins.
function readKey(text: string, at: number, around: Open | undefined): number | Fault {
  const end = endOfText(text, at);
  if (end === null) {
    if (text[at] === '"') return stringFault(text, at);
    return { offset: at, says: `expected a key in double quotes, got ${shown(text, at)}` };
  }
  const key = JSON.parse(text.slice(at, end)) as string;
  if (around?.kind === "object") {
    if (around.keys.has(key)) return { offset: at, says: `the key ${JSON.stringify(key)} stands twice` };
    around.keys.add(key);
  }
  const colon = skipBlank(text, end);
  if (text[colon] !== ":") return { offset: colon, says: `expected ":" after the key, got ${shown(text, colon)}` };
  return skipBlank(text, colon + 1);
}

function valueFault(text: string, at: number): Fault {
  if (text[at] === '"') return stringFault(text, at);
  if (text[at] === "'") return { offset: at, says: "text needs double quotes, not single ones" };
  return { offset: at, says: `expected a value, got ${shown(text, at)}` };
}

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/uy;

// A loop, not a pattern: text of many megabytes would exhaust a pattern's memory.
function endOfText(text: string, at: number): number | null {
  if (text[at] !== '"') return null;
  for (let offset = at + 1; offset < text.length; offset++) {
    const character = text[offset] ?? "";
    if (character === '"') return offset + 1;
    if (character < " ") return null;
    if (character !== "\\") continue;
    const end = match(escape, text, offset);
    if (end === null) return null;
    offset = end - 1;
  }
  return null;
}

function stringFault(text: string, at: number): Fault {
  for (let offset = at + 1; offset < text.length; offset++) {
    const character = text[offset] ?? "";
    if (character < " ") return { offset, says: `${shown(text, offset)} inside text, where it must be an escape,` };
    if (character !== "\\") continue;
    const end = match(escape, text, offset);
    if (end === null) return { offset, says: "an escape that JSON does not have" };
    offset = end - 1;
  }
  return { offset: at, says: "text that does not end" };
}

function shown(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return "the end";
  if (code === 10 || code === 13) return "a line break";
  if (code === 9) return "a tab";
  return `"${printable(String.fromCodePoint(code))}"`;
}

function skipBlank(text: string, at: number): number {
  return match(blank, text, at) ?? at;
}

function match(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

function locate(
  text: string,
  offset: number,
): { readonly line: number; readonly column: number; readonly excerpt: readonly [string, string] } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf("\n") + 1;
  const end = text.indexOf("\n", offset);
  const whole = text.slice(start, end === -1 ? text.length : end).replace(/\r$/u, "");
  const column = offset - start + 1;
  const from = Math.max(0, column - 1 - 40);
  const piece = (from > 0 ? "…" : "") + whole.slice(from, from + 70) + (from + 70 < whole.length ? "…" : "");
  const indent = printable(whole.slice(from, column - 1)).length + (from > 0 ? 1 : 0);
  return { line: before.split("\n").length, column, excerpt: [printable(piece), `${" ".repeat(indent)}^`] };
}
