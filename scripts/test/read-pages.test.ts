import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readBlocks } from "../docs/read-blocks.ts";
import { readLinks } from "../docs/read-links.ts";

const page = (...blocks: readonly string[]): string => ["# A page", ...blocks].join("\n");

describe("code blocks of a page", () => {
  test("ts blocks run unless marked, sh blocks only when marked, others never", () => {
    const blocks = readBlocks(
      page(
        "```ts",
        "one();",
        "```",
        "```ts no-run",
        "two();",
        "```",
        "```sh",
        "three",
        "```",
        "```sh run",
        "four",
        "```",
        "```json",
        "5",
        "```",
        "```",
        "six",
        "```",
      ),
    );

    assert.deepEqual(blocks, [
      { language: "ts", run: true, line: 2, code: "one();\n" },
      { language: "sh", run: true, line: 11, code: "four\n" },
    ]);
  });

  test("a block can be kept under a name for later blocks", () => {
    const kept = { language: "ts", file: "flow.ts", line: 2, code: "a();\n" };
    assert.deepEqual(readBlocks(page("```ts file=flow.ts", "a();", "```")), [{ ...kept, run: true }]);
    assert.deepEqual(readBlocks(page("```ts file=flow.ts no-run", "a();", "```")), [{ ...kept, run: false }]);
  });

  test("a block can ask for a server, of a kind that there is", () => {
    const asked = { language: "sh", run: true, server: "postgres", line: 2, code: "a\n" };
    assert.deepEqual(readBlocks(page("```sh run with=postgres", "a", "```")), [asked]);
    assert.throws(() => readBlocks(page("```sh run with=oracle", "```")), /line 2: "with=oracle" is no mark of a sh block/);
  });

  test("a block in a list loses its indent, and a longer fence may hold a shorter one", () => {
    assert.deepEqual(readBlocks(page("- item", "  ```ts", "  a(`", "    b`);", "  ```")), [
      { language: "ts", run: true, line: 3, code: "a(`\n  b`);\n" },
    ]);
    assert.deepEqual(readBlocks(page("````md", "```ts", "a();", "```", "````")), []);
  });

  test("unknown marks and open fences are refused with their line", () => {
    assert.throws(() => readBlocks(page("```ts norun", "```")), /line 2: "norun" is no mark of a ts block/);
    assert.throws(() => readBlocks(page("```sh file=a.ts", "```")), /line 2: "file=a\.ts" is no mark of a sh block/);
    assert.throws(() => readBlocks(page("```ts file=../a.ts", "```")), /line 2/);
    assert.throws(() => readBlocks(page("", "```ts", "a();")), /line 3: the code block is not closed/);
  });
});

test("links to files of the repository are read, those in code, to other sites and within the page are not", () => {
  const text = page(
    "See [one](one.md) and [two](../two.md#part), `[no](code.md)`,",
    "[out](https://example.org/x) [here](#part)",
    "```",
    "[no](block.md)",
    "```",
  );
  assert.deepEqual(readLinks(text), [
    { line: 2, target: "one.md" },
    { line: 2, target: "../two.md" },
  ]);
});
