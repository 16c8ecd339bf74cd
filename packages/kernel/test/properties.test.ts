import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  advance,
  compilePlan,
  createRun,
  outstanding,
  restoreRun,
  snapshotRun,
  validatePlan,
  type Json,
  type RunState,
} from "@heddle/kernel";
import { Dice } from "./oracle/dice.ts";
import { randomPlan, randomTemper } from "./oracle/random-plan.ts";
import { randomRun } from "./oracle/random-run.ts";
import { atSeed, commandOf, followRandomRun, frozen, same } from "./oracle/side-by-side.ts";

/**
 * Random plans and random runs of them, by seed; a failure names its seed. `HEDDLE_SEED` begins elsewhere (given alone: only
 * that seed), `HEDDLE_RUNS` makes so many, `HEDDLE_SLOW` makes many.
 */
const { HEDDLE_SEED: seed, HEDDLE_RUNS: wanted, HEDDLE_SLOW: slow } = process.env;
const first = Number(seed ?? 1);
const usual = slow === undefined ? (seed === undefined ? 1000 : 1) : slow === "sample" ? 2000 : 60_000;
const runs = Number(wanted ?? usual);

function forSeeds(share: number, check: (seed: number) => void): void {
  for (let at = first; at < first + Math.max(1, Math.ceil(runs * share)); at += 1) check(at);
}

test("random plans are valid", () => {
  forSeeds(1, (seed) => {
    const dice = new Dice(seed);
    assert.deepEqual(validatePlan(randomPlan(dice, randomTemper(dice))), [], `seed ${seed}`);
  });
});

describe("a run of a random plan", () => {
  test("commands what the naive interpreter commands, and owes what it issued and nobody answered", () => {
    forSeeds(1, followRandomRun);
  });

  test("is the same when it is put down and taken up from its snapshot after each event", () => {
    forSeeds(0.4, (seed) => {
      const { plan, events, commands } = randomRun(seed);
      let state = createRun(compilePlan(plan));
      for (const [at, event] of events.entries()) {
        atSeed(seed, at + 1, () => {
          const before = snapshotRun(state);
          state = restoreRun(compilePlan(plan), asText(before));
          assert.deepEqual(snapshotRun(state), before, "the snapshot of what a snapshot restored");
          same(advance(state, event).map(commandOf), commands[at], `commands after ${event.type}`);
        });
      }
    });
  });

  test("is the same from a snapshot of any prefix and its tail as from the whole journal", () => {
    forSeeds(0.4, (seed) => {
      const { plan, events } = randomRun(seed);
      const cut = new Dice(seed).whole(0, events.length);
      atSeed(seed, cut, () => {
        const whole = createRun(compilePlan(plan));
        for (const event of events.slice(0, cut)) advance(whole, event);
        const restored = restoreRun(compilePlan(plan), asText(snapshotRun(whole)));
        for (const event of events.slice(cut)) {
          same(
            advance(restored, event).map(commandOf),
            advance(whole, event).map(commandOf),
            `commands after ${event.type}, from the snapshot and from the whole`,
          );
        }
        same(outstanding(restored).map(commandOf), outstanding(whole).map(commandOf), "outstanding at the end");
        assert.deepEqual(snapshotRun(restored), snapshotRun(whole), "snapshots at the end");
      });
    });
  });

  test("shares nothing with another run of the same compiled plan, and does the same twice", () => {
    forSeeds(0.4, (seed) => {
      const { plan, events, commands } = randomRun(seed);
      const compiled = compilePlan(frozen(plan));
      const twins: RunState[] = [createRun(compiled), createRun(compiled)];
      for (const [at, event] of events.entries()) {
        atSeed(seed, at + 1, () => {
          for (const twin of twins) same(advance(twin, frozen(event)).map(commandOf), commands[at], `commands after ${event.type}`);
        });
      }
      const [one, other] = twins.map(snapshotRun);
      assert.deepEqual(one, other, `seed ${seed}`);
    });
  });

  test("never changes a command that it has handed out", () => {
    forSeeds(0.2, (seed) => {
      const { plan, events } = randomRun(seed);
      const state = createRun(compilePlan(plan));
      const given = events.flatMap((event) => advance(state, event).map((command) => ({ command, asGiven: commandOf(command) })));
      atSeed(seed, events.length, () => {
        for (const { command, asGiven } of given) same(commandOf(command), asGiven, "a command after the run and when it was given");
      });
    });
  });
});

/** As a store would keep it. */
function asText(snapshot: Json): Json {
  return JSON.parse(JSON.stringify(snapshot)) as Json;
}
