import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { checksum } from "../../../src/stores/sqlite/checksum.ts";

test("a checksum is the CRC-32 of zlib, whatever the text and however many there were before", () => {
  const short = ["", "a", '{"type":"step","of":7}', "~".repeat(2_000)];
  const others = ["\u007f\u0080", "ä", '{"text":"né"}', "\ud83e\uddf5", "lone \ud83e", "x".repeat(2_001), "x".repeat(100_000)];
  const place = (run: number, seq: number): number => (Math.imul(run, 0x9e3779b1) ^ Math.imul(seq, 0x85ebca6b)) >>> 0;

  // The first are reckoned without zlib, as long as none is long or has other letters than those of ASCII.
  for (let round = 0; round < 50; round++) {
    for (const text of round < 10 ? short : [...short, ...others]) {
      assert.equal(checksum(round, 3, 0, text), crc32(text, place(round, 3)), text.slice(0, 30));
    }
  }
});

test("the same text at another place, or of another time, has another checksum", () => {
  const here = checksum(1, 2, 1_700_000_000_000, "{}");

  for (const other of [
    checksum(2, 2, 1_700_000_000_000, "{}"),
    checksum(1, 3, 1_700_000_000_000, "{}"),
    checksum(1, 2, 1_700_000_000_001, "{}"),
  ])
    assert.notEqual(other, here);
});
