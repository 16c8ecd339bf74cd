import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CommitVerdict, RunPart } from "@heddle/kernel";
import { eventually, newRunRow, type Cluster, type ClusterNode, type WitnessedEffect } from "@heddle/testing";
import { clusterPlaces } from "./cluster-places.ts";

const leaseMs = 1_000;

/** Everything that an owner may write, each in a part of its own, as the owner of `epoch`. */
async function forgeries(cluster: Cluster, epoch: number): Promise<RunPart[]> {
  const { mailSeq } = await cluster.row("r");
  const expectedSeq = (await cluster.journal("r")).length;
  const part = { runId: "r", epoch, expectedSeq, events: [], atMs: 1 };
  const row = newRunRow("forged", { workflow: "child", wakeAtMs: null, parentId: "r", createdAtMs: 1 });
  return [
    { ...part, events: ['{"type":"timer-fired","atMs":1,"no":1}'] },
    { ...part, events: ['{"type":"emitted","atMs":1,"of":1,"key":"forged","name":"forged"}'] },
    { ...part, mailSeen: mailSeq },
    { ...part, children: [{ row, events: ["{}"] }] },
    { ...part, messages: [{ runId: "r", id: "forged", atMs: 1, body: "{}" }] },
    { ...part, snapshot: { body: "forged" } },
    { ...part, progress: true },
    { ...part, release: { status: "completed", wakeAtMs: null } },
    { ...part, expectedSeq: null, release: { status: "paused", wakeAtMs: null } },
  ];
}

async function assertRefused(cluster: Cluster, node: ClusterNode, epoch: number): Promise<void> {
  const parts = await forgeries(cluster, epoch);
  const before = [await cluster.row("r"), await cluster.journal("r"), await cluster.store.readMail("r")];
  const verdict = await node.call<CommitVerdict>("commit", { parts });
  assert.deepEqual(
    verdict.parts,
    parts.map(() => ({ status: "stale" })),
  );
  assert.deepEqual([await cluster.row("r"), await cluster.journal("r"), await cluster.store.readMail("r")], before);
  assert.equal(await cluster.store.get("forged"), null);
}

const of = (node: string) => (effect: WitnessedEffect) => effect.node === node;

