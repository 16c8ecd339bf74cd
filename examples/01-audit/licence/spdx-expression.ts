/**
 * A parsed SPDX licence expression (SPDX specification, annex on licence expressions).
 * `AND` and `OR` are flat: `a AND (b AND c)` has one node of three members.
 */
export type SpdxExpression =
  | { readonly type: "licence"; readonly id: string; readonly orLater: boolean; readonly exception: string | null }
  | { readonly type: "all" | "any"; readonly of: readonly SpdxExpression[] };

export type SpdxLicence = Extract<SpdxExpression, { type: "licence" }>;

export type ParsedExpression =
  | { readonly ok: true; readonly expression: SpdxExpression }
  /** `at` counts characters from 0. */
  | { readonly ok: false; readonly at: number; readonly expected: string; readonly got: string };

interface Token {
  readonly text: string;
  readonly at: number;
}

/** Nested parentheses deeper than this are refused rather than recursed into. */
const maxDepth = 64;

/**
 * Parse an expression such as `(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0`.
 * `AND` binds more tightly than `OR`, `WITH` more tightly than both. Operators are read in any case.
 * Ids are not looked up in the SPDX list: any well-formed id is taken, `LicenseRef-…` included.
 */
export function parseSpdx(source: string): ParsedExpression {
  const tokens = [...source.matchAll(/[()+]|[^\s()+]+/g)].map((match): Token => ({ text: match[0], at: match.index }));
  let next = 0;
  const peek = (): Token => tokens[next] ?? { text: "", at: source.length };
  const isWord = (word: string): boolean => peek().text.toUpperCase() === word;
  const fail = (expected: string): never => {
    throw new Unexpected(peek(), expected);
  };

  function any(depth: number): SpdxExpression {
    const members = [all(depth)];
    while (isWord("OR")) {
      next += 1;
      members.push(all(depth));
    }
    return join("any", members);
  }

  function all(depth: number): SpdxExpression {
    const members = [one(depth)];
    while (isWord("AND")) {
      next += 1;
      members.push(one(depth));
    }
    return join("all", members);
  }

  function one(depth: number): SpdxExpression {
    if (peek().text === "(") {
      if (depth === maxDepth) fail("fewer parentheses");
      next += 1;
      const inner = any(depth + 1);
      if (peek().text !== ")") fail("`)`, `AND` or `OR`");
      next += 1;
      return inner;
    }
    const id = idOf("a licence id");
    const orLater = peek().text === "+";
    if (orLater) next += 1;
    if (!isWord("WITH")) return { type: "licence", id, orLater, exception: null };
    next += 1;
    return { type: "licence", id, orLater, exception: idOf("an exception id") };
  }

  function idOf(expected: string): string {
    const { text } = peek();
    const operator = isWord("AND") || isWord("OR") || isWord("WITH");
    if (operator || !/^(?:DocumentRef-[A-Za-z0-9.-]+:)?[A-Za-z0-9][A-Za-z0-9.-]*$/.test(text)) fail(expected);
    next += 1;
    return text;
  }

  try {
    const expression = any(0);
    if (next < tokens.length) fail("`AND`, `OR` or the end");
    return { ok: true, expression };
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error;
    return { ok: false, at: error.token.at, expected: error.expected, got: error.token.text === "" ? "the end" : error.token.text };
  }
}

/** Leaves the recursive parser at once; never leaves this file. */
class Unexpected extends Error {
  readonly token: Token;
  readonly expected: string;
  constructor(token: Token, expected: string) {
    super(expected);
    this.token = token;
    this.expected = expected;
  }
}

function join(type: "all" | "any", members: readonly SpdxExpression[]): SpdxExpression {
  const of = members.flatMap((member) => (member.type === type ? member.of : [member]));
  return of.length === 1 && of[0] !== undefined ? of[0] : { type, of };
}

/** The expression as text, with only the parentheses that it needs. */
export function printSpdx(expression: SpdxExpression): string {
  if (expression.type === "licence") return printLicence(expression);
  const inner = expression.of.map((member) =>
    expression.type === "all" && member.type === "any" ? `(${printSpdx(member)})` : printSpdx(member),
  );
  return inner.join(expression.type === "all" ? " AND " : " OR ");
}

function printLicence({ id, orLater, exception }: SpdxLicence): string {
  return `${id}${orLater ? "+" : ""}${exception === null ? "" : ` WITH ${exception}`}`;
}

/** Every licence named in the expression, in its order. */
export function licencesIn(expression: SpdxExpression): readonly SpdxLicence[] {
  return expression.type === "licence" ? [expression] : expression.of.flatMap(licencesIn);
}
