// Ids, keys and tags may be any text of JavaScript's. PostgreSQL's texts know no NUL, and UTF-8 knows no half of a surrogate pair: these, and the
// escape itself, stand as the escape and four hexadecimal digits. What two texts begin alike stays alike.
const escape = "\u0001";
const unkeepable = /[\0\u0001]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

export function toKept(text: string): string {
  return text.isWellFormed() && !text.includes("\0") && !text.includes(escape)
    ? text
    : text.replace(unkeepable, (unit) => `${escape}${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function fromKept(text: string): string {
  return text.includes(escape)
    ? text.replace(/\u0001([0-9a-f]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    : text;
}

export function toKeptOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : toKept(text);
}

export function fromKeptOrNull(text: string | null): string | null {
  return text === null ? null : fromKept(text);
}
