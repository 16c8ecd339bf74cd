import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { dag, type DagFault, type DagTextOptions } from "heddle";

const node = "processors:\n  - { id: a, processor: reverse_text }\n";

async function faults(text: string, options?: DagTextOptions): Promise<string[]> {
  return (await dag.check(text, options)).faults.map(
    ({ line, column, code, message, mend }) => `${line}:${column} ${code} ${message} ${mend}`,
  );
}

async function only(text: string, options?: DagTextOptions): Promise<DagFault> {
  const { faults: found } = await dag.check(text, options);
  assert.equal(found.length, 1, JSON.stringify(found, null, 1));
  return found[0] as DagFault;
}

describe("the text of a DAG", () => {
  test("may be YAML or JSON, and faults of both have line and column, what is wrong and what to do", async () => {
    assert.deepEqual(await faults(node), []);
    assert.deepEqual(await faults('{"processors":[{"id":"a","processor":"reverse_text"}]}'), []);
    assert.deepEqual(await faults('{\n  "processors": [\n    { "id": "a", "processor": "reverse_txt" }\n  ]\n}'), [
      '3:18 unknown-processor Node "a" names the processor "reverse_txt", which is not there. Did you mean "reverse_text"? There are: change_text_case_upper, change_text_case_lower, change_text_case_proper, change_text_case_title, reverse_text, prefix_suffix_adder, token_counter, word_frequency_analyzer. Others are given in code: { processors: { reverse_txt: (request) => … } }.',
    ]);
  });

  test("26 an unknown key or strategy, and each value that does not fit, is told at once with its place and the nearest name", async () => {
    const text = `version: 2
strategy: work_qeue
failure_strategy: 3
executor_options: { max_concurency: 2, timeout_seconds: 0, batch_size: 3 }
processors:
  - id: a b
    processor: reverse_text
    depend_on: []
  - processor: reverse_text
    depends_on: a
`;
    assert.deepEqual(await faults(text), [
      '1:1 value "version" is 2. Make it 1.',
      '2:1 value "strategy" is "work_qeue". Did you mean "work_queue"? It must be one of work_queue, level, reactive, hybrid, critical_path.',
      '3:1 value "failure_strategy" is 3. Make it one of fail_fast, continue_on_error, best_effort.',
      '4:21 unknown-key The key "max_concurency" means nothing here. Did you mean "max_concurrency"?',
      '4:40 value "timeout_seconds" is 0. Make it a number above 0.',
      '4:60 unknown-key The key "batch_size" means nothing here. Take it out: no strategy works in batches; max_concurrency bounds what runs at once.',
      '6:5 value "id" is "a b". Make it a name: 1 to 128 of A-Z a-z 0-9 _ . - : /, the first a letter, digit or _.',
      '8:5 unknown-key The key "depend_on" means nothing here. Did you mean "depends_on"?',
      '9:5 missing-key Entry 2 of "processors" has no "id". Add it.',
      '10:5 value "depends_on" is "a". Make it a list.',
    ]);
  });

  test("that is no YAML is refused at its place", async () => {
    const { code, line } = await only("processors:\n  - id: [a\n");
    assert.deepEqual({ code, line }, { code: "syntax", line: 3 });
  });

  test("that is empty, or no object, is no DAG", async () => {
    for (const text of ["", "# nothing\n", "- a\n", "7"]) assert.equal((await only(text)).code, "value", text);
  });

  test("holds no key twice, at any depth, and still tells its other faults", async () => {
    const { faults: found } = await dag.check(
      "processors:\n  - id: a\n    processor: reverse_text\n    options: { x: 1, x: 2 }\n    id: b\nstratgy: level\n",
    );
    assert.deepEqual(
      found.map(({ line, column, code }) => [line, column, code]),
      [
        [4, 22, "duplicate-key"],
        [5, 5, "duplicate-key"],
        [6, 1, "unknown-key"],
      ],
    );
    assert.equal((await only('{"processors": [], "processors": []}')).code, "duplicate-key");
  });

  test("holds no __proto__, no merge key, no tag of its own and no second document", async () => {
    assert.equal((await only(`${node}    # x\nenv: []\n__proto__: { strategy: level }\n`)).code, "abuse");
    assert.equal((await only(`base: &b { strategy: level }\n<<: *b\n${node}`)).message.includes("Merge keys"), true);
    assert.equal((await only(`name: !secret x\n${node}`)).code, "syntax");
    assert.equal((await only(`${node}---\n${node}`)).code, "syntax");
    assert.equal((await only(`? [a]\n: 1\n${node}`)).code, "syntax");
  });

  test("may share a value by an alias, but not blow it up", async () => {
    const shared =
      "processors:\n  - { id: a, processor: prefix_suffix_adder, options: &o { prefix: p } }\n  - { id: b, processor: prefix_suffix_adder, depends_on: [a], options: *o }\n";
    assert.deepEqual(await faults(shared), []);
    const bomb = `input:\n  - &l0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, n) => `  - &l${n + 1} [${Array.from({ length: 9 }, () => `*l${n}`).join(", ")}]\n`).join("")}${node}`;
    assert.deepEqual(
      (await dag.check(bomb)).faults.map(({ code, message }) => `${code} ${message}`),
      ["abuse With its aliases the text stands for more than 1000000 values."],
    );
    const many = `input: [&a x, ${Array.from({ length: 101 }, () => "*a").join(", ")}]\n${node}`;
    assert.match((await only(many)).message, /more than 100 aliases/);
    assert.match((await only(`input: &a [*a]\n${node}`)).message, /No anchor &a stands before/);
  });

  test("is not nested without end, whatever the form", async () => {
    for (const text of [
      `input: ${"[".repeat(100_000)}`,
      `input: ${"[".repeat(150)}${"]".repeat(150)}\n${node}`,
      `input: ${"{a: ".repeat(5_000)}`,
      `input:\n  ${"- ".repeat(3_000)}x\n${node}`,
    ]) {
      const { faults: found } = await dag.check(text);
      assert.equal(found.at(-1)?.code, "abuse", text.slice(0, 20));
      assert.match(found.at(-1)?.message ?? "", /nested more than 100 levels deep/);
    }
  });

  test("holds no scalar above a million characters, and is at most 10 MB", async () => {
    assert.match((await only(`input: "${"x".repeat(1_000_001)}"\n${node}`)).message, /This text has 10000\d\d characters/);
    assert.match((await only(`${node}#${"x".repeat(10_000_000)}`)).message, /The text has 100000\d\d characters/);
    const folder = mkdtempSync(join(tmpdir(), "heddle-dag-"));
    try {
      writeFileSync(join(folder, "large.yaml"), `${node}#${"x".repeat(10_000_000)}`);
      await assert.rejects(dag.load(join(folder, "large.yaml")), {
        code: "DAG_INVALID",
        message: /large\.yaml:1:1: The file has 100000\d\d bytes/,
      });
      await assert.rejects(dag.load(join(folder, "none.yaml")), { code: "FILE_UNKNOWN" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("reads keys that every object has by nature like any others", async () => {
    assert.match((await only(`toString: 1\n${node}`)).message, /The key "toString" means nothing here/);
    assert.match((await only("processors: [{ id: a, processor: constructor }]")).message, /names the processor "constructor"/);
    assert.match((await only("processors: [{ id: a, processor: reverse_text, pool: toString }]")).message, /not declared/);
  });
});

describe("37 variables in a DAG", () => {
  const text =
    'env: [NAME, OTHER]\nprocessors:\n  - { id: a, processor: prefix_suffix_adder, options: { prefix: "${NAME}-${OTHER:-none}-$${NAME}" } }\n';

  test("are put in as text, with defaults, and $${ stays", async () => {
    const prefix = async (env: Record<string, string>): Promise<unknown> => {
      const { plan } = await dag.parse(text, { env });
      return (plan.tasks["a"]?.does as { with: { options: { prefix: string } } } | undefined)?.with.options.prefix;
    };
    assert.equal(await prefix({ NAME: "n", OTHER: "o" }), "n-o-${NAME}");
    assert.equal(await prefix({ NAME: '"\n- x: ${OTHER}' }), '"\n- x: ${OTHER}-none-${NAME}');
    assert.equal(await prefix({ NAME: "" }), "-none-${NAME}");
  });

  test("that are missing, not allowed or no names are faults with their places", async () => {
    assert.match((await only(text, { env: {} })).message, /The variable NAME is not set/);
    assert.equal((await only(text, { env: {} })).line, 3);
    assert.match(
      (await only(text.replace("NAME, ", ""), { env: { NAME: "n" } })).message,
      /The variable NAME is not among those that env allows/,
    );
    assert.match((await only(text.replace("${NAME}", "${na me}"), { env: { NAME: "n" } })).message, /names no variable/);
    assert.match(
      (await only(text.replace("${NAME}-${OTHER:-none}-$${NAME}", "${NAME"), { env: { NAME: "n" } })).message,
      /names no variable/,
    );
    assert.match((await only(text.replaceAll("NAME", "toString"), { env: {} })).message, /The variable toString is not set/);
  });

  test("come from the process, and only those that are allowed are looked at", async () => {
    process.env["HEDDLE_DAG_TEST"] = "here";
    try {
      const { plan } = await dag.parse(text.replaceAll("NAME", "HEDDLE_DAG_TEST"));
      assert.match(JSON.stringify(plan), /here-none/);
    } finally {
      delete process.env["HEDDLE_DAG_TEST"];
    }
  });

  test("that nothing names are warned of", async () => {
    const { warnings } = await dag.check(`env: [UNUSED]\n${node}`, { env: {} });
    assert.deepEqual(
      warnings.map(({ code, path }) => [code, path]),
      [["variable-unused", "/env/0"]],
    );
  });
});
