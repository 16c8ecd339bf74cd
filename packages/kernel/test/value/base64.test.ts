import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromBase64, toBase64, toBase64Portable } from "../../src/value/base64.ts";
import "../seeded.ts";

test("bytes as base64 are what Buffer writes, and come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString("base64");

      assert.equal(toBase64(bytes), text);
      assert.equal(toBase64Portable(bytes), text);
      assert.deepEqual(fromBase64(text), Uint8Array.from(bytes));
    }),
  );
});

test("the engine's own encoder is used where there is one", () => {
  const bytes = Object.assign(new Uint8Array(3), { toBase64: () => "mine" });
  assert.equal(toBase64(bytes), "mine");
});

test("text that is no padded base64 is not read", () => {
  for (const text of ["a", "ab", "abc", "a===", "ab=c", "é===", "ab c", "a-_=", "=abc", "===="]) assert.equal(fromBase64(text), null, text);
  assert.deepEqual(fromBase64(""), new Uint8Array());
});
