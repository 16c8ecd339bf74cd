import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { open } from "heddle";
import { TestCli } from "./test-io.ts";

const good = `name: text
env: [MARK]
processors:
  - { id: upper, processor: change_text_case_upper }
  - { id: count, processor: token_counter, depends_on: [upper] }
  - { id: wrap, processor: prefix_suffix_adder, options: { prefix: "\${MARK:-<}", suffix: ">" }, depends_on: [count, upper] }
`;

let cwd = "";
before(() => {
  cwd = mkdtempSync(join(tmpdir(), "heddle-dag-cli-"));
  writeFileSync(join(cwd, "good.yaml"), good);
  writeFileSync(join(cwd, "good.json"), '{"processors":[{"id":"a","processor":"reverse_text"}],"pools":{"idle":1}}');
  writeFileSync(join(cwd, "bad.yml"), "strategy: levle\nprocessors:\n  - { id: a, processor: reverse_text, depends_on: [b] }\n");
  writeFileSync(join(cwd, "plain.mjs"), 'export const plain = { kind: "workflow", name: "plain", options: {}, run: async () => 1 };');
});
after(() => rmSync(cwd, { recursive: true, force: true }));

async function output(code: number, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const cli = new TestCli({ cwd, env, open });
  assert.equal(await cli.run(...args), code, cli.err);
  return cli.out + cli.err;
}

describe("DAG files on the command line", () => {
  test("are validated, YAML and JSON, with line and column of every fault, and exit code 1", async () => {
    assert.equal(await output(0, ["validate", "good.yaml"]), "✓ good.yaml: a DAG of 3 nodes in 3 levels\n");
    assert.equal(
      await output(0, ["validate", "good.json"]),
      '✓ good.json: a DAG of 1 node in 1 level\n  warning /pools/idle\n    No node runs in the pool "idle".\n',
    );
    assert.equal(
      await output(1, ["validate", "bad.yml"]),
      [
        "✗ bad.yml has 2 faults:",
        "  bad.yml:1:1",
        '    "strategy" is "levle". Did you mean "level"? It must be one of work_queue, level, reactive, hybrid, critical_path.',
        "  bad.yml:3:52",
        '    Node "a" depends on "b", which is not there. Did you mean "a"?',
        "",
      ].join("\n"),
    );
    const lines = (await output(1, ["validate", "bad.yml", "--json"]))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    assert.deepEqual(lines.at(-1), { type: "result", source: "bad.yml", status: "invalid", faults: 2 });
  });

  test("are inspected: levels, width, critical path, payloads", async () => {
    assert.equal(
      await output(0, ["inspect", "good.yaml"]),
      [
        "text: 3 nodes in 3 levels, at most 1 side by side",
        "  level 0  upper",
        "  level 1  count",
        "  level 2  wrap",
        "Critical path, 3 nodes",
        "  upper → count → wrap",
        "Payloads",
        "  upper  transforms  the input",
        "  count  analyzes    upper",
        "  wrap   transforms  upper",
        "",
      ].join("\n"),
    );
    const { width, warnings } = JSON.parse(await output(0, ["inspect", "good.json", "--json"])) as {
      readonly width: number;
      readonly warnings: object[];
    };
    assert.deepEqual([width, warnings.length], [1, 1]);
    assert.match(await output(2, ["inspect", "plain.mjs"]), /plain\.mjs is no DAG/);
  });

  test("run, with the variables that they allow from the environment", async () => {
    const run = async (env: Record<string, string>): Promise<unknown> => {
      const text = await output(0, ["run", "good.yaml", "--input", '"hello"', "--store", "memory:", "--json"], env);
      return (JSON.parse(text.trim().split("\n").at(-1) ?? "") as { readonly output: { readonly payload: unknown } }).output.payload;
    };
    assert.equal(await run({}), "<HELLO>");
    assert.equal(await run({ MARK: "[" }), "[HELLO>");
  });

  test("with faults do not run, and are drawn when they have none", async () => {
    assert.match(await output(1, ["run", "bad.yml"]), /^DAG_INVALID: bad\.yml has 2 faults/);
    assert.match(await output(0, ["graph", "good.yaml"]), /^flowchart/);
  });
});
