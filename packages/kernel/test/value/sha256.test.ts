import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { canonicalJson, sha256Hex, type Json } from "@heddle/kernel";
import fc from "fast-check";
import { hashedJson } from "../../src/value/hashed-json.ts";
import { Sha256 } from "../../src/value/sha256.ts";
import { anyText, jsonValue } from "./durable-value.ts";
import "../seeded.ts";

test("a message has one hash, in however many parts it comes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 }), (parts) => {
      const hash = new Sha256();
      for (const part of parts) hash.add(part);
      assert.equal(hash.hex(), createHash("sha256").update(Buffer.concat(parts)).digest("hex"));
    }),
  );
});

describe("the hash of JSON that is not made a text first", () => {
  const agrees = (json: Json, what?: string): void => assert.equal(hashedJson(json), sha256Hex(canonicalJson(json)), what);

  test("is that of its canonical text", () => {
    const text = fc.oneof(anyText, fc.string({ minLength: 60, maxLength: 70 }), fc.string({ unit: "binary", maxLength: 5 }));
    fc.assert(fc.property(jsonValue, (json) => agrees(json as Json)));
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }))), (json) => agrees(json)),
    );
    agrees({ b: undefined, a: [true, false, null, -0, 1e21, 1e-7] } as unknown as Json);
  });

  test("is the same at every length of its texts, around every border that there is", () => {
    for (const letter of ["a", '"', "é", "€", "😀", "\ud800"]) {
      for (const length of [63, 64, 65, 21_844, 21_845, 32_767, 65_533, 65_534, 65_535, 65_536, 65_537, 200_000]) {
        const text = letter.repeat(length);
        agrees(["x", text, [text.slice(2)], { [text]: "y" }], `${length} times ${letter}`);
      }
    }
    for (let length = 0; length < 70; length++)
      agrees(Array.from({ length: 3_000 }, (_, index) => ({ [`n${index}`.padEnd(length)]: index })));
  });

  test("is told of what is nested deep, and refused with its path of what is no JSON", () => {
    let deep: Json = "in";
    for (let level = 0; level < 1_000; level += 1) deep = level % 2 === 0 ? [deep] : { deep };
    agrees(deep);
    const bad =
      (json: unknown): (() => string) =>
      (): string =>
        hashedJson(json as Json);
    assert.throws(bad({ a: [1, { b: new Date() }] }), { code: "VALUE_NOT_DURABLE", message: /\$\.a\[1\]\.b/ });
    assert.throws(bad({ a: [Number.NaN] }), { code: "VALUE_NOT_DURABLE", message: /\$\.a\[0\]/ });
    assert.throws(bad([undefined]), { code: "VALUE_NOT_DURABLE" });
  });
});
