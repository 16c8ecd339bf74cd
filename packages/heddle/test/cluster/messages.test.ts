import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, type Cluster, type ClusterNode } from "@heddle/testing";
import { postgresPlaces } from "./cluster-places.ts";

type Refusal = { readonly code?: string };

for (const place of postgresPlaces) {
  describe(`messages between three processes on ${place.name}`, () => {
    let cluster: Cluster;
    let nodes: readonly ClusterNode[];
    let first: ClusterNode;
    const at = (index: number): ClusterNode => nodes[index % nodes.length] as ClusterNode;

    before(async () => {
      cluster = await place.open();
      nodes = await Promise.all(["a", "b", "c"].map((name) => cluster.start(name)));
      first = at(0);
    });
    after(async () => {
      const faults = await cluster.faults();
      await cluster[Symbol.asyncDispose]();
      assert.deepEqual(faults, []);
    });

    test("case 36: a signal sent elsewhere before its run has begun, and before it waits, is there when it waits", async () => {
      await first.call("start", "patient", null, { id: "delayed", delay: 200 });
      await at(1).call("signal", "delayed", "word", "early");
      await first.call("signalWithStart", "patient", null, { name: "word", value: "with it" }, { id: "with" });

      assert.equal(await at(2).call("result", "delayed"), "early");
      assert.equal(await at(2).call("result", "with"), "with it");
    });

    test("case 37: one signal sent 1,000 times by three processes is taken once, others each once, and those of one sender in order", async () => {
      await first.call("start", "collect", 61, { id: "collect" });
      const same = Array.from({ length: 1_000 }, (_, index) => at(index).call("signal", "collect", "word", "same", { id: "same" }));
      const others = nodes.map(async (node) => {
        for (let index = 0; index < 20; index++) await node.call("signal", "collect", "word", `${node.name}${index}`);
      });
      // Those behind the one that ended the run are told so, or that they were known.
      const answers = await Promise.allSettled([...same, ...others]);
      const taken = await first.call<string[]>("result", "collect");

      assert.deepEqual(
        answers.filter((answer) => answer.status === "rejected"),
        [],
      );
      assert.equal(taken.filter((word) => word === "same").length, 1);
      for (const { name } of nodes)
        assert.deepEqual(
          taken.filter((word) => /^.\d/.test(word) && word.startsWith(name)),
          Array.from({ length: 20 }, (_, index) => `${name}${index}`),
        );
    });

    test("case 39: of a signal and a timeout that meet, one wins; a signal that lost is there for the next wait", async () => {
      const ids = Array.from({ length: 60 }, (_, index) => `hurried-${index}`);
      await Promise.all(
        ids.map(async (id, index) => {
          await at(index).call("start", "hurried", 50, { id });
          // Around the time at which it gives up.
          await new Promise((resolve) => setTimeout(resolve, 20 + index));
          await at(index + 1).call("signal", id, "word", index);
        }),
      );
      for (const [index, id] of ids.entries()) {
        const { first: one, second } = await first.call<{ first: unknown; second: unknown }>("result", id);
        assert.equal(one ?? second, index, id);
      }
    });

    test("case 40: a signal to no run, and to one that has ended elsewhere, is refused in every process", async () => {
      await first.call("start", "chain", 0, { id: "ended" });
      await first.call("result", "ended");
      for (const node of nodes) {
        await assert.rejects(node.call("signal", "nobody", "word"), (error: Refusal) => error.code === "RUN_UNKNOWN");
        await assert.rejects(node.call("signal", "ended", "word"), (error: Refusal) => error.code === "RUN_ENDED");
        await assert.rejects(node.call("cancel", "ended"), (error: Refusal) => error.code === "RUN_ENDED");
      }
    });

    test("case 41: 100 callers in three processes who start one id at once get one run; those with another input are refused", async () => {
      const starts = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) => at(index).call("start", "chain", index % 4 === 0 ? 2 : 1, { id: "same" })),
      );
      const refused = starts.flatMap((start) => (start.status === "rejected" ? [(start.reason as Refusal).code] : []));
      const steps = await first.call<number>("result", "same");

      assert.equal(refused.length, steps === 2 ? 75 : 25);
      assert.deepEqual([...new Set(refused)], ["RUN_EXISTS"]);
      assert.equal(cluster.witness.effectsOf("same").length, steps);
    });

    test("case 41: 100 callers in three processes who start with one idempotency key at once get one run", async () => {
      const ids = await Promise.all(
        Array.from({ length: 100 }, (_, index) => at(index).call<string>("start", "chain", 1, { idempotencyKey: "order-7" })),
      );
      const [id = ""] = ids;

      assert.deepEqual([...new Set(ids)], [id]);
      assert.equal(await first.call("result", id), 1);
      assert.equal(cluster.witness.effectsOf(id).length, 1);
    });

    test("case 42: a child that ends in another process before its parent waits for it gives its result", async () => {
      const held = cluster.witness.hold(({ run }) => run === "late");
      await first.call("start", "late-call", null, { id: "late" });
      await held.until(1);
      await cluster.untilStatus("late.child", "completed");
      held.letGo();

      assert.equal(await first.call("result", "late"), 7);
    });

    test("case 43: 300 children that end at once in three processes all reach their parent", async () => {
      const held = cluster.witness.hold(({ run }) => run.startsWith("parent."));
      await first.call("start", "parent", 300, { id: "parent" });
      await held.until(300);
      held.letGo();

      assert.equal(await at(1).call("result", "parent"), (299 * 300) / 2);
      const owners = new Set(cluster.witness.effects.flatMap(({ run, node }) => (run.startsWith("parent.") ? [node] : [])));
      assert.ok(owners.size > 1, "several processes had a part in it");
    });

    test("case 45: cancelled from elsewhere while queued, while acting, while parked and while it ends, a run has one end", async () => {
      const held = cluster.witness.hold(({ run }) => run.startsWith("cancel-acting"));
      await first.call("start", "chain", 1, { id: "cancel-queued", delay: "1h" });
      await first.call("start", "patient", null, { id: "cancel-parked" });
      await first.call("start", "chain", 2, { id: "cancel-acting" });
      await cluster.untilStatus("cancel-parked", "waiting");
      await held.until(1);
      for (const id of ["cancel-queued", "cancel-parked", "cancel-acting"]) await at(1).call("cancel", id, "enough");
      await eventually(() => cluster.witness.aborted.some(({ run }) => run === "cancel-acting"), "its step is told");
      held.letGo();
      for (const id of ["cancel-queued", "cancel-parked", "cancel-acting"]) {
        await assert.rejects(at(2).call("result", id), (error: Refusal) => error.code === "RUN_CANCELLED");
      }

      for (let index = 0; index < 30; index++) {
        const id = `cancel-ending-${index}`;
        await first.call("start", "chain", 1, { id });
        const cancelled = await at(1)
          .call("cancel", id)
          .then(
            () => true,
            (error: Refusal) => error.code !== "RUN_ENDED",
          );
        await cluster.untilStatus(id, "completed", "cancelled");
        if (!cancelled) assert.equal((await cluster.row(id)).status, "completed");
        assert.equal((await cluster.journal(id)).filter(({ event }) => event.type === "run-ended").length, 1);
      }
    });

    test("case 47: cancelled from elsewhere, a parent takes its called child along and leaves its detached one", async () => {
      await first.call("start", "guardian", null, { id: "guardian" });
      for (const id of ["guardian", "guardian.called", "guardian.detached"]) await cluster.untilStatus(id, "waiting");
      await at(1).call("cancel", "guardian", "enough");
      await cluster.untilStatus("guardian", "cancelled");
      await cluster.untilStatus("guardian.called", "cancelled");
      assert.equal((await cluster.row("guardian.detached")).status, "waiting");
      await at(2).call("signal", "guardian.detached", "word", "alone");

      assert.equal(await first.call("result", "guardian.detached"), "alone");
    });
  });
}
