import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { makeParts } from "../src/text/make-parts.ts";
import { toPlainText, toSerialized } from "../src/text/serialized.ts";
import { TextCache, TextTable } from "../src/text/text-table.ts";

/** Texts that have much in common: made of few long words, with halves of surrogate pairs among them. */
const words = [
  "alpha ".repeat(8),
  "beta, ".repeat(9),
  "🧵".repeat(20),
  "\ud83e",
  "x",
  '{"key":"value","list":[1,2,3,4,5,6,7,8,9]}',
  "\u0000",
];
const texts = fc.array(
  fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((chosen) => chosen.join("")),
  { minLength: 1, maxLength: 12 },
);

describe("texts that are made of earlier ones", () => {
  for (const cached of [0, 1_000_000]) {
    test(`each can be read again exactly, ${cached === 0 ? "put together from the beginning" : "with a cache"}, also after its event was written as JSON`, () => {
      fc.assert(
        fc.property(texts, (given) => {
          const table = new TextTable(new TextCache(cached));
          const entries = given.map((text, no) => {
            const bases = given.slice(0, no).map((each, place) => ({ no: place, text: each }));
            const made = makeParts(text, bases.at(-1) ?? null, bases);
            return table.add(JSON.parse(JSON.stringify(made ?? { text })) as { text: string })!;
          });
          assert.deepEqual(
            entries.map((entry) => table.read(entry)),
            given,
          );
        }),
        { numRuns: 300 },
      );
    });
  }

  test("a text that only grew costs what is new in it, wherever that stands", () => {
    const before = Array.from({ length: 400 }, (_, nth) => `line ${nth} of many;`).join("");
    const grown = `${before.slice(0, 3_000)}something new in the middle${before.slice(3_000, 5_000)}and another${before.slice(5_000)}`;

    const made = makeParts(grown, { no: 7, text: before }, []);

    assert.deepEqual(made?.from, [7]);
    assert.ok(JSON.stringify(made).length < 200, JSON.stringify(made));
  });

  test("a text that has nothing in common with others is kept whole", () => {
    assert.equal(makeParts("z".repeat(500), { no: 0, text: "y".repeat(500) }, []), null);
  });

  test("two blocks that are different and have the same hash are told apart", () => {
    const [one, other] = ["agxrnvardfbfmysmfljczfhd", "ybawqgmtxglgbcwqrqquybtw"];
    const shared = "0123456789".repeat(10);
    const given = [`${one}${shared}`, `${shared}${other}`];
    const table = new TextTable(new TextCache(0));
    table.add({ text: given[0]! });

    const made = makeParts(given[1]!, null, [{ no: 0, text: given[0]! }]);

    assert.notEqual(made, null);
    assert.equal(table.read(table.add(made ?? {})!), given[1]);
  });

  test("one that copies from a text that is not there, or from beyond its end, is none", () => {
    const table = new TextTable(new TextCache(1_000));
    table.add({ text: "0123456789" });
    assert.equal(table.add({ from: [1], parts: [[0, 0, 3]] }), null);
    assert.equal(table.add({ from: [0], parts: [[0, 8, 3]] }), null);
    assert.equal(table.add({ from: [0], parts: [[1, 0, 1]] }), null);
  });

  test("a chain of ten thousand texts is read without recursion", () => {
    const table = new TextTable(new TextCache(0));
    let entry = table.add({ text: "begin " })!;
    for (let nth = 1; nth <= 10_000; nth++) entry = table.add({ from: [nth - 1], parts: [[0, 0, entry.length], `${nth} `] })!;
    assert.equal(table.read(entry).split(" ").length, 10_002);
  });
});

describe("what a serializer made", () => {
  for (const [what, bytes] of [
    ["text", new TextEncoder().encode('{"a":"ü🧵"}')],
    ["text with a byte order mark", new Uint8Array([0xef, 0xbb, 0xbf, 0x61])],
    ["bytes that are no UTF-8", new Uint8Array([0xff, 0x00, 0xfe])],
    ["nothing", new Uint8Array()],
  ] as const)
    test(`${what} comes back byte by byte`, () => {
      const { text, ...kind } = toPlainText(["mine", bytes]);
      assert.deepEqual(toSerialized({ ...kind, text }, text), ["mine", bytes]);
    });
});
