import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "../src/bench.ts";
import type { Result } from "../src/figure.ts";
import { type Contestant, NotMeasured } from "../src/sample.ts";

function sitting(pairs: number): { bench: Bench; results: Result[] } {
  const results: Result[] = [];
  return {
    results,
    bench: new Bench("W1", { pairs, quick: false, profile: false, result: (result) => results.push(result), progress: () => {} }),
  };
}

test("contestants take turns, and the ratio is theirs pair by pair", async () => {
  const { bench, results } = sitting(3);
  const order: string[] = [];
  const machine = [1, 10, 2];
  const one = (name: string, cost: number): Contestant => {
    let round = 0;
    return { name, sample: async () => (order.push(name), { us: cost * (machine[round++] as number) }) };
  };
  const [ours, theirs] = [one("Heddle", 6), one("floor", 2)];

  const pairs = await bench.against("calls", ours, theirs);
  assert.ok(pairs);
  bench.ratio(ours, theirs, pairs, "us", { name: "calls", bar: "w1-chain" });

  assert.deepEqual(order, ["floor", "Heddle", "floor", "Heddle", "floor", "Heddle"]);
  assert.deepEqual(results, [
    {
      workload: "W1",
      name: "calls",
      of: "Heddle",
      against: "floor",
      unit: "times",
      bar: "w1-chain",
      verdict: "met",
      spread: { median: 3, q1: 3, q3: 3, min: 3, max: 3, count: 3 },
    },
  ]);
});

test("a peer that cannot be measured is skipped by its name; one of ours is a fault", async () => {
  const { bench, results } = sitting(1);
  const good: Contestant = { name: "Heddle", sample: async () => ({ us: 1 }) };
  const absent = (name: string): Contestant => ({ name, sample: () => Promise.reject(new NotMeasured("not here")) });

  assert.equal(await bench.against("calls", good, { ...absent("Effect"), optional: true }), undefined);
  assert.equal(await bench.against("calls", absent("Heddle"), good), undefined);

  assert.deepEqual(results, [
    { workload: "W1", name: "calls", of: "Effect", skipped: "not here" },
    { workload: "W1", name: "calls", of: "Heddle", skipped: "not here", fault: true },
  ]);
});

test("a figure that a sample lacks is a fault of the bench, not a number", async () => {
  const { bench } = sitting(1);
  const one: Contestant = { name: "Heddle", sample: async () => ({ us: 1 }) };
  const samples = (await bench.alone("calls", one, 1)) ?? [];

  assert.throws(() => bench.figure(one, samples, "ms", { name: "calls", unit: "ms" }), /no figure ms among us/);
});
