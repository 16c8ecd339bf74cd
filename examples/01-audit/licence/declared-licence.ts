import { canonicalId, idOfName } from "./licence-names.ts";
import { licencesIn, parseSpdx, printSpdx, type SpdxExpression } from "./spdx-expression.ts";

/** What a package says of its own licence, in package.json or the lockfile. `written` is how it stands there, as JSON. */
export type DeclaredLicence =
  /** An SPDX expression. `fixed`: it was written another way, and this is what it means. */
  | { readonly kind: "spdx"; readonly written: string; readonly expression: string; readonly fixed: boolean }
  /** `SEE LICENSE IN <file>`. */
  | { readonly kind: "file"; readonly written: string; readonly file: string }
  /** `UNLICENSED`: nobody may use it. */
  | { readonly kind: "unlicensed"; readonly written: string }
  /** Text that is no expression and no name that we know. */
  | { readonly kind: "unreadable"; readonly written: string; readonly fault: string }
  | { readonly kind: "none" };

/**
 * Read the `license` field of a package.json, or the older `licenses`.
 *
 * @param license text, or the legacy `{ type, url }`
 * @param licenses legacy list of the same; several of them were meant as a choice
 */
export function readDeclaredLicence(license: unknown, licenses?: unknown): DeclaredLicence {
  const single = nameOf(license);
  if (single !== undefined)
    return typeof license === "string" ? readText(single) : readLegacy(single, `{ "type": ${JSON.stringify(single)} }`);

  const listed = (Array.isArray(license) ? license : Array.isArray(licenses) ? licenses : [licenses])
    .map(nameOf)
    .filter((name) => name !== undefined);
  if (listed.length === 0) return { kind: "none" };
  const choice = listed.length === 1 ? listed[0] : listed.map((name) => `(${idOfName(name) ?? name})`).join(" OR ");
  return readLegacy(choice ?? "", `[${listed.map((name) => JSON.stringify(name)).join(", ")}]`);
}

function nameOf(value: unknown): string | undefined {
  const name = typeof value === "object" && value !== null && "type" in value ? value.type : value;
  return typeof name === "string" && name.trim() !== "" ? name.trim() : undefined;
}

/** Says how it was written, which is never how SPDX does. */
function readLegacy(source: string, written: string): DeclaredLicence {
  const declared = readText(source);
  return declared.kind === "spdx" ? { ...declared, written, fixed: true } : { ...declared, written };
}

function readText(source: string): Exclude<DeclaredLicence, { kind: "none" }> {
  const written = JSON.stringify(source);
  const file = /^see licen[cs]e in (.+)$/i.exec(source)?.[1];
  if (file !== undefined) return { kind: "file", written, file: file.trim().replace(/^[<"']|[>"']$/g, "") };
  // One letter from "Unlicense", and its opposite.
  if (/^unlicensed$/i.test(source)) return { kind: "unlicensed", written };

  const named = idOfName(source);
  if (named !== undefined) return { kind: "spdx", written, expression: named, fixed: named !== source };
  const parsed = parseSpdx(source);
  if (!parsed.ok) {
    return { kind: "unreadable", written, fault: `expected ${parsed.expected} at character ${parsed.at + 1}, got ${parsed.got}` };
  }
  if (licencesIn(parsed.expression).some(({ id }) => unclear.has(id.toLowerCase()))) {
    return { kind: "unreadable", written, fault: "it does not say which licence of that family" };
  }
  const expression = printSpdx(withCanonicalIds(parsed.expression));
  // Spaces and needless parentheses are no other way to write it; another case of letters is.
  return { kind: "spdx", written, expression, fixed: expression !== printSpdx(parsed.expression) };
}

/** Well-formed as ids, but no licence: each names a family or nothing. */
const unclear: ReadonlySet<string> = new Set([
  "bsd",
  "gpl",
  "lgpl",
  "agpl",
  "apache",
  "mpl",
  "cc-by",
  "cc",
  "gnu",
  "none",
  "proprietary",
  "commercial",
  "custom",
  "other",
  "unknown",
]);

function withCanonicalIds(expression: SpdxExpression): SpdxExpression {
  if (expression.type === "licence") return { ...expression, id: canonicalId(expression.id) };
  return { ...expression, of: expression.of.map(withCanonicalIds) };
}
