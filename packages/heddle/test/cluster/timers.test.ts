import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { clusterPlaces } from "./cluster-places.ts";

const leaseMs = 1_000;
const runs = process.env["HEDDLE_SLOW"] === "1" ? 5_000 : 200;

for (const place of clusterPlaces) {
  describe(`timers that are due at once, on ${place.name}`, () => {
    test(`case 23: ${runs} timers that one process set fire once each, although it dies and two others take them up together`, async () => {
      await using cluster = await place.open();
      const { store } = cluster;
      const ids = Array.from({ length: runs }, (_, index) => `r${index}`);
      const first = await cluster.start("first", { leaseMs });
      await Promise.all(ids.map((id) => first.call("start", "hurried", 5_000, { id })));
      const parked = async (): Promise<number> => (await store.list({ status: ["waiting"], limit: runs + 1 })).length;
      await eventually(async () => (await parked()) > runs / 2, "most of them wait");
      await first.kill();
      const others = await Promise.all(["second", "third"].map((name) => cluster.start(name, { leaseMs, concurrency: 20 })));
      const fired = async (id: string): Promise<number> =>
        (await cluster.journal(id)).filter(({ event }) => event.type === "op-ended" && event.key === "first").length;
      await eventually(
        async () =>
          (await store.list({ status: ["waiting"], limit: runs + 1 })).filter(({ wakeAtMs }) => wakeAtMs === null).length === runs,
        "all of them have fired",
        60_000,
      );
      for (const [index, id] of ids.entries()) await others[index % 2]!.call("signal", id, "word", index);

      for (const [index, id] of ids.entries())
        assert.deepEqual(await others[index % 2]!.call("result", id), { first: null, second: index });
      for (const id of ids) assert.equal(await fired(id), 1);
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
