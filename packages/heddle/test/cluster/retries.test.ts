import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { postgresPlaces } from "./cluster-places.ts";

const leaseMs = 1_000;
const runs = process.env["HEDDLE_SLOW"] === "1" ? 5_000 : 100;
/** As many attempts a second however many runs: what is called is in this process. */
const backOff = { attempts: 1_000, initialMs: runs / 5, maxMs: runs * 4 };
/** A run that waits for longer is given up until then. */
const parkedAfterMs = 1_000;

for (const place of postgresPlaces) {
  describe(`retries of several processes on ${place.name}`, () => {
    test("case 48: attempts go on counting in other processes, in their time, with one idempotency key", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      witness.order = ({ attempt }) => (attempt < 4 ? { fail: `attempt ${attempt}` } : {});
      let node = await cluster.start("a", { leaseMs });
      await node.call("start", "flaky", { attempts: 4, initialMs: 2_000, maxMs: 2_000, jitter: "none" }, { id: "r" });
      for (const name of ["b", "c", "d"]) {
        await cluster.untilStatus("r", "waiting");
        const { wakeAtMs } = await cluster.row("r");
        const [retried] = (await cluster.journal("r")).flatMap(({ event }) => (event.type === "op-retried" ? [event] : [])).slice(-1);
        assert.equal(wakeAtMs, Math.ceil(retried?.dueAtMs ?? 0));
        await node.kill();
        node = await cluster.start(name, { leaseMs });
        await eventually(() => witness.effectsOf("r").at(-1)?.node === name, "the next process makes the next attempt");
      }
      await node.call("result", "r");

      const effects = witness.effectsOf("r");
      assert.deepEqual(
        effects.map(({ node: by, attempt }) => [by, attempt]),
        [
          ["a", 1],
          ["b", 2],
          ["c", 3],
          ["d", 4],
        ],
      );
      assert.equal(new Set(effects.map(({ idempotencyKey }) => idempotencyKey)).size, 1);
      assert.deepEqual(await cluster.faults(), []);
    });

    test(`case 49: while what ${runs} runs call is down their attempts are spread and share commits, others go on, and all end when it is back`, async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      let down = true;
      witness.order = ({ key }) => (down && key === "call" ? { fail: "down" } : {});
      const nodes = await Promise.all(["a", "b"].map((name) => cluster.start(name)));
      const at = (index: number) => nodes[index % nodes.length]!;
      const ids = Array.from({ length: runs }, (_, index) => `r${index}`);
      await Promise.all(ids.map((id, index) => at(index).call("start", "flaky", backOff, { id })));
      await eventually(() => witness.effects.length > 6 * runs, "each has tried again and again", 300_000);
      for (let index = 0; index < 6; index++) {
        await at(index).call("start", "chain", 3, { id: `other-${index}` });
        assert.equal(await at(index).call("result", `other-${index}`), 3);
      }
      const commits = witness.commits;
      const tried = witness.effects.length;
      down = false;
      await Promise.all(ids.map((id, index) => at(index).call("result", id)));

      assert.ok(commits < tried, `${tried} attempts in ${commits} commits`);
      const claims = witness.claims.length;
      const mayBeClaimed = 2 * (runs + 6) + (backOff.maxMs > parkedAfterMs ? witness.effects.length : 0);
      assert.ok(claims <= mayBeClaimed, `${claims} claims: a run whose next attempt is near stays where it is`);
      const waits = new Set<number>();
      for (const id of ids.slice(0, 50)) {
        for (const { event } of await cluster.journal(id))
          if (event.type === "op-retried") waits.add(Math.round(event.dueAtMs - event.atMs));
      }
      assert.ok(waits.size > 50, "no two runs keep step");
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
