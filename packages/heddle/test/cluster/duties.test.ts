import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { nameOfNode } from "@heddle/kernel";
import { clusterPlaces } from "./cluster-places.ts";

/** Longer than a busy machine keeps a process waiting. */
const leaseMs = 6_000;

for (const place of clusterPlaces) {
  describe(`duties of processes on ${place.name}`, () => {
    test("ended runs are removed by one process, and by another when that is killed or asked to end", async () => {
      await using cluster = await place.open();
      const options = { leaseMs, retention: 1 };
      const holders = async (): Promise<string[]> =>
        (await cluster.store.nodes()).flatMap(({ node, duties }) => (duties.includes("retention") ? [nameOfNode(node)] : []));
      const removed = async (id: string): Promise<boolean> => (await cluster.store.get(id)) === null;
      const until = async (holder: string): Promise<void> =>
        eventually(async () => (await holders()).join() === holder, `${holder} has it`);

      const a = await cluster.start("a", options);
      await until("a");
      const b = await cluster.start("b", options);
      await b.call("start", "child", 1, { id: "one" });
      await b.call("result", "one");
      assert.deepEqual(await holders(), ["a"]);
      await a.kill();
      await until("b");
      await eventually(() => removed("one"), "the run is removed");

      const c = await cluster.start("c", options);
      await c.call("start", "child", 1, { id: "two" });
      await c.call("result", "two");
      assert.equal(await b.terminate(), 0);
      await until("c");
      await eventually(() => removed("two"), "the run is removed");
    });
  });
}
