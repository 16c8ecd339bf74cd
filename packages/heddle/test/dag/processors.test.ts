import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, open, type DagReport } from "heddle";

/** Runs one processor on one payload. */
async function run(
  processor: string,
  payload: unknown,
  options: Record<string, never> | Record<string, string | number> = {},
): Promise<DagReport> {
  await using engine = await open("memory:");
  return await (await engine.start(dag({ processors: [{ id: "n", processor, options }] }), payload)).result();
}

const made: readonly (readonly [processor: string, given: unknown, expected: unknown, options?: Record<string, string>])[] = [
  ["change_text_case_upper", "straße ﬁn", "STRASSE FIN"],
  ["change_text_case_lower", "ÀÉ ΑΣ", "àé ας"],
  ["change_text_case_proper", "  the  qUICK\tfox ", "The Quick Fox"],
  ["change_text_case_proper", "𐐨bc ébène", "𐐀bc Ébène"],
  ["change_text_case_title", "the lord OF the rings and a FEW with", "The Lord of the Rings and a Few with"],
  ["change_text_case_title", "of mice", "Of Mice"],
  ["change_text_case_upper", "hello", "HELLO", { case_type: "upper" }],
  ["reverse_text", "a😀é", "é😀a"],
  ["reverse_text", "", ""],
  ["reverse_text", new TextEncoder().encode("héllo"), new TextEncoder().encode("olléh")],
  ["prefix_suffix_adder", "x", "[x]"],
  ["prefix_suffix_adder", "x", "<x]", { prefix: "<" }],
  ["prefix_suffix_adder", "x", "x", { prefix: "", suffix: "" }],
];

const counted: readonly (readonly [processor: string, given: unknown, expected: unknown, options?: Record<string, string | number>])[] = [
  ["token_counter", "", { char_count: 0, word_count: 0, line_count: 1 }],
  ["token_counter", "a😀 b\nc", { char_count: 6, word_count: 3, line_count: 2 }],
  ["token_counter", "one\r\ntwo\n", { char_count: 9, word_count: 2, line_count: 2 }],
  ["token_counter", "\n", { char_count: 1, word_count: 0, line_count: 1 }],
  ["token_counter", "no\u00a0break\u0085here", { word_count: 3 }, { count_type: "words" }],
  ["token_counter", "a b", { char_count: 3 }, { count_type: "characters" }],
  ["token_counter", "a b", { line_count: 1 }, { count_type: "lines" }],
  ["word_frequency_analyzer", "", { total_words: 0, total_unique_words: 0, words: [] }],
  [
    "word_frequency_analyzer",
    "B b, a! — __proto__ Ünï ünï 7",
    {
      total_words: 7,
      total_unique_words: 5,
      words: [
        { word: "b", count: 2 },
        { word: "ünï", count: 2 },
        { word: "7", count: 1 },
      ],
    },
    { max_words: 3 },
  ],
];

describe("24 case, title small words, prefix and suffix with a missing option, counts of empty text", () => {
  for (const [processor, given, expected, options = {}] of made) {
    test(`${processor} makes ${JSON.stringify(expected)} of ${JSON.stringify(given)} ${JSON.stringify(options)}`, async () => {
      assert.deepEqual((await run(processor, given, options)).payload, expected);
    });
  }
  for (const [processor, given, expected, options = {}] of counted) {
    test(`${processor} counts ${JSON.stringify(given)} ${JSON.stringify(options)} and leaves it`, async () => {
      const { payload, metadata } = await run(processor, given, options);
      assert.deepEqual({ payload, metadata }, { payload: given, metadata: { n: expected } });
    });
  }
});

describe("23 input that is no text", () => {
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ["bytes that are not UTF-8", new Uint8Array([0x68, 0xff, 0xfe]), /its payload is not valid UTF-8/],
    ["a number", 7, /its payload is a number/],
    ["a list", ["a"], /its payload is a list/],
    ["nothing", undefined, /its payload is missing/],
    ["null", null, /its payload is missing|its payload is null/],
  ];
  for (const [what, payload, told] of wrong) {
    test(`${what} fails each text processor with a 400-class error that no retry follows`, async () => {
      for (const processor of [
        "change_text_case_upper",
        "reverse_text",
        "prefix_suffix_adder",
        "token_counter",
        "word_frequency_analyzer",
      ]) {
        await using engine = await open("memory:");
        const retried = dag({ processors: [{ id: "n", processor, retry: { attempts: 5, initialMs: 0 } }] });
        const handle = await engine.start(retried, payload);
        await assert.rejects(handle.result(), (error: Error) => {
          const cause = error.cause as { code?: string; message: string; data?: { status?: number } };
          assert.equal(cause.code, "PROCESSOR_INPUT_INVALID");
          assert.equal(cause.data?.status, 400);
          assert.match(cause.message, told);
          return true;
        });
        assert.equal((await handle.state()).tasks.find(({ task }) => task === "n")?.attempt, 1);
      }
    });
  }
});
