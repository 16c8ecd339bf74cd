import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonBytes, type Json } from "@heddle/kernel";
import type { NodeOutcome } from "heddle";
import { resultCode } from "../../src/dag/run/result-code.ts";

test("a report is never larger than it is said to be, whatever nodes came to", () => {
  const by = "b".repeat(128);
  const error = { message: `"\u0000é${"x".repeat(100)}`, code: "STEP_FAILED" };
  const outcomes: readonly NodeOutcome[] = [
    { status: "completed" },
    { status: "completed", partial: true },
    { status: "skipped" },
    { status: "blocked", by },
    ...(["failed", "timed-out", "cancelled", "unknown"] as const).flatMap((status) => [{ status }, { status, error }]),
  ];
  for (const outcome of outcomes) {
    for (const count of [0, 1, 200]) {
      const ids = Array.from({ length: count }, (_, index) => `${index}-${"i".repeat(100)}`);
      const metadata = Object.fromEntries(ids.map((id): [string, Json] => [id, { "\u0001": "\u0002€😀" }]));
      for (const runInput of [undefined, "\u0003".repeat(500)]) {
        const { json, mostBytes } = resultCode(undefined)({
          spec: { failure: "best_effort", payloads: {} },
          outcomes: Object.fromEntries(ids.map((id) => [id, outcome])),
          metadata,
          records: new Map(),
          runInput: () => runInput,
        });
        assert.equal(jsonBytes(json), Buffer.byteLength(JSON.stringify(json)));
        assert.ok(jsonBytes(json) <= mostBytes, `${jsonBytes(json)} bytes of ${mostBytes}: ${JSON.stringify(outcome)}, ${count}`);
      }
    }
  }
});
