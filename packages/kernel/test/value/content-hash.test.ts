import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { canonicalJson, contentHash, encodeValue, sha256Hex, type Json } from "@heddle/kernel";
import fc from "fast-check";
import { anyText, jsonValue } from "./durable-value.ts";
import "../seeded.ts";

describe("sha256Hex", () => {
  test("gives the digests that the standard publishes", () => {
    assert.equal(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert.equal(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(
      sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
    assert.equal(sha256Hex("a".repeat(1_000_000)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  });

  test("agrees with another implementation at every length around the block's edges", () => {
    for (let length = 0; length <= 200; length += 1) {
      const whole = Uint8Array.from({ length: length + 5 }, (_, index) => (index * 7 + length) & 255);
      const bytes = whole.subarray(3, length + 3);
      assert.equal(sha256Hex(bytes), createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
    }
  });

  test("agrees with another implementation for any text", () => {
    fc.assert(fc.property(anyText, (text) => assert.equal(sha256Hex(text), createHash("sha256").update(text).digest("hex"))));
  });
});

/** The same value with the keys of every object in another order. */
function reversed(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(reversed);
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .toReversed()
      .map(([key, value]) => [key, reversed(value)]),
  );
}

describe("canonicalJson", () => {
  test("sorts keys by their UTF-16 code units and writes numbers as JavaScript does", () => {
    const value = {
      "\u20ac": 1,
      "\r": 2,
      "\ufb33": 3,
      "1": 4,
      "\ud83d\ude00": 5,
      "\u0080": 6,
      "\u00f6": [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
    };

    const numbers = "[333333333.3333333,1e+30,4.5,0.002,1e-27]";
    assert.equal(canonicalJson(value), `{"\\r":2,"1":4,"\u0080":6,"\u00f6":${numbers},"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}`);
  });

  test("is JSON of an equal value, and the same text whatever the order of keys", () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalJson(value as Json);

        assert.deepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(reversed(JSON.parse(text)) as Json), text);
      }),
    );
  });

  test("leaves out properties that are undefined", () => {
    assert.equal(canonicalJson({ a: undefined, b: 1, c: undefined } as unknown as Json), '{"b":1}');
  });

  test("refuses what is not JSON, with its path", () => {
    const cases: readonly [unknown, RegExp][] = [
      [{ a: [Number.NaN] }, /\$\.a\[0\] stands NaN/],
      [{ a: [undefined] }, /\$\.a\[0\] stands a value of type undefined/],
      [{ a: () => 1 }, /\$\.a stands a value of type function/],
      [{ a: 1n }, /bigint/],
      [{ a: new Date(0) }, /instance of a class/],
    ];
    for (const [value, message] of cases) assert.throws(() => canonicalJson(value as Json), { code: "VALUE_NOT_DURABLE", message });
  });

  test("writes whatever the codec lets through, however deep", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 999; level += 1) deep = new Map([[1, deep]]);
    const json = JSON.parse(JSON.stringify(encodeValue(deep))) as Json;

    assert.equal(canonicalJson(json), JSON.stringify(json));
  });

  test("refuses a cycle instead of overflowing", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    assert.throws(() => canonicalJson(cycle as Json), { code: "VALUE_NOT_DURABLE" });
  });
});

describe("contentHash", () => {
  test("is half of the digest of the canonical text, and never changes", () => {
    assert.equal(contentHash({ b: 1, a: "x" }), createHash("sha256").update('{"a":"x","b":1}').digest("hex").slice(0, 32));
    assert.equal(contentHash({ b: 1, a: "x" }), "cdab067e9f3beb32d1252cfd63e49259");
  });

  test("tells values apart", () => {
    fc.assert(
      fc.property(jsonValue, jsonValue, (one, other) => {
        assert.equal(contentHash(one as Json) === contentHash(other as Json), canonicalJson(one as Json) === canonicalJson(other as Json));
      }),
    );
  });
});
