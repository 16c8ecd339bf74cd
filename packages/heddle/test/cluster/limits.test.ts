import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { clusterPlaces, postgresPlaces } from "./cluster-places.ts";

const leaseMs = 1_000;
const limit = 3;

for (const place of postgresPlaces) {
  describe(`limits that several processes share, on ${place.name}`, () => {
    test("case 64: places that a process held when it died come back, and there are never more in use than there are", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const held = witness.hold(({ key }) => key === "inside");
      const nodes = [];
      for (const name of ["a", "b", "c", "d", "e"]) nodes.push(await cluster.start(name, { leaseMs, concurrency: 2 }));
      const ids = Array.from({ length: 24 }, (_, index) => `r${index}`);
      for (const [index, id] of ids.entries()) await nodes[index % nodes.length]!.call("start", "bounded", { tenant: "red" }, { id });
      const dead = new Set<string>();
      /** Runs whose step acts in a process that lives. */
      const inside = () => held.effects.filter(({ node }) => !dead.has(node));
      const tidy = async () => {
        assert.ok(inside().length <= limit, `${inside().length} places are in use`);
        const rows = await cluster.store.list({ status: ["running"], limit: 1_000 });
        assert.ok(rows.length <= limit, `${rows.length} runs have a place`);
      };
      const full = () =>
        eventually(async () => {
          await tidy();
          return inside().length === limit;
        }, "all places are in use");

      for (let round = 0; round < 3; round++) {
        await full();
        const [victim] = inside();
        const node = nodes.find(({ name }) => name === victim?.node);
        dead.add(node?.name ?? "");
        await node?.kill();
      }
      await full();
      for (let done = 0; done < ids.length; ) {
        const [next] = inside();
        if (next !== undefined) {
          held.answer((effect) => effect === next);
          done++;
        }
        await eventually(async () => {
          await tidy();
          return inside().length > 0 || done >= ids.length;
        }, "the next has its place");
      }
      const last = nodes.find(({ alive }) => alive);
      for (const id of ids) await last?.call("result", id);
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}

for (const place of clusterPlaces) {
  describe(`a rate that several processes share, on ${place.name}`, () => {
    test("case 64: runs begin at the rate, whichever processes begin them and are killed meanwhile", async () => {
      await using cluster = await place.open();
      const nodes = await Promise.all(["a", "b", "c"].map((name) => cluster.start(name, { leaseMs })));
      const periodMs = 500;
      const ids = Array.from({ length: 18 }, (_, index) => `r${index}`);
      const rare = ids.map((id) => `rare-${id}`);
      const startMs = Date.now();
      const start = (workflow: string) => (id: string, index: number) => nodes[index % nodes.length]!.call("start", workflow, null, { id });
      await Promise.all([...rare.map(start("rare")), ...ids.map(start("metered"))]);
      const worked = (of: readonly string[]): number => of.filter((id) => cluster.witness.effects.some(({ run }) => run === id)).length;
      /** Until so many have worked, there are never more than could have begun by then. */
      const until = (count: number) =>
        eventually(async () => {
          const now = worked(ids);
          const most = limit * (Math.floor((Date.now() - startMs) / periodMs) + 1);
          assert.ok(now <= most, `${now} have worked where ${most} may have begun`);
          assert.ok(worked(rare) <= limit, `${worked(rare)} of those have begun of which ${limit} may in an hour`);
          return now >= count;
        }, `${count} runs have worked`);

      for (const [index, node] of nodes.slice(0, 2).entries()) {
        await until(6 * (index + 1));
        await node.kill();
      }
      await until(ids.length);
      for (const id of ids) await nodes[2]!.call("result", id);
      await eventually(async () => worked(rare) === limit, "what may begin has begun");
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
