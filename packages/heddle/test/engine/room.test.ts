import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testing";
import { hasCode, open, workflow } from "heddle";
import { places } from "./engines.ts";

for (const { name, make } of places) {
  test(`no more runs are under way at once than an engine has room for, also when all are started at once, on ${name}`, async () => {
    using place = make();
    let acting = 0;
    let most = 0;
    const job = workflow("job", (ctx) =>
      ctx.step("work", async () => {
        most = Math.max(most, ++acting);
        // The first waits for a second one: a store may take longer to begin it than any work.
        for (let turn = 0; turn < 20 || most < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
        acting--;
      }),
    );
    await using engine = await place.open({ workflows: [job], concurrency: 2 });

    const runs = await Promise.all(Array.from({ length: 8 }, () => engine.start(job, undefined)));
    await Promise.all(runs.map((run) => run.result()));
    assert.equal(most, 2);
  });
}

test("who waits for the end of a run that is not under way here is told when the engine is closed", async () => {
  const job = workflow("job", async () => 1);
  const engine = await open("memory:", { workflows: [job], passive: true, clock: new FakeClock() });
  const refused = assert.rejects((await engine.start(job, undefined)).result(), (error) => hasCode(error, "ENGINE_CLOSED"));
  // By now it has seen that the run has not ended, and waits.
  await new Promise((resolve) => setImmediate(resolve));

  await engine.close();
  await refused;
});
