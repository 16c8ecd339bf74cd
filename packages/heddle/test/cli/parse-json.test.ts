import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HeddleError } from "@heddle/kernel";
import { parseJson } from "../../src/cli/parse-json.ts";

function faultOf(text: string): HeddleError {
  try {
    parseJson(text, "--input");
  } catch (error) {
    assert.ok(error instanceof HeddleError);
    assert.equal(error.code, "JSON_INVALID");
    return error;
  }
  assert.fail(`${text} was taken`);
}

describe("parseJson", () => {
  test("takes what JSON.parse takes", () => {
    for (const text of [
      '{"a":1}',
      ' [1, -2.5e3, "x\\u0041\\n\\"", true,false , null, {}, []] ',
      '"x"',
      "0",
      '{"a":{"b":[[]]}}',
      '{"":0}',
      "\ufeff1",
    ]) {
      assert.deepEqual(parseJson(text, "--input"), JSON.parse(text.replace("\ufeff", "")));
    }
  });

  test("agrees with JSON.parse on what is wrong", () => {
    const pieces = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "-", "01", "1.", "tru", "true", " ", "\n", '"\\x"', '"\t"', "'"];
    let seed = 7;
    for (let round = 0; round < 20_000; round++) {
      let text = "";
      for (let count = 0; count < 1 + (round % 7); count++) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        text += pieces[Math.floor((seed / 2_147_483_648) * pieces.length)];
      }
      let expected = true;
      try {
        JSON.parse(text);
      } catch {
        expected = false;
      }
      let got = true;
      try {
        parseJson(text, "--input");
      } catch (error) {
        got = error instanceof HeddleError && error.message.includes("stands twice");
      }
      assert.equal(got, expected, JSON.stringify(text));
    }
  });

  test("names line, column and what was expected, with a caret under the place", () => {
    const fault = faultOf('{\n  "sku": A1\n}');

    assert.equal(fault.message, '--input is not JSON: expected a value, got "A" at line 2, column 10.');
    assert.deepEqual(fault.data.excerpt, ['  "sku": A1', "         ^"]);
    assert.equal(fault.data.offset, 11);
  });

  test("says in words what people get wrong", () => {
    const says = (text: string): string => faultOf(text).message.replace("--input is not JSON: ", "");

    assert.equal(says(""), "there is nothing at line 1, column 1.");
    assert.equal(says('{"a":1,}'), 'unexpected "}" after a comma at line 1, column 8.');
    assert.equal(says("{'a':1}"), `expected a key in double quotes, got "'" at line 1, column 2.`);
    assert.equal(says("['a']"), "text needs double quotes, not single ones at line 1, column 2.");
    assert.equal(says('{"a" 1}'), 'expected ":" after the key, got "1" at line 1, column 6.');
    assert.equal(says("[1,2"), 'expected "," or "]", got the end at line 1, column 5.');
    assert.equal(says("1 2"), 'unexpected "2" after the end at line 1, column 3.');
    assert.equal(says('"abc'), "text that does not end at line 1, column 1.");
    assert.equal(says('"a\\qb"'), "an escape that JSON does not have at line 1, column 3.");
  });

  test("refuses a key that stands twice in one object, for one value would be lost", () => {
    assert.equal(faultOf('{"a":1,"b":{"a":2},"a":3}').message, '--input is not JSON: the key "a" stands twice at line 1, column 20.');
    assert.equal(faultOf('{"a":1,"\\u0061":3}').message, '--input is not JSON: the key "a" stands twice at line 1, column 8.');
  });

  test("shows only the part of a long line around the place, without control characters", () => {
    const fault = faultOf(`[${'"x",'.repeat(100)}\u001b[31m]`);

    const [line, caret] = fault.data.excerpt as [string, string];
    assert.ok(line.length <= 72 && line.startsWith("…"), line);
    assert.equal(line[caret.indexOf("^")], "\u241b");
  });

  test("does not run out of stack on deep nesting or long text", () => {
    assert.equal(faultOf("[".repeat(200_000)).data.offset, 200_000);
    assert.equal((parseJson(`"${"\\n".repeat(1_000_000)}"`, "--input") as string).length, 1_000_000);
  });
});
