import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasCode, learnDurations, planned, type PlannedWorkflow, type Strategy } from "heddle";
import { FakeClock } from "@heddle/testing";
import { places } from "../engines.ts";
import { afterAll } from "./stage.ts";

const ids = ["a", "b", "c", "d", "e"];

for (const place of places) {
  describe(`durations learned on ${place.name}`, () => {
    for (const strategy of ["work_queue", "level", "reactive", "critical_path"] as const satisfies Strategy[]) {
      test(`${strategy}: what tasks took, and not how long they stood in line; the median of several runs`, async () => {
        using on = place.make();
        const clock = new FakeClock();
        let factor = 1;
        const took: Record<string, number> = { a: 500, b: 300, c: 200, d: 700, e: 100 };
        const code = Object.fromEntries(
          ids.map((id) => [id, () => new Promise<void>((resolve) => void clock.after(factor * (took[id] as number), resolve))]),
        );
        const flow: PlannedWorkflow = planned(afterAll({ a: [], b: [], c: ["a"], d: [], e: ["c", "d"] }), {
          tasks: code,
          dispatch: { strategy, maxConcurrency: 2 },
        });
        await using engine = await on.open({ workflows: [flow], clock });
        assert.deepEqual(await learnDurations(engine, flow), {});
        for (factor of [3, 1, 100]) await clock.runUntil((await engine.start(flow, null)).result());

        const expected = Object.fromEntries(ids.map((id) => [id, 3 * (took[id] as number)]));
        assert.deepEqual(await learnDurations(engine, flow), expected);
        assert.deepEqual(
          await learnDurations(engine, flow, { runs: 1 }),
          Object.fromEntries(ids.map((id) => [id, 100 * (took[id] as number)])),
        );
        await clock.runUntil(engine.close());
      });
    }

    test("an attempt counts from when it was due; failed runs do not count", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let calls = 0;
      const plan = afterAll({ a: [] });
      const a = { ...plan.tasks["a"], policy: { retry: { attempts: 2, initialMs: 5_000, jitter: "none" } } } as (typeof plan.tasks)[string];
      const flow: PlannedWorkflow = planned(
        { ...plan, tasks: { a } },
        {
          tasks: {
            a: async () => {
              await new Promise<void>((resolve) => void clock.after(40, resolve));
              if (++calls !== 2) throw new Error("not now");
            },
          },
          dispatch: { strategy: "work_queue" },
        },
      );
      await using engine = await on.open({ workflows: [flow], clock });
      await clock.runUntil((await engine.start(flow, null)).result());
      await assert.rejects(clock.runUntil((await engine.start(flow, null)).result()));

      assert.deepEqual(await learnDurations(engine, flow), { a: 40 });
      await assert.rejects(learnDurations(engine, flow, { runs: 0 }), (error) => hasCode(error, "OPTION_INVALID"));
      await clock.runUntil(engine.close());
    });
  });
}
