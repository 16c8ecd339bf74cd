/** A version's numbers, and what stands behind a hyphen. */
interface Version {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: readonly (number | string)[];
}

type Operator = "<" | "<=" | ">" | ">=" | "=";
interface Bound {
  readonly operator: Operator;
  readonly version: Version;
}

/**
 * Does a version fit an npm range such as `^20.19.0 || >=22.12`? Prereleases are compared like any version, as npm does
 * when it checks `engines`.
 *
 * @returns undefined when the version or the range cannot be read
 */
export function fitsRange(version: string, range: string): boolean | undefined {
  const parsed = parseVersion(version);
  const alternatives = range.split("||").map(parseAlternative);
  if (parsed === undefined || alternatives.some((bounds) => bounds === undefined)) return undefined;
  return alternatives.some((bounds) => bounds?.every(({ operator, version: bound }) => holds(compare(parsed, bound), operator)) === true);
}

/** Order of two versions by their numbers, then prerelease; unreadable ones come first, by text. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left !== undefined && right !== undefined) return compare(left, right);
  if (left === undefined && right === undefined) return a < b ? -1 : a > b ? 1 : 0;
  return left === undefined ? -1 : 1;
}

function parseVersion(text: string): Version | undefined {
  const match = /^[v=\s]*(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*$/.exec(text);
  if (match === null) return undefined;
  return { numbers: [Number(match[1]), Number(match[2]), Number(match[3])], prerelease: identifiers(match[4]) };
}

const identifiers = (text: string | undefined): readonly (number | string)[] =>
  text === undefined ? [] : text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));

function compare(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    if (a.numbers[index] !== b.numbers[index]) return a.numbers[index] - b.numbers[index];
  }
  // A release comes after its prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (let index = 0; index < Math.max(a.prerelease.length, b.prerelease.length); index += 1) {
    const [left, right] = [a.prerelease[index], b.prerelease[index]];
    if (left === right) continue;
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    if (typeof left === "number" && typeof right === "number") return left - right;
    if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}

function holds(order: number, operator: Operator): boolean {
  if (operator === "=") return order === 0;
  return (order < 0 && operator.startsWith("<")) || (order > 0 && operator.startsWith(">")) || (order === 0 && operator.endsWith("="));
}

/** A version whose last numbers may be missing or `x`. */
interface Partial {
  readonly known: 0 | 1 | 2 | 3;
  readonly version: Version;
}

const partialPattern = String.raw`[v=\s]*(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?`;

function parsePartial(text: string): Partial | undefined {
  if (text === "") return { known: 0, version: { numbers: [0, 0, 0], prerelease: [] } };
  const match = new RegExp(`^${partialPattern}$`).exec(text);
  if (match === null) return undefined;
  const numbers = [match[1], match[2], match[3]].map((part) => (part === undefined || /[xX*]/.test(part) ? undefined : Number(part)));
  const firstUnknown = numbers.indexOf(undefined);
  const known = (firstUnknown === -1 ? 3 : firstUnknown) as 0 | 1 | 2 | 3;
  const at = (index: number): number => (index < known ? (numbers[index] ?? 0) : 0);
  return { known, version: { numbers: [at(0), at(1), at(2)], prerelease: known === 3 ? identifiers(match[4]) : [] } };
}

/** Bounds that must all hold; undefined when the text cannot be read. */
function parseAlternative(text: string): readonly Bound[] | undefined {
  const hyphen = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(text);
  if (hyphen !== null) {
    const [low, high] = [parsePartial(hyphen[1] ?? ""), parsePartial(hyphen[2] ?? "")];
    return low === undefined || high === undefined ? undefined : [...boundsOf(">=", low), ...boundsOf("<=", high)];
  }
  // An operator may stand apart from its version: `>= 18`.
  const parts = text
    .trim()
    .replace(/([<>=~^])\s+/g, "$1")
    .split(/\s+/);
  const bounds = parts.map((part) => {
    const match = /^(>=|<=|>|<|=|~>|~|\^|)(.*)$/.exec(part);
    const partial = parsePartial(match?.[2] ?? "");
    return match === null || partial === undefined ? undefined : boundsOf(match[1] ?? "", partial);
  });
  return bounds.every((some) => some !== undefined) ? bounds.flat() : undefined;
}

/** The lowest version there is at these numbers: before every prerelease of them. */
const floor = (major: number, minor: number, patch: number): Version => ({ numbers: [major, minor, patch], prerelease: [0] });

function boundsOf(operator: string, { known, version }: Partial): readonly Bound[] {
  const [major, minor, patch] = version.numbers;
  /** The first version after all that the known numbers stand for. */
  const next = known === 1 ? floor(major + 1, 0, 0) : floor(major, minor + 1, 0);
  const start: Version = known === 3 ? version : floor(major, minor, patch);
  const from: Bound = { operator: ">=", version: start };
  const below = (end: Version): Bound => ({ operator: "<", version: end });

  if (known === 0) return operator === "<" || operator === ">" ? [below(floor(0, 0, 0))] : [];
  switch (operator) {
    case "^": {
      if (major > 0 || known === 1) return [from, below(floor(major + 1, 0, 0))];
      if (minor > 0 || known === 2) return [from, below(floor(0, minor + 1, 0))];
      return [from, below(floor(0, 0, patch + 1))];
    }
    case "~":
    case "~>":
      return [from, below(next)];
    case ">":
      return known === 3 ? [{ operator: ">", version }] : [{ operator: ">=", version: next }];
    case "<":
      return [below(start)];
    case ">=":
      return [from];
    case "<=":
      return known === 3 ? [{ operator: "<=", version }] : [below(next)];
    default:
      return known === 3 ? [{ operator: "=", version }] : [from, below(next)];
  }
}
