import assert from "node:assert/strict";
import { test } from "node:test";
import { slowLanePage } from "../slow-lane/page.ts";

test("the page of the slow lane tells every file, their sum, and what tests said", () => {
  const page = slowLanePage(
    new Map([
      ["b.slow.ts", { passed: 2, failed: 0, skipped: 1, durationMs: 61_400, said: ["seed 7 was hard"] }],
      ["a.slow.ts", { passed: 1, failed: 3, skipped: 0, durationMs: 1_600, said: [] }],
    ]),
    { date: "2026-11-21", seed: "7", machine: "2 × Loom" },
  );

  assert.match(page, /^2026-11-21, seed 7, 2 × Loom\.$/m);
  assert.deepEqual(
    page.split("\n").filter((line) => line.startsWith("| `") || line.startsWith("| all")),
    ["| `a.slow.ts` | 1 | **3** | 0 | 2 |", "| `b.slow.ts` | 2 | 0 | 1 | 61 |", "| all | 3 | **3** | 1 | 63 |"],
  );
  assert.match(page, /^- `b\.slow\.ts`: seed 7 was hard$/m);
});
