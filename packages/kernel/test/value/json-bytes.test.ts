import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonBytes, type Json } from "@heddle/kernel";
import fc from "fast-check";
import { anyText, jsonValue } from "./durable-value.ts";
import "../seeded.ts";

test("counts the bytes that the JSON text has in UTF-8", () => {
  fc.assert(
    fc.property(fc.oneof(jsonValue, anyText, fc.dictionary(anyText, anyText)), (value) => {
      assert.equal(jsonBytes(value as Json), Buffer.byteLength(JSON.stringify(value)));
    }),
    { numRuns: 1000 },
  );
});

test("counts every character of the first planes, alone and beside a surrogate", () => {
  for (let unit = 0; unit < 0x10000; unit += 7) {
    const text = `${String.fromCharCode(unit)}\udc00 ${String.fromCharCode(unit)}`;
    assert.equal(jsonBytes(text), Buffer.byteLength(JSON.stringify(text)));
  }
});

test("counts a value nested 100,000 deep", () => {
  let deep: Json = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  assert.equal(jsonBytes(deep), 200_001);
});
