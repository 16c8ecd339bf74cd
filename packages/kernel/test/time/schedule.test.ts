import assert from "node:assert/strict";
import { test } from "node:test";
import { nextDueMs } from "@heddle/kernel";
import fc from "fast-check";
import "../seeded.ts";

test("a point in time and a delay come once", () => {
  assert.deepEqual([nextDueMs({ atMs: 500 }, 1_000, 1_000, 0), nextDueMs({ atMs: 500 }, 1_000, 1_000, 1)], [500, null]);
  assert.deepEqual([nextDueMs({ afterMs: 500 }, 1_000, 1_200, 0), nextDueMs({ afterMs: 500 }, 1_000, 1_500, 1)], [1_500, null]);
});

test("an interval comes first one interval after the start, then at multiples of it", () => {
  assert.equal(nextDueMs({ everyMs: 100 }, 1_000, 1_000, 0), 1_100);
  assert.equal(nextDueMs({ everyMs: 100 }, 1_000, 1_100, 1), 1_200);
  assert.equal(nextDueMs({ everyMs: 100 }, 1_000, 1_199, 1), 1_200);
});

test("an interval that comes late skips what it missed and keeps its grid", () => {
  assert.equal(nextDueMs({ everyMs: 100 }, 1_000, 1_777, 1), 1_800);
  assert.equal(nextDueMs({ everyMs: 100 }, 1_000, 1_800, 2), 1_900);
});

test("an interval ends after so many times", () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((fired) => nextDueMs({ everyMs: 10, times: 2 }, 0, fired * 10, fired)),
    [10, 20, null, null],
  );
});

test("an interval is due after the event that asks and after the start, on the grid, whatever the clock did", () => {
  const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e10 }), time, time, (everyMs, startedAtMs, afterMs) => {
      const due = nextDueMs({ everyMs }, startedAtMs, afterMs, 3) ?? assert.fail("an interval without end");

      assert.ok(due > afterMs && due > startedAtMs);
      assert.equal((due - startedAtMs) % everyMs, 0);
      assert.ok(due - everyMs <= Math.max(afterMs, startedAtMs), "none is skipped");
    }),
  );
});
