import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { laneEnvironment, laneFiles } from "../test-lanes.ts";

const root = mkdtempSync(join(tmpdir(), "lanes-"));
after(() => rmSync(root, { recursive: true }));
for (const [file, text] of Object.entries({
  "packages/a/test/one.test.ts": "",
  "packages/a/test/deep/two.test.ts": "const rounds = process.env['HEDDLE_SLOW'] === '1' ? 1000 : 10;",
  "packages/a/test/chaos.slow.ts": "",
  "packages/a/src/not-a-test.ts": "",
  "examples/01-b/test/three.test.ts": "",
  "bench/test/four.test.ts": "",
  "bench/long.slow.ts": "",
})) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

describe("test lanes", () => {
  test("the fast lane has every .test.ts and no .slow.ts", () => {
    assert.deepEqual(laneFiles(root, "fast", []), [
      "bench/test/four.test.ts",
      "examples/01-b/test/three.test.ts",
      "packages/a/test/deep/two.test.ts",
      "packages/a/test/one.test.ts",
    ]);
  });

  for (const lane of ["slow", "sample"] as const) {
    test(`the ${lane} lane has every .slow.ts, and fast files that have larger counts to offer`, () => {
      assert.deepEqual(laneFiles(root, lane, []), [
        "bench/long.slow.ts",
        "packages/a/test/chaos.slow.ts",
        "packages/a/test/deep/two.test.ts",
      ]);
    });
  }

  test("filters are parts of the path, and any of them will do", () => {
    assert.deepEqual(laneFiles(root, "fast", ["deep", "01-b"]), ["examples/01-b/test/three.test.ts", "packages/a/test/deep/two.test.ts"]);
  });

  test("the slow lanes tell their tests which it is, and the seed", () => {
    assert.deepEqual(laneEnvironment("fast", 7), {});
    assert.deepEqual(laneEnvironment("sample", 7), { HEDDLE_SLOW: "sample", HEDDLE_SEED: "7" });
    assert.deepEqual(laneEnvironment("slow", 7), { HEDDLE_SLOW: "1", HEDDLE_SEED: "7" });
  });
});
