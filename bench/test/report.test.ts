import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Figure, failures, judged, type Result } from "../src/figure.ts";
import { formatNumber } from "../src/format-number.ts";
import { markdownTable } from "../src/markdown-table.ts";
import { resultsText } from "../src/results-file.ts";
import { spread } from "../src/statistics.ts";

const ratio = judged({
  workload: "W1",
  name: "loop of 3,000",
  of: "Heddle",
  spread: spread([2, 3, 4, 5, 6]),
  unit: "times",
  against: "Effect",
  bar: "w1-loop",
  note: "one process each",
});
const count = judged({ workload: "W5", name: "store", of: "Heddle", spread: spread([312]), unit: "bytes a step", bar: "w5-bytes" });
const plain: Figure = { workload: "W1", name: "loop of 3,000", of: "Effect", spread: spread([0.8512, 0.8612]), unit: "µs a node" };
const skipped: Result = { workload: "W1", name: "loop of 3,000", of: "Mastra", skipped: "not installed | at all" };
const facts = { date: "2026-11-21", machine: "2 × processor", load: "0.10 0.10 0.10", pairs: 9, quick: false };

describe("a figure and its bar", () => {
  test("the median is what is held against the bar", () => {
    assert.equal(ratio.verdict, "met");
    assert.equal(judged({ ...ratio, spread: spread([4.1]) }).verdict, "missed");
  });

  test("a bar may ask for at least", () => {
    assert.equal(judged({ ...ratio, bar: "w4-alone", spread: spread([0.79]) }).verdict, "missed");
    assert.equal(judged({ ...ratio, bar: "w4-alone", spread: spread([0.8]) }).verdict, "met");
  });

  test("a missed counted bar fails the bench; a missed ratio and an absent peer do not", () => {
    const missedRatio = judged({ ...ratio, spread: spread([40]) });

    assert.deepEqual(failures([missedRatio, plain, skipped]), []);
    assert.deepEqual(failures([missedRatio, count]), ["W5 store: a counted bar was missed, under 300 bytes of store a small step"]);
  });

  test("what of ours could not be measured fails the bench", () => {
    assert.deepEqual(failures([{ ...skipped, of: "Heddle", fault: true }]), [
      "W1 loop of 3,000: Heddle could not be measured: not installed | at all",
    ]);
  });
});

describe("the table", () => {
  test("one row a result: median, quartiles, number of samples, the bar in words and the verdict", () => {
    assert.equal(
      markdownTable([ratio, plain, count]),
      [
        "| workload | what | of | median | quartiles | n | bar | verdict |",
        "| --- | --- | --- | ---: | --- | ---: | --- | --- |",
        "| W1 | loop of 3,000 (1) | Heddle | 4 × Effect | 3 … 5 | 5 | at most 4 times Effect | met |",
        "| W1 | loop of 3,000 | Effect | 0.856 µs a node | 0.854 … 0.859 | 2 |  |  |",
        "| W5 | store | Heddle | 312 bytes a step |  | 1 | under 300 bytes of store a small step | **missed** |",
        "",
        "1. one process each",
      ].join("\n"),
    );
  });

  test("what was not measured is named with its reason, and cannot break the table", () => {
    assert.match(markdownTable([skipped]), /\| W1 \| loop of 3,000 \| Mastra \| .*\| skipped: not installed \\\| at all \|$/);
  });

  test("numbers have three digits that count", () => {
    assert.deepEqual([0.18349, 12.345, 99.96, 1234567.8, 0, Number.NaN].map(formatNumber), ["0.183", "12.3", "100", "1,234,568", "0", "–"]);
  });
});

describe("RESULTS.md", () => {
  test("a new sitting replaces the sections of its workloads and leaves the others, in order", () => {
    const titles = { W1: "in memory", W5: "one long run" };
    const first = resultsText("", [count], facts, titles);

    const second = resultsText(first, [ratio], facts, titles);
    const third = resultsText(second, [{ ...ratio, name: "another" }], { ...facts, date: "2026-11-22" }, titles);

    assert.ok(second.indexOf("## W1 in memory") < second.indexOf("## W5 one long run"));
    assert.ok(third.includes("another") && !third.includes("loop of 3,000"));
    assert.ok(third.includes("2026-11-22") && third.includes("under 300 bytes of store"));
    assert.equal(third.match(/^# Results$/gm)?.length, 1);
  });

  test("a quick sitting says of itself that it claims nothing", () => {
    assert.match(resultsText("", [count], { ...facts, quick: true }, {}), /quick: small sizes, nothing is claimed/);
  });
});
