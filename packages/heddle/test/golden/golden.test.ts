import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RunEvent } from "@heddle/kernel";
import { journalFaults } from "@heddle/testing";
import { GoldenPlace } from "./golden-place.ts";
import { recordedAtMs } from "./recorded-at.ts";
import { finish, finished, workflows } from "./scenarios-0.1.ts";

const folder = join(import.meta.dirname, "journals");
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const recorded = readdirSync(folder).filter((name) => name.endsWith(".db.gz"));

test("case 57: there are journals of an earlier release", () => {
  assert.ok(recorded.includes("0.1.0.db.gz"));
});

for (const name of recorded) {
  test(`case 57: every run in the journals of ${name.replace(".db.gz", "")} goes on and ends as it would have ended there`, async () => {
    using place = new GoldenPlace(recordedAtMs + dayMs);
    place.unpack(join(folder, name));
    const engine = await place.open({ workflows, node: "later" });
    const ends = await place.clock.runUntil(finish(engine), 2 * hourMs);

    assert.deepEqual(ends, finished);
    const rows = await engine.list({ limit: 1_000 });
    assert.deepEqual(
      rows.filter(({ status }) => status === "paused"),
      [],
    );
    for (const { runId } of rows) {
      const events = await Array.fromAsync((await engine.get(runId)).events({ live: false }));
      assert.deepEqual(journalFaults(events.map((event) => ({ seq: event.seq, event: event as unknown as RunEvent }))), [], runId);
    }
    assert.deepEqual(
      (await engine.list({ tags: { team: "a" } })).map(({ runId }) => runId),
      ["everything"],
    );
    await place.clock.runUntil(engine.close());
  });

  test(`case 57: what the journals of ${name.replace(".db.gz", "")} say is read the same way, event by event`, async () => {
    using place = new GoldenPlace(recordedAtMs + dayMs);
    place.unpack(join(folder, name));
    const engine = await place.open({ workflows, node: "later", passive: true });
    const types = new Set<string>();
    for (const { runId, status } of await engine.list({ limit: 1_000 })) {
      const run = await engine.get(runId);
      for await (const event of run.events({ live: false })) types.add(event.type);
      const { tasks } = await run.state();
      assert.ok(tasks.length > 0 || status === "queued", runId);
    }
    await place.clock.runUntil(engine.close());

    assert.deepEqual([...types].toSorted(), [
      "cancel-requested",
      "emitted",
      "op-ended",
      "op-opened",
      "op-retried",
      "run-ended",
      "run-started",
      "segment-started",
      "signal-received",
      "task-ended",
    ]);
  });
}
