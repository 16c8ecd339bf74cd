import assert from "node:assert/strict";
import { ageingMs } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, claim, commit, create, createOwned, newRow, newRun, part, release, row, startMs } from "./sample.ts";

export function claimLaws(law: Law): void {
  law("a claim takes a run from its wake time on, and raises its epoch by one", async (store) => {
    await create(store, newRun("run", { wakeAtMs: startMs + 100 }));
    assert.deepEqual(await claim(store, startMs + 99), []);

    const rows = await store.claim({ node: "node-b", limit: 1, nowMs: startMs + 100 });
    assert.deepEqual(rows, [newRow("run", { status: "running", epoch: 1, owner: "node-b", wakeAtMs: null })]);
    assert.deepEqual(await row(store, "run"), rows[0]);
    await release(store, "run", 1, "waiting", startMs + 200);
    assert.equal((await store.claim({ node: "node-a", limit: 1, nowMs: startMs + 200 }))[0]?.epoch, 2);
  });

  law("highest priority goes first, then the longest due", async (store) => {
    const runs = [
      ["low", -1, 0],
      ["late", 0, 30],
      ["early", 0, 10],
      ["high", 5, 40],
      ["middle", 0, 20],
    ] as const;
    for (const [runId, priority, delayMs] of runs) await create(store, newRun(runId, { priority, wakeAtMs: startMs + delayMs }));

    assert.deepEqual(await claim(store, startMs + 40, 2), ["high", "early"]);
    assert.deepEqual(await claim(store, startMs + 40, 9), ["middle", "late", "low"]);
  });

  law("waiting for as long as a level of priority is worth makes up for it", async (store) => {
    const runs = [
      ["level", 2, 2 * ageingMs],
      ["lower-by-a-moment", 1, ageingMs + 1],
      ["higher-by-a-moment", 3, 3 * ageingMs - 1],
      ["oldest", 0, 0],
    ] as const;
    for (const [runId, priority, delayMs] of runs) await create(store, newRun(runId, { priority, wakeAtMs: startMs + delayMs }));

    // Of two alike the one goes first that was there first, whatever their priorities are.
    assert.deepEqual(await claim(store, startMs + 3 * ageingMs, 1), ["higher-by-a-moment"]);
    assert.deepEqual(await claim(store, startMs + 3 * ageingMs, 9), ["level", "oldest", "lower-by-a-moment"]);
  });

  law(
    "one of low priority goes before newer ones of high priority when it has waited for long enough, also of another workflow",
    async (store) => {
      await create(store, newRun("patient", { priority: -1, workflow: "other" }));
      for (let index = 0; index < 20; index++) {
        const wakeAtMs = startMs + index * (ageingMs / 10);
        await create(store, newRun(`urgent-${index}`, { priority: 0, wakeAtMs }));
      }

      const order = await claim(store, startMs + 2 * ageingMs, 100);
      assert.equal(order.indexOf("patient"), 10, "ten came in the first minute, and the eleventh just as it was over");
      assert.deepEqual(
        order.filter((runId) => runId !== "patient"),
        Array.from({ length: 20 }, (_, index) => `urgent-${index}`),
      );
    },
  );

  law("a high priority does not make a run due", async (store) => {
    await create(store, newRun("high", { priority: 9, wakeAtMs: startMs + 100 }));
    await create(store, newRun("low", { wakeAtMs: startMs }));

    assert.deepEqual(await claim(store, startMs + 50), ["low"]);
    assert.deepEqual(await claim(store, startMs + 100), ["high"]);
  });

  law("a claim takes no more than its limit", async (store) => {
    for (let index = 0; index < 10; index++) await create(store, newRun(`run-${index}`));

    assert.equal((await claim(store, startMs, 4)).length, 4);
    assert.deepEqual(await claim(store, startMs, 0), []);
    assert.equal((await claim(store, startMs, 100)).length, 6);
  });

  law("a claim keeps to the workflows that it names", async (store) => {
    await create(store, newRun("a", { workflow: "one" }));
    await create(store, newRun("b", { workflow: "one", version: "1" }));
    await create(store, newRun("c", { workflow: "one", version: "2" }));
    await create(store, newRun("d", { workflow: "two" }));
    await create(store, newRun("e", { workflow: "two@1" }));

    assert.deepEqual(await claim(store, startMs, 9, []), []);
    assert.deepEqual(await claim(store, startMs, 9, ["three", "on", "one@3"]), []);
    assert.deepEqual(await claim(store, startMs, 9, ["one@2"]), ["c"]);
    assert.deepEqual(await claim(store, startMs, 9, ["one"]), ["a"], "without a version");
    assert.deepEqual(await claim(store, startMs, 9, ["one", "one@1"]), ["b"]);
    assert.deepEqual(await claim(store, startMs, 9, ["two@1"]), ["e"]);
    assert.deepEqual(await claim(store, startMs, 9), ["d"]);
  });

  law("a run that changed its version is claimed under the new one", async (store) => {
    await createOwned(store, "run", { version: "1" });
    await append(store, part("run", 1, { release: { status: "waiting", wakeAtMs: startMs, version: "2" } }));

    assert.deepEqual(await claim(store, startMs, 9, ["sample@1"]), []);
    assert.deepEqual(await claim(store, startMs, 9, ["sample@2"]), ["run"]);
    assert.equal((await row(store, "run")).version, "2");
    await append(store, part("run", 1, { epoch: 2, release: { status: "waiting", wakeAtMs: startMs } }));
    assert.equal((await row(store, "run")).version, "2", "an absent version stays as it is");
    await claim(store, startMs);
    await append(store, part("run", 1, { epoch: 3, release: { status: "waiting", wakeAtMs: startMs, version: null } }));
    assert.equal((await row(store, "run")).version, null);
  });

  law("running, paused and ended runs are not claimed, nor those that wait for mail only", async (store) => {
    for (const status of ["paused", "completed", "failed", "cancelled", "timed-out"] as const) {
      await createOwned(store, status);
      await release(store, status, 1, status, startMs);
    }
    await createOwned(store, "running");
    await createOwned(store, "mail-only");
    await release(store, "mail-only", 1, "waiting", null);
    await create(store, newRun("never", { wakeAtMs: null }));

    assert.deepEqual(await claim(store, startMs + 1_000_000), []);
    assert.equal(await store.nextWakeMs(), null);
  });

  law("claims at once never share a run", async (store) => {
    await commit(store, { creates: Array.from({ length: 60 }, (_, index) => newRun(`run-${index}`)) });

    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, index) => store.claim({ node: `node-${index}`, limit: 7, nowMs: startMs })),
    );
    const rows = claims.flat();
    assert.equal(rows.length, 60);
    assert.equal(new Set(rows.map((one) => one.runId)).size, 60);
    assert.ok(rows.every((one) => one.epoch === 1));
  });

  law("a run that is not due when the clock went back is claimed when it is due again", async (store) => {
    await create(store, newRun("one", { wakeAtMs: startMs + 50 }));
    await create(store, newRun("two", { wakeAtMs: startMs + 60 }));
    assert.deepEqual(await claim(store, startMs + 100, 1), ["one"]);

    assert.deepEqual(await claim(store, startMs + 59), []);
    assert.deepEqual(await claim(store, startMs + 60), ["two"]);
  });

  law("nextWakeMs is the earliest wake time of runs that can be claimed", async (store) => {
    assert.equal(await store.nextWakeMs(), null);
    await create(store, newRun("late", { wakeAtMs: startMs + 300, priority: 5 }));
    await create(store, newRun("early", { wakeAtMs: startMs + 100, workflow: "other", version: "1" }));
    await create(store, newRun("middle", { wakeAtMs: startMs + 200 }));

    assert.equal(await store.nextWakeMs(), startMs + 100);
    assert.equal(await store.nextWakeMs({ workflows: ["sample"] }), startMs + 200);
    assert.equal(await store.nextWakeMs({ workflows: ["other@1", "nothing"] }), startMs + 100);
    assert.equal(await store.nextWakeMs({ workflows: ["other@2"] }), null);
    await claim(store, startMs + 100);
    assert.equal(await store.nextWakeMs(), startMs + 200);
  });

  law("nextWakeMs of runs that are due is not later than the claim that would take them", async (store) => {
    for (let index = 0; index < 5; index++) await create(store, newRun(`run-${index}`, { wakeAtMs: startMs + index, priority: index }));
    await claim(store, startMs + 10, 1);

    assert.ok(((await store.nextWakeMs()) ?? Number.POSITIVE_INFINITY) <= startMs + 3);
  });

  law("a claim clears the note and the dead-letter code of the time before", async (store) => {
    await createOwned(store, "run");
    await append(store, part("run", 1, { release: { status: "waiting", wakeAtMs: startMs, note: "for Ann", dead: "ODD" } }));
    assert.deepEqual([(await row(store, "run")).note, (await row(store, "run")).dead], ["for Ann", "ODD"]);

    await claim(store, startMs);
    assert.deepEqual([(await row(store, "run")).note, (await row(store, "run")).dead], [null, null]);
  });
}
