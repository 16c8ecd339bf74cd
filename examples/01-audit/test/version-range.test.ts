import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareVersions, fitsRange } from "../package/version-range.ts";

describe("fitsRange", () => {
  const cases: readonly (readonly [range: string, fitting: string, other: string])[] = [
    [">=18", "24.21.0", "17.9.9"],
    [">= 18.0.0", "18.0.0", "17.99.0"],
    [">18", "19.0.0", "18.9.0"],
    [">18.2.1", "18.2.2", "18.2.1"],
    ["<5", "4.9.9", "5.0.0"],
    ["<=22", "22.99.0", "23.0.0"],
    ["<=22.1.0", "22.1.0", "22.1.1"],
    ["24", "24.5.0", "25.0.0"],
    ["24.x", "24.0.1", "23.9.0"],
    ["24.1.*", "24.1.9", "24.2.0"],
    ["=24.1.0", "24.1.0", "24.1.1"],
    ["v24.1.0", "24.1.0", "24.1.1"],
    ["^20.19.0 || >=22.12", "22.12.0", "22.11.9"],
    ["^20.19.0 || >=22.12", "20.19.5", "21.0.0"],
    ["^0.2.3", "0.2.9", "0.3.0"],
    ["^0.0.3", "0.0.3", "0.0.4"],
    ["^0", "0.9.0", "1.0.0"],
    ["^0.0", "0.0.9", "0.1.0"],
    ["~1.2.3", "1.2.9", "1.3.0"],
    ["~1.2", "1.2.0", "1.3.0"],
    ["~1", "1.9.0", "2.0.0"],
    ["~> 1.2", "1.2.4", "1.3.0"],
    ["12 - 14", "14.9.0", "15.0.0"],
    ["12.1.0 - 14.1.0", "14.1.0", "14.1.1"],
    [">=10 <12", "11.9.9", "12.0.0"],
    ["0.10 || 0.12 || 4.2.0", "0.12.9", "0.11.0"],
    ["^1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-alpha.9"],
  ];
  for (const [range, fitting, other] of cases) {
    test(`${range} takes ${fitting} and not ${other}`, () => {
      assert.deepEqual([fitsRange(fitting, range), fitsRange(other, range)], [true, false]);
    });
  }

  test("nothing and the star take everything", () => {
    for (const range of ["", "*", "x", " ", ">=0"]) assert.equal(fitsRange("24.1.0", range), true, range);
  });

  test("what cannot be read is neither in nor out", () => {
    for (const range of ["node 18", "lts", ">=1.2.3.4", "^", "1.2.3 or 4", "latest || *"])
      assert.equal(fitsRange("24.1.0", range), range === "^" ? true : undefined, range);
    assert.equal(fitsRange("twenty-four", ">=18"), undefined);
  });
});

test("versions are in the order of their numbers, prereleases before their release", () => {
  const ordered = [
    "not a version",
    "0.9.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-2",
    "1.0.0",
    "1.2.0",
    "1.10.0",
    "2.0.0",
  ];
  const expected = [
    "not a version",
    "0.9.0",
    "1.0.0-2",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0",
    "1.2.0",
    "1.10.0",
    "2.0.0",
  ];

  assert.deepEqual(ordered.toReversed().sort(compareVersions), expected);
});
