import assert from "node:assert/strict";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { HeddleSaver } from "@heddle/langgraph";
import { eventually } from "@heddle/testing";
import { Child } from "./child.ts";
import { places } from "./places.ts";

for (const { name, make } of places) {
  describe(`processes on ${name}`, () => {
    test("a graph whose process is killed goes on in the next one: nodes that had ended do not run again, also beside the one that was under way", async () => {
      using place = make();
      const folder = mkdtempSync(join(tmpdir(), "heddle-walk-"));
      try {
        const log = join(folder, "log");
        const killed = new Child("walk.ts", place.address, log, "hang");
        await eventually(() => killed.said.includes("hangs") || killed.process.exitCode !== null, "the slow node hangs");
        assert.equal(killed.process.exitCode, null);
        await killed.kill();

        const said = await new Child("walk.ts", place.address, log).end();

        assert.deepEqual(JSON.parse(said), ["first", "quick", "slow", "last"]);
        assert.deepEqual(readFileSync(log, "utf8").trim().split("\n"), ["first", "quick", "slow", "last"]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    test("two processes write one thread at the same time: none of their checkpoints and writes is lost, and each goes on from one that is there", async () => {
      using place = make();
      const count = 20;
      const writers = ["a", "b"];

      await Promise.all(writers.map((writer) => new Child("count.ts", place.address, writer, String(count)).end()));

      await using saver = await HeddleSaver.open(place.address);
      const tuples = await Array.fromAsync(saver.list({ configurable: { thread_id: "shared" } }));
      const wanted = writers.flatMap((writer) => Array.from({ length: count }, (_, index) => `${writer} ${index + 1}`));
      assert.deepEqual(tuples.map(({ checkpoint }) => String(checkpoint.channel_values["by"])).toSorted(), wanted.toSorted());
      assert.deepEqual(
        tuples.flatMap(({ pendingWrites = [] }) => pendingWrites.map(([, , value]) => String(value))).toSorted(),
        wanted.map((by) => `after ${by}`).toSorted(),
      );
      const ids = new Set(tuples.map(({ checkpoint }) => checkpoint.id));
      assert.deepEqual(
        tuples.filter(({ parentConfig }) => parentConfig !== undefined && !ids.has(String(parentConfig.configurable?.["checkpoint_id"]))),
        [],
      );
      assert.equal(tuples.filter(({ parentConfig }) => parentConfig === undefined).length <= writers.length, true);
    });
  });
}
