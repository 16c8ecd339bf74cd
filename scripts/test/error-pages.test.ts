import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { errorTable } from "@heddle/kernel";
import { checkErrorPages } from "../error-pages/check.ts";

const words = `## What happened\n\n${"word ".repeat(20)}\n\n## Why\n\nBecause.\n\n## What to do\n\n${"word ".repeat(20)}`;
const good = new Map([
  ["README.md", "[A_CODE](A_CODE.md) and [B_CODE](B_CODE.md)"],
  ["A_CODE.md", `# A_CODE\n\n${words}`],
  ["B_CODE.md", `# B_CODE\n\n${words}`],
]);
const faultsWith = (changes: Readonly<Record<string, string | undefined>>): string[] => {
  const pages = new Map(good);
  for (const [name, text] of Object.entries(changes)) {
    if (text === undefined) pages.delete(name);
    else pages.set(name, text);
  }
  return checkErrorPages(["A_CODE", "B_CODE"], pages);
};

describe("error pages", () => {
  test("a page for every code and nothing else has no fault", () => {
    assert.deepEqual(faultsWith({}), []);
  });

  test("a code without its page, a page without its code, and a code that the list forgets are found", () => {
    assert.match(faultsWith({ "A_CODE.md": undefined }).join("\n"), /^docs\/errors\/A_CODE\.md: missing[^\n]*$/);
    assert.match(faultsWith({ "C_CODE.md": `# C_CODE\n${words}` }).join("\n"), /^docs\/errors\/C_CODE\.md: there is no such code$/);
    assert.match(faultsWith({ "README.md": "[A_CODE](A_CODE.md)" }).join("\n"), /^docs\/errors\/README\.md: does not link B_CODE\.md$/);
    assert.match(faultsWith({ "README.md": undefined }).join("\n"), /^docs\/errors\/README\.md: missing[^\n]*$/);
  });

  test("a page about something else, and one that says next to nothing, are found", () => {
    assert.match(faultsWith({ "A_CODE.md": `# B_CODE\n\n${words}` }).join("\n"), /does not begin with "# A_CODE"/);
    assert.match(faultsWith({ "A_CODE.md": "# A_CODE\n\nIt failed." }).join("\n"), /says too little to help/);
  });

  test("a page without one of its sections, or with an empty one, is found", () => {
    const fault = /A_CODE\.md: its sections are not "What happened", "Why", "What to do"/;
    assert.match(faultsWith({ "A_CODE.md": `# A_CODE\n\n${words.replace("## Why\n\nBecause.\n\n", "")}` }).join("\n"), fault);
    assert.match(faultsWith({ "A_CODE.md": `# A_CODE\n\n${words.replace("Because.\n\n", "")}` }).join("\n"), fault);
  });

  test("the pages of this repository have no fault, and their list says what the table says", () => {
    const folder = join(import.meta.dirname, "..", "..", "docs", "errors");
    const pages = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

    assert.deepEqual(checkErrorPages(Object.keys(errorTable), pages), []);
    for (const [code, line] of Object.entries(errorTable))
      assert.ok(pages.get("README.md")?.includes(`| [${code}](${code}.md) | ${line} |\n`), code);
  });
});
