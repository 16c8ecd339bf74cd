import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

const docs = join(import.meta.dirname, "..", "..", "docs");
const page = readFileSync(join(docs, "laws.md"), "utf8");

/** Rows of the tables: what was broken, and the file and name of the test that notices it. */
const rows = [...page.matchAll(/^\| \[[^\]]+\]\(([^)]+)\): .* \| \[[^\]]+\]\(([^)]+)\): "(.*)" \|$/gm)].map(
  ([, source = "", file = "", name = ""]) => ({
    source,
    file,
    name: name.replaceAll("\\|", "|").replaceAll("&lt;", "<"),
  }),
);

/** Whether a file names a test so: in words, or by a template with the rest put in. */
function names(text: string, name: string): boolean {
  if (text.replaceAll('\\"', '"').includes(`"${name}"`)) return true;
  return [...text.matchAll(/test\(\s*`([^`]*)`/g)].some(([, template = ""]) => {
    const words = template.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${words.join(".*")}$`).test(name);
  });
}

describe("docs/laws.md", () => {
  test("has rows for each of the ten laws, and every row can be read", () => {
    const parts = page.split(/^## /m).slice(1);
    assert.equal(parts.length, 10);
    for (const part of parts) assert.ok(part.split("\n").filter((line) => line.startsWith("| [")).length >= 4, part.split("\n")[0]);
    assert.equal(rows.length, page.split("\n").filter((line) => line.startsWith("| [")).length);
  });

  test("names tests that are there: after a rename, put the new name into its row", () => {
    const missing = rows.filter(({ file, name }) => !names(readFileSync(join(docs, file), "utf8"), name));
    assert.deepEqual(missing, []);
  });
});
