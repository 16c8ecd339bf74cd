import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import type { Result } from "../src/figure.ts";

const sample = process.env["HEDDLE_SLOW"] === "sample";
const workloads = sample ? ["W4", "W6"] : [];

test("every counted bar is met, in small sizes", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", join(import.meta.dirname, "..", "main.ts"), ...workloads, "--quick", "--json", ...(sample ? ["--pairs", "1"] : [])],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    },
  );

  assert.equal(status, 0, stderr.slice(-2_000));
  const results = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Result);
  const ours = new Set(results.filter((result) => "spread" in result && result.of.startsWith("Heddle")).map(({ workload }) => workload));
  assert.deepEqual([...ours], sample ? ["W4", "W6"] : ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11"]);
});
