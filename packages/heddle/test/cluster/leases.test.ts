import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { clusterPlaces } from "./cluster-places.ts";

/** No test waits for it. */
const longLeaseMs = 600_000;
const leaseMs = 1_000;

for (const place of clusterPlaces) {
  describe(`leases of processes on ${place.name}`, () => {
    test("case 9: asked to end with 200 steps under way, a process lets those end that do, and hands the rest over by release, not by its lease", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const [a, b] = [
        await cluster.start("a", { leaseMs: longLeaseMs, drainMs: 300 }),
        await cluster.start("b", { leaseMs: longLeaseMs, knows: [] }),
      ];
      const held = witness.hold(({ node }) => node === "a");
      for (let run = 0; run < 10; run++) await a.call("start", "wide", 20, { id: `r${run}` });
      await held.until(200);
      const ended = a.terminate();
      held.answer(({ key }) => Number(key.slice(1)) < 10);
      assert.equal(await ended, 0);
      for (let run = 0; run < 10; run++) assert.equal((await cluster.row(`r${run}`)).status, "queued");
      await b.kill();
      const c = await cluster.start("c", { leaseMs: longLeaseMs });

      for (let run = 0; run < 10; run++) {
        assert.equal(await c.call("result", `r${run}`), 20);
        const events = (await cluster.journal(`r${run}`)).map(({ event }) => event.type);
        assert.ok(!events.includes("run-crashed"), "nobody crashed");
      }
      const again = witness.effects.filter(({ node }) => node === "c");
      assert.deepEqual([...new Set(again.map(({ key }) => Number(key.slice(1)) >= 10))], [true], "what had ended was recorded");
      assert.equal(again.length, 100);
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 15: a process whose renewals are not answered begins nothing more when its lease is over by its own clock, and another goes on", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const held = witness.hold(({ key }) => key === "s0");
      const a = await cluster.start("a", { leaseMs });
      await a.call("start", "chain", 2, { id: "r" });
      await held.until(1);
      await a.call("start", "lose-renewals", null, { id: "lose" });
      await a.call("result", "lose");
      const lostAtMs = performance.now();
      await eventually(() => performance.now() > lostAtMs + leaseMs, "its lease is over, whenever it was renewed last");
      // Nobody has taken the run away: what was done is recorded, and nothing further begins.
      held.letGo();
      await eventually(async () => (await cluster.journal("r")).length === 2, "the step that was under way is recorded");
      const b = await cluster.start("b", { leaseMs });

      assert.equal(await b.call("result", "r"), 2);
      assert.deepEqual(
        witness.effectsOf("r").map(({ node, key }) => [node, key]),
        [
          ["a", "s0"],
          ["b", "s1"],
        ],
      );
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 16: parked runs of a process that dies are left as they are, and woken by what they wait for", async () => {
      await using cluster = await place.open();
      const a = await cluster.start("a", { leaseMs });
      const held = cluster.witness.hold(({ run }) => run === "busy");
      await a.call("start", "patient", null, { id: "parked" });
      await a.call("start", "hurried", 2_000, { id: "timed" });
      await a.call("start", "child", 1, { id: "busy" });
      for (const id of ["parked", "timed"]) await cluster.untilStatus(id, "waiting");
      await held.until(1);
      const before = await Promise.all(["parked", "timed"].map((id) => cluster.row(id)));
      await a.kill();
      const b = await cluster.start("b", { leaseMs });
      // One that was under way was taken over: so its node was declared dead.
      await held.until(2);

      assert.deepEqual(await cluster.row("parked"), before[0]);
      await b.call("signal", "parked", "word", "go");
      assert.equal(await b.call("result", "parked"), "go");
      await cluster.untilStatus("timed", "waiting");
      await eventually(async () => (await cluster.row("timed")).wakeAtMs === null, "its timeout has passed");
      await b.call("signal", "timed", "word", "late");
      assert.deepEqual(await b.call("result", "timed"), { first: null, second: "late" });
      for (const id of ["parked", "timed"])
        assert.deepEqual(
          (await cluster.journal(id)).filter(({ event }) => event.type === "run-crashed"),
          [],
        );
      held.letGo();
      await b.call("result", "busy");
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 17: a process without the code leaves a run to one that has it, and no attempt is lost", async () => {
      await using cluster = await place.open();
      const older = await cluster.start("older", { leaseMs, knows: ["chain"] });
      const newer = await cluster.start("newer", { leaseMs });
      const held = cluster.witness.hold(({ key }) => key === "work");
      await newer.call("start", "child", 5, { id: "r" });
      await held.until(1);
      // The deployment goes on: the process that began it is asked to end, and for a while only the older one is there.
      const ended = newer.terminate();
      held.letGo();
      assert.equal(await ended, 0);
      const begun = await cluster.start("newer-2", { leaseMs });
      await begun.call("start", "patient", null, { id: "parked" });
      await cluster.untilStatus("parked", "waiting");
      await begun.terminate();
      await older.call("signal", "parked", "word", "go");
      await older.call("start", "chain", 3, { id: "own" });
      assert.equal(await older.call("result", "own"), 3);
      const row = await cluster.row("parked");
      assert.deepEqual([row.status, row.epoch, row.crashes], ["waiting", 1, 0]);
      const last = await cluster.start("newer-3", { leaseMs });

      assert.equal(await last.call("result", "parked"), "go");
      assert.deepEqual(
        cluster.witness.effectsOf("parked").map(({ attempt }) => attempt),
        [1],
      );
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
