import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

/** What Node counts among its own modules that are there: of an own one that is imported it makes every export. */
const code = (nodes: number): string => `
  import { graph, open, START, sum } from "heddle";
  const names = Array.from({ length: ${nodes} }, (_, index) => "n" + index);
  const made = graph("made", { n: sum() });
  for (const name of names) made.node(name, () => ({ n: 1 })).edge(START, name);
  await using engine = await open("memory:", { workflows: [made] });
  const { n } = await (await engine.start(made, {})).result();
  process.stdout.write(n + " " + process.moduleLoadList.includes("NativeModule crypto"));
`;

test("a run of a small plan does not wait for node:crypto to be loaded; a large plan is hashed by it", () => {
  const said = (nodes: number): string =>
    execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", code(nodes)], {
      cwd: import.meta.dirname,
      encoding: "utf8",
    });
  assert.equal(said(2), "2 false");
  assert.equal(said(1_000), "1000 true");
});
