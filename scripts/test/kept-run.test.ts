import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

const { keepRun, forgetEndedRun } = createRequire(import.meta.url)("../kept-run.cjs") as {
  keepRun(file: string, args: readonly string[], newId: () => string): string;
  forgetEndedRun(file: string, code: number): void;
};
const folder = mkdtempSync(join(tmpdir(), "kept-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => join(folder, `${++files}`, "npm-start.json");

describe("the run that npm start is at", () => {
  test("the same command goes on with it, another command is another run", () => {
    const file = fresh();
    assert.equal(
      keepRun(file, [], () => "a"),
      "a",
    );
    assert.equal(
      keepRun(file, [], () => "b"),
      "a",
    );
    assert.equal(
      keepRun(file, ["--input", "{}"], () => "c"),
      "c",
    );
  });

  for (const [code, kept] of [
    [0, false],
    [1, false],
    [2, true],
    [3, true],
    [130, true],
  ] as const) {
    test(`after exit code ${code} it is ${kept ? "kept" : "forgotten"}`, () => {
      const file = fresh();
      keepRun(file, [], () => "a");

      forgetEndedRun(file, code);
      assert.equal(existsSync(file), kept);
    });
  }

  test("a file torn by a crash is a new run", () => {
    const file = fresh();
    keepRun(file, [], () => "a");
    writeFileSync(file, '{"id":"a');
    assert.equal(
      keepRun(file, [], () => "b"),
      "b",
    );
  });
});
