import assert from "node:assert/strict";
import type { RunId, RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, claim, commit, create, message, newRun, part, release, row, type RowFields, send, startMs } from "./sample.ts";

const periodMs = 1_000;
const now = startMs + 10_000;

const rated = (rateMax: number, fields: RowFields = {}): RowFields => ({ rateKey: "r", rateMax, ratePeriodMs: periodMs, ...fields });

/** Runs "1", "2", … at this rate, due one after the other. */
async function queued(store: RunStore, count: number, rateMax: number, fields: RowFields = {}): Promise<void> {
  await commit(store, {
    creates: Array.from({ length: count }, (_, index) =>
      newRun(String(index + 1), rated(rateMax, { wakeAtMs: startMs + index, ...fields })),
    ),
  });
}

export function rateLaws(law: Law): void {
  law("no more runs of a key begin in any time of its period than its rate, and the next wakes when it may begin", async (store) => {
    await queued(store, 5, 2);

    assert.deepEqual(await claim(store, now), ["1", "2"]);
    assert.deepEqual(await claim(store, now), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);
    assert.deepEqual(await claim(store, now + periodMs - 1), []);
    assert.deepEqual(await claim(store, now + periodMs, 1), ["3"]);
    assert.deepEqual(await claim(store, now + periodMs + 400), ["4"]);
    assert.deepEqual(await claim(store, now + 2 * periodMs - 1), []);
    assert.equal(await store.nextWakeMs(), now + 2 * periodMs);
    assert.deepEqual(await claim(store, now + 2 * periodMs), ["5"]);
  });

  law("at a random pace the rate holds in every window, and a run begins whenever one may", async (store) => {
    await queued(store, 60, 3);
    const began: number[] = [];
    let atMs = now;
    for (let step = 0; step < 400 && began.length < 60; step++) {
      atMs += 1 + ((step * 7_919) % 300);
      const free = 3 - began.filter((beganMs) => beganMs > atMs - periodMs).length;
      const taken = await claim(store, atMs, 1 + (step % 4));
      assert.equal(taken.length, Math.min(1 + (step % 4), free, 60 - began.length));
      began.push(...taken.map(() => atMs));
    }
    assert.equal(began.length, 60);
  });

  law("a rate that is used up does not hold up runs behind it, nor those of other keys and none", async (store) => {
    await queued(store, 30, 1, { priority: 3 });
    await create(store, newRun("other", rated(1, { rateKey: "q", wakeAtMs: startMs + 500 })));
    await create(store, newRun("free", { wakeAtMs: startMs + 600 }));

    assert.deepEqual((await claim(store, now, 3)).toSorted(), ["1", "free", "other"]);
    assert.equal((await store.list({ status: ["queued"] })).length, 29);
    assert.equal(await store.nextWakeMs(), now + periodMs);
  });

  law("only what begins needs a permit: a run that was parked, freed or lost its node goes on at once", async (store) => {
    await queued(store, 3, 1);
    await store.heartbeat("node-a", now + 10, now);
    assert.deepEqual(await claim(store, now), ["1"]);
    await release(store, "1", 1, "waiting", now);
    assert.deepEqual(await claim(store, now), ["1"]);
    await store.reapDeadNodes(now + 11);
    assert.deepEqual(await claim(store, now + 11, 9, undefined, "node-b"), ["1"]);
    await store.leave("node-b", now + 12);
    assert.deepEqual(await claim(store, now + 12, 9, undefined, "node-c"), ["1"]);
    assert.deepEqual(await claim(store, now + periodMs, 9, undefined, "node-c"), ["2"]);
  });

  law("a node's death gives no permit back", async (store) => {
    await queued(store, 2, 1);
    await store.heartbeat("node-a", now + 10, now);
    assert.deepEqual(await claim(store, now), ["1"]);
    await store.reapDeadNodes(now + 11);
    await store.setStatus("1", ["queued"], "cancelled", null, null);

    assert.deepEqual(await claim(store, now + periodMs - 1, 9, undefined, "node-b"), []);
    assert.deepEqual(await claim(store, now + periodMs, 9, undefined, "node-b"), ["2"]);
  });

  law("claimFor respects the rate, takes a permit, and does not go before who waits", async (store) => {
    const make = (runId: RunId, fields: RowFields = {}) =>
      create(store, newRun(runId, rated(2, { createdAtMs: now, wakeAtMs: now, ...fields }), { claimFor: "node-a" }));
    assert.deepEqual(await make("1"), { status: "created", claimed: true });
    assert.deepEqual(await make("1"), { status: "exists", row: await row(store, "1") });
    assert.deepEqual(await make("2"), { status: "created", claimed: true });
    assert.deepEqual(await make("3"), { status: "created", claimed: false });
    assert.deepEqual(await claim(store, now), []);

    const later = now + periodMs;
    assert.deepEqual(await make("4", { createdAtMs: later, wakeAtMs: later }), { status: "created", claimed: false });
    assert.deepEqual(await claim(store, later), ["3", "4"]);
    assert.deepEqual(await claim(store, later + periodMs), []);
    assert.deepEqual(await make("5", { createdAtMs: later + periodMs }), { status: "created", claimed: true });
  });

  law("claimFor counts the runs of its own batch against the rate", async (store) => {
    const verdict = await commit(store, {
      creates: ["1", "2", "3"].map((runId) => newRun(runId, rated(2, { createdAtMs: now, wakeAtMs: now }), { claimFor: "node-a" })),
    });
    assert.deepEqual(
      verdict.creates.map((each) => each.status === "created" && each.claimed),
      [true, true, false],
    );
  });

  law("who waits for a rate goes by priority and waiting, also one that comes late", async (store) => {
    await queued(store, 3, 1);
    assert.deepEqual(await claim(store, now), ["1"]);
    await claim(store, now);
    await create(store, newRun("urgent", rated(1, { priority: 9, wakeAtMs: now })));
    await create(store, newRun("low", rated(1, { priority: -9, wakeAtMs: startMs })));
    assert.deepEqual(await claim(store, now), []);
    assert.equal((await row(store, "urgent")).wakeAtMs, now + periodMs, "it waits in the place of the one before");
    assert.equal((await row(store, "2")).wakeAtMs, startMs + 1);

    const order: RunId[] = [];
    for (let period = 1; period <= 4; period++) order.push(...(await claim(store, now + period * periodMs)));
    assert.deepEqual(order, ["urgent", "2", "3", "low"]);
  });

  law("tenants that wait for one rate take turns", async (store) => {
    await queued(store, 4, 1, { tenant: "a", priority: 9 });
    await commit(store, { creates: ["b1", "b2"].map((runId) => newRun(runId, rated(1, { tenant: "b" }))) });

    const order: RunId[] = [];
    for (let period = 0; period < 6; period++) order.push(...(await claim(store, now + period * periodMs)));
    assert.deepEqual(order, ["1", "b1", "2", "b2", "3", "4"]);
  });

  law("when the one that waits for the rate is paused, deleted or cancelled, the next has its turn", async (store) => {
    await queued(store, 4, 1);
    assert.deepEqual(await claim(store, now), ["1"]);
    assert.deepEqual(await claim(store, now), []);
    assert.equal(await store.setStatus("2", ["queued"], "paused", null, null), true);
    assert.ok((await store.nextWakeMs()) !== null, "the next is met");
    assert.deepEqual(await claim(store, now + 1), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);
    assert.equal(await store.delete("3"), true);
    assert.deepEqual(await claim(store, now + 2), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);

    assert.deepEqual(await claim(store, now + periodMs), ["4"]);
    await store.setStatus("2", ["paused"], "queued", now, null);
    assert.deepEqual(await claim(store, now + periodMs), []);
    assert.deepEqual(await claim(store, now + 2 * periodMs), ["2"]);
  });

  law("each kind that waits for a rate is met by those who serve it", async (store) => {
    await create(store, newRun("1", rated(1, { workflow: "here" })));
    await create(store, newRun("2", rated(1, { workflow: "gone", wakeAtMs: startMs + 1 })));
    await create(store, newRun("3", rated(1, { workflow: "here", wakeAtMs: startMs + 2 })));
    assert.deepEqual(await claim(store, now), ["1"]);
    assert.deepEqual(await claim(store, now), []);

    assert.deepEqual(await claim(store, now + periodMs, 9, ["here"]), ["3"]);
    assert.deepEqual(await claim(store, now + 2 * periodMs), ["2"]);
  });

  law("with a limit besides, a run begins when it has both, and neither is kept from others", async (store) => {
    const both = (runId: RunId, rateKey: string, delayMs: number): Promise<unknown> =>
      create(store, newRun(runId, rated(1, { rateKey, limitKey: "k", limitMax: 1, wakeAtMs: startMs + delayMs })));
    await both("a1", "a", 1);
    await both("a2", "a", 2);
    await both("a3", "a", 3);
    await both("b1", "b", 4);
    await create(store, newRun("plain", { limitKey: "k", limitMax: 1, wakeAtMs: startMs + 5 }));
    assert.deepEqual(await claim(store, now), ["a1"]);
    assert.deepEqual(await claim(store, now), []);

    await release(store, "a1", 1, "completed");
    assert.deepEqual(await claim(store, now + 1), ["b1"], "the rate of the others is used up");
    await release(store, "b1", 1, "completed");
    assert.deepEqual(await claim(store, now + 2), ["plain"]);
    assert.deepEqual(await claim(store, now + periodMs), [], "the place is taken");
    await release(store, "plain", 1, "completed");
    assert.deepEqual(await claim(store, now + periodMs), ["a2"]);
    await release(store, "a2", 1, "completed");
    assert.deepEqual(await claim(store, now + 2 * periodMs - 1), []);
    assert.deepEqual(await claim(store, now + 2 * periodMs), ["a3"]);
  });

  law("one rate of many limits lets begin whoever has a place", async (store) => {
    const run = (runId: RunId, limitKey: string): Promise<unknown> =>
      create(store, newRun(runId, rated(1, { limitKey, limitMax: 1, wakeAtMs: startMs })));
    for (const runId of ["a1", "a2", "b1", "c1"]) await run(runId, runId.slice(0, 1));
    const order: RunId[] = [];
    for (let period = 0; period < 4; period++) {
      const taken = await claim(store, now + period * periodMs);
      assert.equal(taken.length <= 1, true);
      order.push(...taken);
    }
    assert.deepEqual(order.toSorted(), ["a1", "b1", "c1"]);
    await release(store, "a1", 1, "completed");
    assert.deepEqual(await claim(store, now + 9 * periodMs), ["a2"]);
  });

  law("many permits that are free at once are used at once", async (store) => {
    await queued(store, 300, 150);

    assert.equal((await claim(store, now, 1_000)).length, 150);
    assert.deepEqual(await claim(store, now + 1, 1_000), []);
    assert.equal((await claim(store, now + periodMs, 1_000)).length, 150);
  });

  law("very many runs that wait for a rate hold nobody else up, and are out of the way after few claims", async (store) => {
    await queued(store, 5_000, 1, { tenant: "a", priority: 9 });
    await commit(store, { creates: ["b1", "b2"].map((runId) => newRun(runId, { tenant: "b" })) });

    const first = await claim(store, now, 10);
    assert.deepEqual(first.toSorted(), ["1", "b1", "b2"]);
    for (let more = 0; more < 5; more++) assert.deepEqual(await claim(store, now, 10), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);
    await create(store, newRun("more", rated(1, { tenant: "a", wakeAtMs: startMs + 6_000, createdAtMs: now })));
    assert.deepEqual(await claim(store, now, 10), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);
    assert.deepEqual(await claim(store, now + periodMs, 10), ["2"]);
  });

  law("mail to a run that waits for its rate does not let it begin before its time", async (store) => {
    await queued(store, 3, 1);
    await claim(store, now);
    await claim(store, now);
    for (const runId of ["2", "3"]) assert.equal(await send(store, message(runId, "m", { atMs: now + 1 })), "kept");

    assert.deepEqual(await claim(store, now + 2), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);
    assert.deepEqual(await claim(store, now + periodMs), ["2"]);
    assert.deepEqual(await claim(store, now + 2 * periodMs), ["3"]);
  });

  law("a claim that looked at the clock before another, and is heard after it, changes nothing of what began", async (store) => {
    await queued(store, 4, 2);
    assert.deepEqual(await claim(store, now + 300, 1), ["1"]);
    assert.deepEqual(await claim(store, now, 1), ["2"]);
    assert.deepEqual(await claim(store, now), []);

    assert.equal(await store.nextWakeMs(), now + 300 + periodMs);
    assert.deepEqual(await claim(store, now + 299 + periodMs), []);
    assert.deepEqual(await claim(store, now + 300 + periodMs), ["3", "4"]);
  });

  law("a clock that was set back lets begin nothing too early, and after a period all is as ever", async (store) => {
    await queued(store, 4, 1);
    assert.deepEqual(await claim(store, now + 3_600_000, 1), ["1"]);

    // Given at a time that is to come, a permit counts as given now.
    assert.deepEqual(await claim(store, now), []);
    assert.equal(await store.nextWakeMs(), now + periodMs);
    assert.deepEqual(await claim(store, now + periodMs), ["2"]);
    assert.deepEqual(await claim(store, now + periodMs + 1), []);
    assert.deepEqual(await claim(store, now + 2 * periodMs), ["3"]);
  });

  law("a run keeps its rate, and one that was put back has begun", async (store) => {
    await create(store, newRun("run", rated(1), { claimFor: "node-a" }));
    assert.deepEqual(await append(store, part("run", 1, { release: { status: "queued", wakeAtMs: now } })), { status: "ok", seq: 1 });
    const { rateKey, rateMax, ratePeriodMs } = await row(store, "run");

    assert.deepEqual([rateKey, rateMax, ratePeriodMs], ["r", 1, periodMs]);
    await create(store, newRun("next", rated(1, { wakeAtMs: now + 1 })));
    assert.deepEqual(await claim(store, now + 1), ["run", "next"], "the permit of the first is long over");
  });
}
