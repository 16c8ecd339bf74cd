import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "@heddle/testing";
import { postgresPlaces } from "./cluster-places.ts";

const leaseMs = 1_000;
/** Lasts longer than a machine with much else to do is late, and far less than the clocks are apart. */
const longLeaseMs = 6_000;
const apartMs = 300_000;

for (const place of postgresPlaces) {
  describe(`processes whose clocks are five minutes apart, on ${place.name}`, () => {
    test("case 20: neither takes the other for dead, and both go on with what the other began", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const ahead = await cluster.start("ahead", { leaseMs: longLeaseMs, skewMs: apartMs });
      const behind = await cluster.start("behind", { leaseMs: longLeaseMs, skewMs: -apartMs });
      const held = witness.hold(({ key }) => key === "s0");
      await ahead.call("start", "chain", 2, { id: "of-ahead" });
      await behind.call("start", "chain", 2, { id: "of-behind" });
      await held.until(2);
      // With each sign of life a node looks for those who give none.
      const signs = new Map<string, Set<number | null>>();
      await eventually(async () => {
        for (const { node, seenAtMs } of await cluster.store.nodes()) signs.set(node, (signs.get(node) ?? new Set()).add(seenAtMs));
        return signs.size === 2 && [...signs.values()].every((seen) => seen.size >= 3);
      }, "each has given a sign of life after the other came");
      // Each of these is claimed by whoever looks first.
      for (let run = 0; run < 40; run++) {
        const [starter, other] = run % 2 === 0 ? [ahead, behind] : [behind, ahead];
        await starter.call("start", "hurried", 100, { id: `r${run}` });
        await other.call("signal", `r${run}`, "word", run);
      }
      for (let run = 0; run < 40; run++) {
        const { first, second } = await ahead.call<{ first: unknown; second: unknown }>("result", `r${run}`);
        assert.equal(first ?? second, run);
      }
      held.letGo();
      assert.deepEqual([await ahead.call("result", "of-ahead"), await behind.call("result", "of-behind")], [2, 2]);
      assert.deepEqual([(await cluster.row("of-ahead")).epoch, (await cluster.row("of-behind")).epoch], [1, 1]);
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 20: a timer that one set fires for the other when it is due, not minutes before or after, and times in a journal follow its order", async () => {
      await using cluster = await place.open();
      const ahead = await cluster.start("ahead", { leaseMs, skewMs: apartMs });
      const beganMs = performance.now();
      await ahead.call("start", "hurried", 2_000, { id: "r" });
      await cluster.untilStatus("r", "waiting");
      await ahead.terminate();
      const behind = await cluster.start("behind", { leaseMs, skewMs: -apartMs });
      await behind.call("signal", "r", "other", "not waited for");
      await cluster.untilStatus("r", "waiting");
      await behind.call("signal", "r", "word", "after");
      const { first, second } = await behind.call<{ first: unknown; second: unknown }>("result", "r");

      // The signal came before or behind the timeout, as the machine was quick or slow: both are right, five minutes are not.
      assert.equal(first ?? second, "after");
      assert.ok(performance.now() - beganMs < apartMs / 2);
      const times = (await cluster.journal("r")).map(({ event }) => event.atMs);
      assert.deepEqual(
        times,
        times.toSorted((one, other) => one - other),
      );
      assert.ok(Math.abs((times[0] ?? 0) - Date.now()) < apartMs / 2, "it is the store's time");
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
