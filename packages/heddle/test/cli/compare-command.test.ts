import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { open } from "heddle";
import { TestCli } from "./test-io.ts";

const pipeline = `name: text
executor_options: { max_concurrency: 2 }
processors:
  - { id: upper, processor: change_text_case_upper }
  - { id: count, processor: token_counter, depends_on: [upper] }
  - { id: words, processor: word_frequency_analyzer, depends_on: [upper] }
  - { id: wrap, processor: prefix_suffix_adder, options: { prefix: "<", suffix: ">" }, depends_on: [count] }
`;
const workflow = {
  name: "recorded",
  schemaVersion: "1.5",
  workflow: {
    specification: {
      tasks: [
        { id: "a", name: "a", parents: [], children: [] },
        { id: "b", name: "b", parents: [], children: [] },
        { id: "long", name: "long", parents: [], children: [] },
      ],
    },
    execution: { tasks: ["a", "b", "long"].map((id) => ({ id, runtimeInSeconds: id === "long" ? 10 : 4 })) },
  },
};

let cwd = "";
before(() => {
  cwd = mkdtempSync(join(tmpdir(), "heddle-compare-"));
  const write = (name: string, content: string | Buffer): void => writeFileSync(join(cwd, name), content);
  write("pipeline.yaml", pipeline);
  write("recorded.json", JSON.stringify(workflow));
  write("packed.json.gz", gzipSync(JSON.stringify(workflow)));
  write("commits.jsonl", '{"id":0,"parents":[]}\n{"id":1,"parents":[0]}\n');
  write("bad.json", JSON.stringify({ ...workflow, schemaVersion: "0.9" }));
  write(
    "plan.json",
    JSON.stringify({
      heddle: 1,
      name: "p",
      discipline: "eager",
      tasks: { a: { does: { use: "a" }, when: [{ id: "a", after: [], join: "all", untaken: "wait" }] } },
    }),
  );
  const two = (a: string, b: string): string => `
const after = (id) => ({ id, after: [], join: "all", untaken: "wait" });
let runs = 0;
export const flow = { kind: "workflow", name: "flow", options: {}, run: async () => 1,
  plan: { heddle: 1, name: "flow", discipline: "eager", tasks: { a: { does: { use: "a" }, when: [after("a")] }, b: { does: { use: "b" }, when: [after("b")] } } },
  code: { tasks: { a: async () => { ${a} }, b: async () => { ${b} } } } };`;
  write("differs.mjs", two("return ++runs", "return 0"));
  write("fails.mjs", two("return 1", "throw new Error('no luck')"));
  write("plain.mjs", 'export const plain = { kind: "workflow", name: "plain", options: {}, run: async () => 1 };');
});
after(() => rmSync(cwd, { recursive: true, force: true }));

async function output(code: number, ...args: readonly string[]): Promise<string> {
  const cli = new TestCli({ cwd, open });
  assert.equal(await cli.run("compare", ...args), code, cli.out + cli.err);
  return cli.out + cli.err;
}

describe("strategies are compared on the command line", () => {
  test("on a recorded workflow, by its times: a table, how hybrid sees it, and a chart", async () => {
    const told = await output(0, "recorded.json", "--places", "2", "--svg", "out.svg");
    assert.equal(
      told,
      [
        "recorded, simulated",
        "  strategy       makespan  at once  waited  in line",
        "  work_queue         14 s        2       1      4 s",
        "  level              14 s        2       1      4 s",
        "  reactive           14 s        2       1      4 s",
        "  hybrid             10 s        2       1      4 s",
        "  critical_path      10 s        2       1      4 s",
        "  hybrid All 3 tasks without connection: at its widest 3 side by side, and there is room for 2; the expected times differ (the longest is 2.5 times the median): the longest way to the end goes first.",
        "",
      ].join("\n"),
    );
    assert.match(readFileSync(join(cwd, "out.svg"), "utf8"), /^<svg .*>critical_path: 10 s, at most 2 at once/s);
    assert.equal(await output(0, "packed.json.gz", "--places", "2"), told);
    assert.match(await output(0, "commits.jsonl"), /^commits, simulated\n/);
    assert.match(await output(0, "plan.json"), /^p, simulated\n/);
  });

  test("on a DAG that runs: the same result under each, as JSON too", async () => {
    assert.match(
      await output(0, "pipeline.yaml", "--input", '"some words"'),
      /^text, measured\n[^]*✓ The result is the same under each strategy\.\n$/,
    );
    const rows = (await output(0, "pipeline.yaml", "--input", '"some words"', "--json"))
      .trim()
      .split("\n")
      .map(
        (line) =>
          JSON.parse(line) as {
            strategy: string;
            peak: number;
            tasks: { task: string; startMs: number; endMs: number; lane: number }[];
            result: object;
          },
      );
    assert.deepEqual(
      rows.map(({ strategy }) => strategy),
      ["work_queue", "level", "reactive", "hybrid", "critical_path"],
    );
    for (const { tasks, peak, result } of rows) {
      assert.deepEqual(tasks.map(({ task }) => task).toSorted(), ["count", "upper", "words", "wrap"]);
      assert.ok(peak <= 2);
      assert.ok(tasks.every(({ startMs, endMs, lane }) => startMs <= endMs && lane < 2));
      assert.deepEqual(result, rows[0]?.result);
    }
  });

  test("results that differ and runs that fail are told, with exit code 1", async () => {
    assert.match(await output(1, "differs.mjs", "--input", "1"), /✗ The results differ/);
    assert.match(await output(1, "fails.mjs", "--input", "1"), /✗ level: .*no luck/);
  });

  test("what cannot be compared is refused", async () => {
    assert.match(await output(2, "plain.mjs"), /durable function/);
    assert.match(await output(2, "recorded.json", "--input", "1"), /no code that could run/);
    assert.match(await output(2, "recorded.json", "--places", "0"), /--places needs a whole number from 1/);
    assert.match(await output(1, "bad.json"), /WfFormat is "0\.9"/);
    assert.match(await output(1, "recorded.json", "--svg", "none/out.svg"), /cannot be written/);
  });
});
