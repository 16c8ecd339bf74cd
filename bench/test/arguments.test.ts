import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readBenchArguments } from "../src/arguments.ts";

const known = ["W1", "W2", "W10"];

describe("the bench's arguments", () => {
  test("without a name all workloads run, with nine pairs", () => {
    const { workloads, pairs, quick } = readBenchArguments([], known);

    assert.deepEqual({ workloads, pairs, quick }, { workloads: known, pairs: 9, quick: false });
  });

  test("names may be small letters and run once each, in the given order", () => {
    assert.deepEqual(readBenchArguments(["w2", "W1", "W2"], known).workloads, ["W2", "W1"]);
  });

  test("a quick sitting takes three pairs unless told otherwise", () => {
    assert.equal(readBenchArguments(["--quick"], known).pairs, 3);
    assert.equal(readBenchArguments(["--quick", "--pairs", "5"], known).pairs, 5);
  });

  test("what cannot be read is refused with what there is to choose from", () => {
    assert.throws(() => readBenchArguments(["W3"], known), /There is no workload W3: choose from W1, W2, W10\./);
    assert.throws(() => readBenchArguments(["--pairs", "0"], known), /--pairs takes a whole number from 1, not "0"/);
    assert.throws(() => readBenchArguments(["--fast"], known), RangeError);
  });
});
