import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { licencesIn, parseSpdx, printSpdx, type SpdxExpression } from "../licence/spdx-expression.ts";

function parsed(source: string): SpdxExpression {
  const result = parseSpdx(source);
  assert.ok(result.ok, `${source} does not parse: ${JSON.stringify(result)}`);
  return result.expression;
}

describe("parseSpdx", () => {
  const printed: readonly (readonly [source: string, printed: string])[] = [
    ["MIT", "MIT"],
    ["  MIT  ", "MIT"],
    ["(MIT)", "MIT"],
    ["((MIT))", "MIT"],
    ["MIT OR Apache-2.0", "MIT OR Apache-2.0"],
    ["MIT or Apache-2.0", "MIT OR Apache-2.0"],
    ["(MIT OR Apache-2.0) AND ISC", "(MIT OR Apache-2.0) AND ISC"],
    ["MIT OR (Apache-2.0 AND ISC)", "MIT OR Apache-2.0 AND ISC"],
    ["MIT OR (ISC OR (Zlib OR 0BSD))", "MIT OR ISC OR Zlib OR 0BSD"],
    ["MIT AND (ISC AND Zlib)", "MIT AND ISC AND Zlib"],
    ["GPL-2.0+", "GPL-2.0+"],
    ["GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"],
    ["GPL-2.0+ with Bison-exception-2.2 OR MIT", "GPL-2.0+ WITH Bison-exception-2.2 OR MIT"],
    ["LicenseRef-ours", "LicenseRef-ours"],
    ["DocumentRef-spdx:LicenseRef-theirs", "DocumentRef-spdx:LicenseRef-theirs"],
  ];
  for (const [source, expected] of printed) {
    test(`reads ${JSON.stringify(source)} and prints it with the parentheses it needs`, () => {
      assert.equal(printSpdx(parsed(source)), expected);
      assert.deepEqual(parsed(expected), parsed(source), "the printed form means the same");
    });
  }

  test("AND binds more tightly than OR", () => {
    const licence = (id: string): SpdxExpression => ({ type: "licence", id, orLater: false, exception: null });

    assert.deepEqual(parsed("A OR B AND C OR D"), {
      type: "any",
      of: [licence("A"), { type: "all", of: [licence("B"), licence("C")] }, licence("D")],
    });
  });

  test("WITH belongs to the one licence before it", () => {
    const [gpl, mit] = licencesIn(parsed("GPL-3.0-only WITH GCC-exception-3.1 AND MIT"));

    assert.deepEqual([gpl?.exception, mit?.exception], ["GCC-exception-3.1", null]);
  });

  const refused: readonly (readonly [source: string, at: number, expected: RegExp, got: string])[] = [
    ["", 0, /a licence id/, "the end"],
    ["MIT OR", 6, /a licence id/, "the end"],
    ["OR MIT", 0, /a licence id/, "OR"],
    ["MIT Apache-2.0", 4, /`AND`, `OR` or the end/, "Apache-2.0"],
    ["(MIT", 4, /`\)`/, "the end"],
    ["MIT)", 3, /the end/, ")"],
    ["MIT AND (ISC OR)", 15, /a licence id/, ")"],
    ["MIT WITH", 8, /an exception id/, "the end"],
    ["MIT/X11", 0, /a licence id/, "MIT/X11"],
    ["MIT, ISC", 0, /a licence id/, "MIT,"],
    ["+MIT", 0, /a licence id/, "+"],
    ["()", 1, /a licence id/, ")"],
  ];
  for (const [source, at, expected, got] of refused) {
    test(`refuses ${JSON.stringify(source)} and says where and why`, () => {
      const result = parseSpdx(source);

      assert.ok(!result.ok);
      assert.deepEqual([result.at, result.got], [at, got]);
      assert.match(result.expected, expected);
    });
  }

  test("parentheses deeper than sixty-four are refused, not recursed into", () => {
    const deep = `${"(".repeat(100_000)}MIT${")".repeat(100_000)}`;

    assert.equal(parseSpdx(deep).ok, false);
    assert.equal(parseSpdx(`${"(".repeat(64)}MIT${")".repeat(64)}`).ok, true);
  });
});
