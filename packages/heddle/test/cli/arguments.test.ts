import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HeddleError } from "@heddle/kernel";
import { readArguments, readCount, readPair } from "../../src/cli/read-arguments.ts";

const command = { name: "run", usage: "run FILE [ID] [options]" };
const options = {
  input: { type: "string", value: "JSON", says: "", short: "i" },
  tag: { type: "string", value: "KEY=VALUE", says: "", multiple: true },
  json: { type: "boolean", says: "" },
  detach: { type: "boolean", says: "", short: "d" },
} as const;

const read = (...args: string[]) => readArguments(command, options, { args }, { least: 1, most: 2 });

function faultOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof HeddleError && error.code === "USAGE");
    assert.equal(error.data.usage, command.usage);
    return error.message;
  }
  assert.fail("it was taken");
}

describe("arguments", () => {
  test("are options, wherever they stand, and positionals", () => {
    assert.deepEqual(read("--json", "flow.ts", "-i", "{}", "--tag", "a=1", "--tag=b=2", "x"), {
      values: { json: true, input: "{}", tag: ["a=1", "b=2"] },
      positionals: ["flow.ts", "x"],
    });
    assert.deepEqual(read("flow.ts", "--", "--json"), { values: {}, positionals: ["flow.ts", "--json"] });
  });

  test("take values that look like options of one dash: - and negative numbers", () => {
    assert.equal(read("f", "--input", "-").values.input, "-");
    assert.equal(read("f", "--input", "-5").values.input, "-5");
    assert.equal(read("f", "--input=--x").values.input, "--x");
  });

  test("that cannot be read are named, with what to write instead", () => {
    assert.equal(
      faultOf(() => read("f", "--jsno")),
      '"run" has no option --jsno. Did you mean "--json"?',
    );
    assert.equal(
      faultOf(() => read("f", "-x")),
      '"run" has no option -x.',
    );
    assert.equal(
      faultOf(() => read("f", "--input")),
      "--input needs a value: --input JSON.",
    );
    assert.equal(
      faultOf(() => read("f", "--input", "--json")),
      "--input needs a value: --input JSON.",
    );
    assert.equal(
      faultOf(() => read("f", "--json=yes")),
      '--json takes no value, got "yes".',
    );
    assert.equal(
      faultOf(() => read("f", "-i", "1", "--input", "2")),
      "--input stands twice.",
    );
    assert.equal(
      faultOf(() => read()),
      '"run" needs FILE.',
    );
    assert.equal(
      faultOf(() => read("a", "b", "c")),
      '"run" does not take "c".',
    );
    assert.equal(
      faultOf(() => read("f", "--__proto__", "1")),
      '"run" has no option --__proto__.',
    );
  });

  test("counts and pairs are checked", () => {
    assert.equal(readCount(command, "--at", "12", 1), 12);
    assert.equal(readCount(command, "--at", undefined, 1), undefined);
    for (const text of ["0", "-1", "1.5", "x", "", "1e3", "99999999999999999"])
      assert.match(
        faultOf(() => readCount(command, "--at", text, 1)),
        /^--at needs a whole number from 1, got/u,
      );
    assert.deepEqual(readPair(command, "--tag", "a=b=c"), ["a", "b=c"]);
    assert.match(
      faultOf(() => readPair(command, "--tag", "=b")),
      /KEY=VALUE/u,
    );
  });
});
