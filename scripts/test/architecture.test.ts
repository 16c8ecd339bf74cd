import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..");

test("the paths that ARCHITECTURE.md and CONTRIBUTING.md name are there", () => {
  for (const page of ["ARCHITECTURE.md", "CONTRIBUTING.md"]) {
    const named = [
      ...readFileSync(join(root, page), "utf8").matchAll(/`((?:packages|scripts|examples|docs|bench|decisions|\.ci)\/[\w./-]*)`/g),
    ];
    assert.ok(named.length > 0, page);
    const missing = named.map(([, path = ""]) => path).filter((path) => !/[A-Z]{4,}/.test(path) && !existsSync(join(root, path)));
    assert.deepEqual(missing, [], page);
  }
});

test("decisions are numbered without a gap, and each says its status, its choice and what was rejected", () => {
  const pages = globSync("decisions/*.md", { cwd: root }).sort();
  assert.deepEqual(
    pages.map((page) => Number(/^decisions\/(\d{4})-[a-z0-9-]+\.md$/.exec(page)?.[1])),
    pages.map((_, index) => index + 1),
  );
  for (const page of pages) {
    const text = readFileSync(join(root, page), "utf8");
    assert.match(text, /^# \d{4} .+\n\n\*\*Status:\*\* /, page);
    assert.match(text, /\*\*Choice\.\*\*[\s\S]*\*\*Rejected\.\*\*/, page);
  }
});
