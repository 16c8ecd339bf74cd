import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { median, pairedRatios, quantile, spread } from "../src/statistics.ts";

describe("statistics", () => {
  test("the median of an odd number of values is the middle one, of an even number the mean of the two in the middle", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  test("values are ordered as numbers, and the given array stays as it was", () => {
    const values = [100, 9, 25];

    assert.equal(median(values), 25);
    assert.deepEqual(values, [100, 9, 25]);
  });

  test("quartiles are interpolated between neighbours", () => {
    assert.deepEqual(spread([1, 2, 3, 4]), { median: 2.5, q1: 1.75, q3: 3.25, min: 1, max: 4, count: 4 });
  });

  test("one value is its own median and quartiles", () => {
    assert.deepEqual(spread([7]), { median: 7, q1: 7, q3: 7, min: 7, max: 7, count: 1 });
  });

  test("no values have no median", () => {
    assert.ok(Number.isNaN(median([])));
    assert.ok(Number.isNaN(quantile([], 0.25)));
  });

  test("ratios are taken pair by pair, so a drift that both share falls out", () => {
    const drift = [1, 30, 4, 0.5];
    const theirs = drift.map((factor) => factor * 10);
    const ours = drift.map((factor) => factor * 25);

    assert.deepEqual(pairedRatios(ours, theirs), [2.5, 2.5, 2.5, 2.5]);
    assert.notEqual(median(ours) / (theirs[0] as number), 2.5);
  });

  test("figures that do not pair are refused", () => {
    assert.throws(() => pairedRatios([1, 2], [1]), RangeError);
  });
});
