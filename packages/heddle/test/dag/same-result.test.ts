import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dag, type DagNode, type DagReport, type Engine } from "heddle";
import { places } from "../engine/engines.ts";
import { dice, slowMark, strategies } from "./processors-for-tests.ts";

/** A random DAG of marks: mostly analyzers and chains, with merges where transforms meet. */
function randomNodes(seed: number): DagNode[] {
  const roll = dice(seed);
  return Array.from({ length: 4 + roll(9) }, (_, index): DagNode => {
    const depends_on = [...new Set(Array.from({ length: roll(3) + (index === 0 ? 0 : 1) }, () => `n${roll(Math.max(1, index))}`))].filter(
      () => index > 0,
    );
    return {
      id: `n${index}`,
      processor: "mark",
      depends_on,
      options: { mark: String.fromCharCode(97 + index) },
      merge: { type: "concatenate", separator: "|" },
      ...(roll(2) === 0 ? { intent: "analyze" as const } : null),
    };
  });
}

async function run(engine: Engine, name: string, seed: number, strategy: (typeof strategies)[number], delays: number): Promise<DagReport> {
  const pipeline = dag({ name, strategy, processors: randomNodes(seed) }, { processors: { mark: slowMark(dice(delays)) } });
  return await (await engine.start(pipeline, "in")).result();
}

describe("4 the same DAG under every strategy", () => {
  for (const place of places) {
    test(`gives the same payload, results and metadata on ${place.name}, whatever the delays`, async () => {
      using on = place.make();
      await using engine = await on.open({});
      const graphs = place.name === "memory" ? 40 : 3;
      let runs = 0;
      for (let seed = 1; seed <= graphs; seed++) {
        let first: DagReport | undefined;
        for (const strategy of strategies) {
          for (let delays = 1; delays <= (place.name === "memory" ? 5 : 1); delays++) {
            const report = await run(engine, `same-${seed}-${strategy}-${delays}`, seed, strategy, seed * 31 + delays);
            first ??= report;
            assert.deepEqual(report, first, `graph ${seed}, ${strategy}, delays ${delays}`);
            runs += 1;
          }
        }
      }
      assert.equal(runs, place.name === "memory" ? 1_000 : 15);
    });
  }
});
