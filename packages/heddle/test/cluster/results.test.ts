import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunStore } from "@heddle/kernel";
import { eventually, FakeClock } from "@heddle/testing";
import { open } from "heddle";
import { clusterPlaces } from "./cluster-places.ts";

/** The store, and how often it was asked to tell of an end. */
function counted(store: RunStore): { readonly store: RunStore; asked: number } {
  const counts = { store, asked: 0 };
  counts.store = new Proxy(store, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== "expectEnd") return typeof value === "function" ? value.bind(target) : value;
      return async (runId: string) => {
        const row = await target.expectEnd(runId);
        counts.asked++;
        return row;
      };
    },
  });
  return counts;
}

for (const place of clusterPlaces) {
  describe(`the end of a run that another process runs, on ${place.name}`, () => {
    test("whoever waits for its result, or follows its events, is told of the end without looking again and again", async () => {
      await using cluster = await place.open();
      const held = cluster.witness.hold(({ key }) => key === "s1");
      const a = await cluster.start("a");
      await a.call("start", "chain", 2, { id: "r" });
      await held.until(1);
      // Its time stands still: it never comes to look by itself.
      const watched = counted(await place.beside(cluster));
      await using engine = await open(watched.store, { passive: true, clock: new FakeClock() });
      const run = await engine.get("r");
      const results = [run.result(), run.result()];
      const types: string[] = [];
      const followed = (async () => {
        for await (const { type } of run.events()) types.push(type);
      })();
      await eventually(() => watched.asked >= 3, "all three wait");
      held.letGo();

      assert.deepEqual(await Promise.all(results), [2, 2]);
      await followed;
      assert.equal(types.at(-1), "run-ended");
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
