import assert from "node:assert/strict";
import { ageingMs, type RunId, type RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, claim, commit, create, newRun, part, release, row, type RowFields, send, message, startMs } from "./sample.ts";

/** Runs "1", "2", … of one key, due one after the other. */
async function keyed(store: RunStore, count: number, max: number, fields: RowFields = {}): Promise<void> {
  for (let index = 1; index <= count; index++)
    await create(store, newRun(String(index), { limitKey: "k", limitMax: max, wakeAtMs: startMs + index, ...fields }));
}

const now = startMs + 1_000;
const done = (store: RunStore, runId: RunId): Promise<void> => release(store, runId, 1, "completed");

export function limitLaws(law: Law): void {
  law("no more runs of a limit key than its limit are running, and an end passes the place on", async (store) => {
    await keyed(store, 5, 2);

    assert.deepEqual(await claim(store, now), ["1", "2"]);
    assert.deepEqual(await claim(store, now), []);
    await done(store, "2");
    assert.deepEqual(await claim(store, now), ["3"]);
    await done(store, "1");
    await done(store, "3");
    assert.deepEqual(await claim(store, now), ["4", "5"]);
  });

  law("a full limit does not hold up runs behind it", async (store) => {
    await keyed(store, 20, 1, { priority: 3 });
    await create(store, newRun("other-key", { limitKey: "k2", limitMax: 1, wakeAtMs: startMs + 500 }));
    await create(store, newRun("free", { wakeAtMs: startMs + 600 }));

    assert.deepEqual(await claim(store, now, 3), ["1", "other-key", "free"]);
  });

  law("runs that a full limit holds back are no wake time until a place is free", async (store) => {
    await keyed(store, 3, 1);
    await claim(store, now);
    assert.equal(await store.nextWakeMs(), null);

    await done(store, "1");
    assert.equal(await store.nextWakeMs(), startMs + 2);
  });

  law("a parked run gives its place up, and needs one again", async (store) => {
    await keyed(store, 2, 1);
    await claim(store, now);
    await release(store, "1", 1, "waiting", startMs + 10);

    assert.deepEqual(await claim(store, now), ["2"]);
    assert.deepEqual(await claim(store, now), []);
    await done(store, "2");
    assert.deepEqual(await claim(store, now), ["1"]);
  });

  law("a place goes to the highest priority, then the longest due, also among held-back runs", async (store) => {
    await keyed(store, 3, 1);
    await claim(store, now);
    await create(store, newRun("high", { limitKey: "k", limitMax: 1, priority: 1, wakeAtMs: startMs + 900 }));

    await done(store, "1");
    assert.deepEqual(await claim(store, now), ["high"]);
    await done(store, "high");
    assert.deepEqual(await claim(store, now), ["2"]);
  });

  law("among held-back runs, too, waiting makes up for priority", async (store) => {
    await keyed(store, 2, 1);
    await claim(store, now);
    const fields = { limitKey: "k", limitMax: 1 };
    await create(store, newRun("urgent", { ...fields, priority: 1, wakeAtMs: startMs + 2 + ageingMs }));
    await create(store, newRun("more-urgent", { ...fields, priority: 1, wakeAtMs: startMs + 1 + ageingMs }));
    await claim(store, now + ageingMs);

    for (const [runId, next] of [
      ["1", "more-urgent"],
      ["more-urgent", "2"],
      ["2", "urgent"],
    ] as const) {
      await done(store, runId);
      assert.deepEqual(await claim(store, now + ageingMs), [next]);
    }
  });

  law("claimFor respects the limit", async (store) => {
    const make = (runId: RunId): Promise<unknown> => create(store, newRun(runId, { limitKey: "k", limitMax: 1 }, { claimFor: "node-a" }));
    assert.deepEqual(await make("1"), { status: "created", claimed: true });

    assert.deepEqual(await make("2"), { status: "created", claimed: false });
    assert.deepEqual([(await row(store, "2")).status, (await row(store, "2")).epoch, (await row(store, "2")).owner], ["queued", 0, null]);
    assert.deepEqual(await claim(store, now), []);
    await done(store, "1");
    assert.deepEqual(await claim(store, now), ["2"]);
  });

  law("claimFor counts the runs of its own batch", async (store) => {
    const verdict = await commit(store, {
      creates: ["1", "2", "3"].map((runId) => newRun(runId, { limitKey: "k", limitMax: 2 }, { claimFor: "node-a" })),
    });
    assert.deepEqual(
      verdict.creates.map((one) => one.status === "created" && one.claimed),
      [true, true, false],
    );
  });

  law("claimFor does not overtake queued runs of its key", async (store) => {
    await keyed(store, 2, 1);
    await claim(store, now);
    await done(store, "1");

    assert.deepEqual(await create(store, newRun("new", { limitKey: "k", limitMax: 1 }, { claimFor: "node-a" })), {
      status: "created",
      claimed: false,
    });
    assert.equal((await create(store, newRun("else", { limitKey: "k2", limitMax: 1 }, { claimFor: "node-a" }))).status, "created");
    assert.equal((await row(store, "else")).status, "running");
  });

  law("places come back when their owner dies or leaves", async (store) => {
    await keyed(store, 4, 1);
    await store.heartbeat("node-b", startMs, startMs);
    assert.deepEqual(await claim(store, now, 9, undefined, "node-b"), ["1"]);
    assert.deepEqual(await claim(store, now), []);
    await store.reapDeadNodes(now);
    await store.setStatus("1", ["queued"], "paused", null, null);
    assert.deepEqual(await claim(store, now), ["2"]);

    await claim(store, now);
    await store.leave("node-a", now);
    await store.setStatus("2", ["queued"], "paused", null, null);
    assert.deepEqual(await claim(store, now), ["3"]);
  });

  law("a place is passed on when the run that would have taken it is paused or deleted", async (store) => {
    await keyed(store, 4, 1);
    await claim(store, now);
    await claim(store, now);
    await done(store, "1");

    assert.equal(await store.setStatus("2", ["queued"], "paused", null, null), true);
    assert.equal(await store.delete("3"), true);
    assert.deepEqual(await claim(store, now), ["4"]);
  });

  law("a place is not kept for a workflow that the claimer does not serve", async (store) => {
    const run = (runId: RunId, workflow: string, delayMs: number): Promise<unknown> =>
      create(store, newRun(runId, { workflow, limitKey: "k", limitMax: 1, wakeAtMs: startMs + delayMs }));
    await run("1", "here", 1);
    await run("2", "gone", 2);
    await run("3", "here", 3);
    assert.deepEqual(await claim(store, now, 1), ["1"]);
    // Both are held back, the one that nobody serves first.
    assert.deepEqual(await claim(store, now, 9, ["gone"]), []);
    assert.deepEqual(await claim(store, now, 9, ["here"]), []);
    await done(store, "1");

    assert.deepEqual(await claim(store, now, 9, ["here"]), ["3"]);
  });

  law("each run's own limit counts where runs of one key differ", async (store) => {
    const run = (runId: RunId, limitMax: number): Promise<unknown> =>
      create(store, newRun(runId, { limitKey: "k", limitMax, wakeAtMs: startMs + Number(runId) }));
    for (const [runId, max] of [
      ["1", 3],
      ["2", 3],
      ["3", 3],
      ["4", 1],
      ["5", 3],
    ] as const)
      await run(runId, max);

    assert.deepEqual(await claim(store, now), ["1", "2", "3"]);
    await done(store, "1");
    assert.deepEqual(await claim(store, now), ["5"]);
    for (const runId of ["2", "3", "5"]) await done(store, runId);
    assert.deepEqual(await claim(store, now), ["4"]);
  });

  law("mail and a release do not lift a run over its limit", async (store) => {
    await keyed(store, 2, 1);
    await claim(store, now);
    await claim(store, now);
    assert.equal(await send(store, message("2", "m")), "kept");
    assert.deepEqual(await claim(store, now), []);

    assert.deepEqual(await append(store, part("1", 1, { release: { status: "completed", wakeAtMs: null } })), { status: "ok", seq: 1 });
    assert.deepEqual(await claim(store, now), ["2"]);
  });
}
