import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nearestNames, orList } from "../../src/cli/nearest-names.ts";
import { formatDuration, formatRelative, formatWholeSeconds } from "../../src/cli/text/format-time.ts";
import { briefValue, jsonText, prettyValue } from "../../src/cli/text/format-value.ts";
import { fitLine, formatLine, lineWidth, wrapText } from "../../src/cli/text/line.ts";
import { shellLine } from "../../src/cli/text/shell-word.ts";
import { styleFromEnv, styleOf } from "../../src/cli/text/style.ts";
import { printable, takeColumns, textWidth } from "../../src/cli/text/text-width.ts";
import { stackLines, thrownAt } from "../../src/cli/text/thrown-at.ts";

const plain = styleOf({ colour: false, unicode: true });

describe("text in a terminal", () => {
  test("is measured in columns: wide characters take two, marks none", () => {
    assert.equal(textWidth("abc"), 3);
    assert.equal(textWidth("日本"), 4);
    assert.equal(textWidth("é"), 1);
    assert.equal(textWidth("e\u0301"), 1);
    assert.equal(textWidth("🎉✓"), 3);
    assert.equal(takeColumns("日本語", 5), "日本");
  });

  test("cannot move the cursor, change colours or reorder what follows", () => {
    assert.equal(printable("a\u001b[2Jb\u0007\u009bc\u202ed"), "a\u241b[2Jb\u2407\ufffdc\ufffdd");
    assert.equal(printable("two\r\n  lines\tand a tab"), "two lines and a tab");
  });

  test("is cut to fit, with a mark, never in the middle of a wide character", () => {
    assert.equal(formatLine(fitLine([["abc"], ["defg", "dim"]], 7, plain), plain), "abcdefg");
    assert.equal(formatLine(fitLine([["abc"], ["defg", "dim"]], 6, plain), plain), "abcde…");
    assert.equal(formatLine(fitLine([["日本語"]], 4, plain), plain), "日…");
    for (let columns = 0; columns < 9; columns++) assert.ok(lineWidth(fitLine([["日本"], ["語abc"]], columns, plain)) <= columns);
  });

  test("has colours only where they are wanted", () => {
    const line = [["ok", "good"]] as const;
    const shown = (env: Record<string, string>, terminal: boolean): string => formatLine(line, styleFromEnv(env, terminal));

    assert.equal(shown({}, true), "\u001b[32mok\u001b[39m");
    assert.equal(shown({}, false), "ok");
    assert.equal(shown({ NO_COLOR: "1" }, true), "ok");
    assert.equal(shown({ NO_COLOR: "" }, true), "\u001b[32mok\u001b[39m");
    assert.equal(shown({ FORCE_COLOR: "1" }, false), "\u001b[32mok\u001b[39m");
    assert.equal(shown({ FORCE_COLOR: "1", NO_COLOR: "1" }, true), "ok");
  });

  test("keeps to ASCII where the locale has no more", () => {
    assert.equal(styleFromEnv({ LANG: "C" }, true).glyphs.done, "+");
    assert.equal(styleFromEnv({ LANG: "de_DE.UTF-8" }, true).glyphs.done, "✓");
    assert.equal(styleFromEnv({ LANG: "C", LC_ALL: "C.UTF-8" }, true).glyphs.done, "✓");
    assert.equal(styleFromEnv({ TERM: "linux" }, true).glyphs.done, "+");
  });

  test("is broken at spaces, and inside words only where they are too long", () => {
    assert.deepEqual(wrapText("one two three", 7), ["one two", "three"]);
    assert.deepEqual(wrapText("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
    assert.deepEqual(wrapText("", 4), [""]);
  });

  test("lengths of time are short and grow coarser", () => {
    const shown = [0, 80.9, 999, 1_000, 1_250, 9_990, 42_000, 65_000, 7_800_000, 356_400_000].map(formatDuration);

    assert.deepEqual(shown, ["0ms", "80ms", "999ms", "1.0s", "1.2s", "9.9s", "42s", "1m 05s", "2h 10m", "4d 3h"]);
    assert.equal(formatWholeSeconds(1_200), "2s");
    assert.equal(formatRelative(5_000, 65_000), "1m 00s ago");
    assert.equal(formatRelative(65_000, 5_000), "in 1m 00s");
  });

  test("values that JSON has no form for are shown in their nearest one", () => {
    const value = {
      when: new Date(0),
      big: 12n,
      map: new Map([["a", 1]]),
      pairs: new Map([[1, 2]]),
      set: new Set([1]),
      bytes: new Uint8Array([1, 2]),
      not: Number.NaN,
      gone: undefined,
    };

    assert.equal(
      jsonText(value),
      '{"when":"1970-01-01T00:00:00.000Z","big":"12","map":{"a":1},"pairs":[[1,2]],"set":[1],"bytes":"AQI=","not":"NaN"}',
    );
    const loop: { self?: unknown } = {};
    loop.self = loop;
    assert.equal(jsonText(loop), '{"self":"[circular]"}');
    assert.equal(
      jsonText(new TypeError("no", { cause: new Error("why") })),
      '{"name":"TypeError","message":"no","cause":{"name":"Error","message":"why"}}',
    );
  });

  test("long values are cut, and it is said by how much", () => {
    const { lines, cut } = prettyValue([1, 2, 3, 4], 3);

    assert.deepEqual(lines, ["[", "  1,", "  2,"]);
    assert.equal(cut, 3);
    assert.equal(briefValue("x".repeat(300)).length, 200);
    assert.deepEqual(prettyValue(undefined, 3), { lines: [], cut: 0 });
  });

  test("words are quoted for the shell where they must be", () => {
    assert.equal(shellLine("run", "a b.ts", "--id", "x'y", "flow.ts#main", "é"), `run 'a b.ts' --id 'x'\\''y' 'flow.ts#main' 'é'`);
  });

  test("names that are near are found: swapped letters, beginnings, parts", () => {
    const names = ["run", "runs", "resume", "retry", "signal", "show"];

    assert.deepEqual(nearestNames("rnu", names), ["run"]);
    assert.deepEqual(nearestNames("singal", names), ["signal"]);
    assert.deepEqual(nearestNames("res", names), ["resume"]);
    assert.deepEqual(nearestNames("xyzzy", names), []);
    assert.equal(orList(["a", "b", "c"]), '"a", "b" or "c"');
  });
});

describe("where an error was thrown", () => {
  const engine = new URL("../../src/engine/owned-run.ts", import.meta.url).href;
  const stack = (...frames: string[]): string =>
    ["RangeError: at (/not/a/frame.ts:1:1)", ...frames.map((frame) => `    at ${frame}`)].join("\n");

  test("is the innermost line of the user's own code", () => {
    const thrown = stack(
      "JSON.parse (<anonymous>)",
      "node:internal/process/task_queues:104:5",
      `OwnedRun.begin (${engine}:171:18)`,
      "parse (/home/ada/shop/node_modules/yaml/parse.js:3:9)",
      "async price (file:///home/ada/shop/flow.ts:12:47)",
      "file:///home/ada/shop/main.ts:2:1",
    );

    assert.equal(thrownAt(thrown, "/home/ada/shop"), "flow.ts:12:47");
    assert.equal(thrownAt(thrown, "/home/ada"), "shop/flow.ts:12:47");
    assert.equal(thrownAt(thrown, "/home/ada/other"), "/home/ada/shop/flow.ts:12:47");
    assert.equal(thrownAt(stack("file:///home/ada/two%20words/flow.ts:1:2"), "/home/ada"), "two words/flow.ts:1:2");
    assert.equal(stackLines(thrown).length, 6);
  });

  test("is not told where no line is the user's, or there is no stack", () => {
    assert.equal(thrownAt(stack(`OwnedRun.begin (${engine}:171:18)`, "node:internal/timers:5:1"), "/home/ada"), null);
    assert.equal(thrownAt("RangeError: no frames", "/home/ada"), null);
    assert.equal(thrownAt(undefined, "/home/ada"), null);
    assert.deepEqual(stackLines(undefined), []);
  });
});
