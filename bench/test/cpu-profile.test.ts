import assert from "node:assert/strict";
import { test } from "node:test";
import { ownTime } from "../src/cpu-profile.ts";

const node = (id: number, functionName: string, url = "", lineNumber = 0) => ({ id, callFrame: { functionName, url, lineNumber } });

test("a profile is summed by function, largest first, and idle time does not count", () => {
  const profile = {
    nodes: [
      node(1, "(root)"),
      node(2, "(idle)"),
      node(3, "advance", "file:///a/advance.ts", 9),
      node(4, "(garbage collector)"),
      node(5, "advance", "file:///a/advance.ts", 9),
    ],
    samples: [2, 3, 4, 5, 3],
    timeDeltas: [1000, 10, 25, 30, 35],
  };

  assert.deepEqual(ownTime(profile, 5), [
    { place: "advance advance.ts:10", share: 0.75 },
    { place: "(garbage collector)", share: 0.25 },
  ]);
  assert.equal(ownTime(profile, 1).length, 1);
});