for (const place of clusterPlaces) {
  describe(`processes that believe that they own a run, on ${place.name}`, () => {
    /** @param name that both processes have; absent: each has its own */
    const comesBack = async (name?: string): Promise<void> => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const named = { leaseMs, ...(name === undefined ? null : { node: name }) };
      const heldInA = witness.hold(({ node, run }) => node === "a" && run === "r");
      const heldInB = witness.hold(({ node, key }) => node === "b" && key === "after");
      const a = await cluster.start("a", named);
      await a.call("start", "every-kind", null, { id: "r" });
      await heldInA.until(2);
      await place.stop(cluster, a);
      const b = await cluster.start("b", named);
      await heldInB.until(1);
      const { epoch } = await cluster.row("r");
      assert.ok(epoch > 1);

      // What it did is done, and its process does not know yet that it lost the run.
      heldInA.answer(({ key }) => key === "first");
      a.resume();
      await eventually(
        () => witness.aborted.some((effect) => of("a")(effect as WitnessedEffect) && effect.key === "beside"),
        "its code is told to stop",
      );
      await b.call("signal", "r", "word", "given");
      await eventually(async () => (await cluster.row("r")).mailSeen === 1, "its owner has read it");
      await assertRefused(cluster, a, 1);
      heldInB.letGo();
      assert.deepEqual(await b.call("result", "r"), [7, "given"]);
      await assertRefused(cluster, a, 1);
      assert.deepEqual(
        witness
          .effectsOf("r")
          .filter(of("a"))
          .map(({ key }) => key),
        ["beside", "first"],
        "nothing begins any more in the one that was stopped",
      );
      heldInA.letGo();
      await a.call("start", "chain", 3, { id: "other" });
      assert.equal(await a.call("result", "other"), 3, "it is of use again");
      assert.deepEqual(await cluster.faults(), []);
    };

    test("case 10: stopped past its lease while another takes its run over, a process is refused everything that it still sends, its code is told to stop, and nothing is recorded twice", () =>
      comesBack());

    test("case 11: stopped past its lease while a process of the same name takes its run over, it is refused and told to stop like any other", () =>
      comesBack("same"));

    test("case 11: killed and started again under its name, a process goes on with its runs", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const held = witness.hold(of("a"));
      const a = await cluster.start("a", { leaseMs, node: "same" });
      await a.call("start", "chain", 3, { id: "r" });
      await held.until(1);
      await a.kill();
      const b = await cluster.start("b", { leaseMs, node: "same" });

      assert.equal(await b.call("result", "r"), 3);
      const first = witness.effectsOf("r", "s0");
      assert.deepEqual(
        first.map(({ attempt }) => attempt),
        [1, 2],
      );
      assert.equal(first[0]?.idempotencyKey, first[1]?.idempotencyKey);
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 11: a process that takes its own lost run up again records nothing of what it began before", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const held = witness.hold(({ key }) => key === "s0");
      const a = await cluster.start("a", { leaseMs });
      await a.call("start", "chain", 2, { id: "r" });
      await held.until(1);
      await place.stop(cluster, a);
      await cluster.start("b", { leaseMs, knows: [] });
      await cluster.untilStatus("r", "queued");
      a.resume();
      await held.until(2);
      held.answer(({ attempt }) => attempt === 1);
      await eventually(() => witness.aborted.length > 0, "the step of the first claim is told to stop");
      await eventually(async () => (await cluster.journal("r")).length === 2, "the crash is recorded, and nothing else");
      held.letGo();

      assert.equal(await a.call("result", "r"), 2);
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 12: of two processes that finish a step at the same moment, the owner's is recorded and the other's is not", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const a = await cluster.start("a", { leaseMs });
      const runs = Array.from({ length: 20 }, (_, index) => `r${index}`);
      const held = witness.hold(({ key, run }) => key === "s0" && run !== "later");
      for (const id of runs) await a.call("start", "chain", 2, { id });
      await held.until(runs.length);
      await place.stop(cluster, a);
      const b = await cluster.start("b", { leaseMs });
      await held.until(2 * runs.length);
      a.resume();
      held.letGo();

      for (const id of runs) assert.equal(await b.call("result", id), 2);
      assert.deepEqual(
        witness.effects.filter(({ node, key }) => node === "a" && key === "s1"),
        [],
      );
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 13: a process whose event loop was blocked for twice its lease asks whether it still owns its run before anything further happens", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const [a, b] = [await cluster.start("a", { leaseMs }), await cluster.start("b", { leaseMs })];
      const heldInA = witness.hold(of("a"));
      const heldInB = witness.hold(of("b"));
      await a.call("start", "chain", 3, { id: "r" });
      await heldInA.until(1);
      heldInA.answer(() => true, { blockMs: 2 * leaseMs });
      await heldInB.until(1);
      // What the blocked process had done is refused: it can be of use for other runs only.
      await a.call("start", "child", 1, { id: "other" });
      heldInA.letGo();
      await a.call("result", "other");
      heldInB.letGo();

      assert.equal(await b.call("result", "r"), 3);
      assert.deepEqual(
        witness
          .effectsOf("r")
          .filter(of("a"))
          .map(({ key }) => key),
        ["s0"],
      );
      assert.deepEqual(await cluster.faults(), []);
    });

    test("case 13: blocked while nobody else is there to take its run over, a process goes on with it", async () => {
      await using cluster = await place.open();
      const { witness } = cluster;
      const a = await cluster.start("a", { leaseMs });
      const held = witness.hold(({ key }) => key === "s0");
      await a.call("start", "chain", 3, { id: "r" });
      await held.until(1);
      held.answer(() => true, { blockMs: 2 * leaseMs });
      held.letGo();

      assert.equal(await a.call("result", "r"), 3);
      assert.deepEqual(await cluster.faults(), []);
    });
  });
}
