import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { groups } from "../fault-cases/cases.ts";
import { findCaseTests } from "../fault-cases/find-tests.ts";
import { faultCasePage } from "../fault-cases/page.ts";
import { readCaseTests } from "../fault-cases/read-tests.ts";

const root = join(import.meta.dirname, "..", "..");

describe("fault cases", () => {
  test("each has a test, each such test a case, and the page tells of all; npm run write:fault-cases writes it anew", () => {
    const { page, faults } = faultCasePage(groups, readCaseTests(root));

    assert.deepEqual(faults, []);
    assert.equal(readFileSync(join(root, "docs", "fault-cases.md"), "utf8"), page);
  });

  test("titles are found whatever their quotes, with an ellipsis for what is put in", () => {
    const text = [
      'test("case 3: the \\"first\\"", () => {});',
      "  test(`case 24: no ${what({ a: `x` })} at ${at}: nothing`, async () => {});",
      "test(\n  `case 5: on a line of its own`,\n  () => {});",
      'test("not case 7: this", () => {});',
    ].join("\n");

    assert.deepEqual(findCaseTests(text), [
      { number: 3, title: 'the "first"' },
      { number: 24, title: "no … at …: nothing" },
      { number: 5, title: "on a line of its own" },
    ]);
  });

  test("a case without a test, and a test of no case, are found", () => {
    const { page, faults } = faultCasePage(
      [{ title: "Some", cases: { 1: "one thing", 2: "another" } }],
      new Map([
        [
          "packages/a/test/b.test.ts",
          [
            { number: 1, title: "holds | always" },
            { number: 9, title: "is lost" },
          ],
        ],
      ]),
    );

    assert.deepEqual(faults, ['packages/a/test/b.test.ts: "is lost" is of case 9, which is no case', "case 2 (another) has no test"]);
    assert.match(page, /\| 1 \| one thing \| \[b\.test\.ts\]\(\.\.\/packages\/a\/test\/b\.test\.ts\): “holds \\\| always” \|/);
  });
});
