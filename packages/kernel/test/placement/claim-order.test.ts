import assert from "node:assert/strict";
import { test } from "node:test";
import { ageingMs, claimRankMs } from "@heddle/kernel";

test("a level of priority is worth a minute of waiting, whatever the time is", () => {
  assert.equal(ageingMs, 60_000);
  assert.equal(claimRankMs({ wakeAtMs: 1_000, priority: 0 }), 1_000);
  assert.equal(claimRankMs({ wakeAtMs: 181_000, priority: 3 }), 1_000);
  assert.equal(claimRankMs({ wakeAtMs: 1_000, priority: -1 }), 61_000);
});
