import assert from "node:assert/strict";
import { ageingMs, type RunId, type RunStore } from "@heddle/kernel";
import type { Law } from "./law.ts";
import { append, claim, commit, create, createOwned, newRow, newRun, part, release, row, type RowFields, startMs } from "./sample.ts";

const now = startMs + 1_000;

/** Runs "a1", "a2", … of tenant "a", due one after the other; of nobody where it is empty. */
async function of(store: RunStore, tenant: string, count: number, fields: RowFields = {}): Promise<void> {
  await commit(store, {
    creates: Array.from({ length: count }, (_, index) =>
      newRun(`${tenant}${index + 1}`, { tenant: tenant === "" ? null : tenant, wakeAtMs: startMs + index, ...fields }),
    ),
  });
}

/** All that can be taken, in claims of so many. */
async function takenIn(store: RunStore, limit: number): Promise<RunId[]> {
  const taken: RunId[] = [];
  for (;;) {
    const runIds = await claim(store, now, limit);
    if (runIds.length === 0) return taken;
    taken.push(...runIds);
  }
}

const tenantOf = (runId: RunId): string => runId.replace(/\d+$/, "");

/** Between two runs of one tenant each other one that is still to come had its turn. */
function assertTurns(order: readonly RunId[]): void {
  const tenants = order.map(tenantOf);
  for (const [at, tenant] of tenants.entries()) {
    const before = tenants.lastIndexOf(tenant, at - 1);
    if (at === 0 || before < 0) continue;
    const between = new Set(tenants.slice(before + 1, at));
    const missed = new Set(tenants.slice(at).filter((other) => other !== tenant && !between.has(other)));
    assert.deepEqual([...missed], [], `nobody is passed over before ${order[at]} in ${order.join(" ")}`);
  }
}

export function tenantLaws(law: Law): void {
  for (const limit of [1, 3, 4, 100])
    law(`tenants take turns in claims of ${limit}, and inside each the order of claims holds`, async (store) => {
      await of(store, "b", 9);
      await of(store, "a", 3);
      await of(store, "", 5);
      await of(store, "c", 1);
      await of(store, "long@name", 4);

      const order = await takenIn(store, limit);
      assert.equal(order.length, 22);
      assertTurns(order);
      for (const [tenant, count] of [
        ["b", 9],
        ["a", 3],
        ["", 5],
      ] as const)
        assert.deepEqual(
          order.filter((runId) => tenantOf(runId) === tenant),
          Array.from({ length: count }, (_, index) => `${tenant}${index + 1}`),
        );
    });

  law("priority and waiting count inside a tenant, and not between two", async (store) => {
    await of(store, "loud", 4, { priority: 1_000 });
    await of(store, "quiet", 2, { priority: -1_000 });
    await create(store, newRun("quiet3", { tenant: "quiet", priority: -999, wakeAtMs: now }));
    await create(store, newRun("loud5", { tenant: "loud", priority: 999, wakeAtMs: startMs - ageingMs }));

    const order = await takenIn(store, 2);
    assertTurns(order);
    assert.deepEqual(
      order.filter((runId) => tenantOf(runId) === "quiet"),
      ["quiet3", "quiet1", "quiet2"],
    );
    assert.deepEqual(
      order.filter((runId) => tenantOf(runId) === "loud"),
      ["loud1", "loud5", "loud2", "loud3", "loud4"].toSorted((one, other) => order.indexOf(one) - order.indexOf(other)),
    );
  });

  law("tenants take turns whatever the workflows, versions and queues of their runs are", async (store) => {
    await of(store, "a", 6, { workflow: "one" });
    await of(store, "b", 3, { workflow: "two", version: "1" });
    await create(store, newRun("b4", { tenant: "b", workflow: "one", wakeAtMs: startMs + 3 }));
    await of(store, "c", 3, { workflow: "one", queue: "gpu" });
    await create(store, newRun("c4", { tenant: "c", workflow: "two", version: "2", wakeAtMs: startMs - 1 }));

    const order = await takenIn(store, 3);
    assertTurns(order);
    assert.deepEqual(
      order.filter((runId) => tenantOf(runId) === "c"),
      ["c4", "c1", "c2", "c3"],
    );
    assert.deepEqual(
      order.filter((runId) => tenantOf(runId) === "b"),
      ["b1", "b2", "b3", "b4"],
    );
  });

  law("a tenant with parked runs only is passed over, until they are due", async (store) => {
    await of(store, "a", 4);
    await of(store, "b", 3, { wakeAtMs: now + 10 });
    await of(store, "c", 2);

    const order = await takenIn(store, 1);
    assert.equal(order.length, 6);
    assertTurns(order);
    assert.equal(await store.nextWakeMs(), now + 10);
    assert.equal((await claim(store, now + 10)).length, 3);
  });

  law("one who comes late has a turn before the others have had two more", async (store) => {
    await of(store, "a", 6);
    await of(store, "b", 6);
    const early = await claim(store, now, 3);
    await of(store, "late", 1);

    const next = await claim(store, now, 5);
    assert.ok(next.indexOf("late1") >= 0 && next.indexOf("late1") <= 2, [...early, ...next].join(" "));
  });

  law("a run that its limit holds back is no turn of its tenant", async (store) => {
    await of(store, "a", 3, { limitKey: "k", limitMax: 1, priority: 1 });
    await create(store, newRun("a4", { tenant: "a", wakeAtMs: startMs }));
    await create(store, newRun("a5", { tenant: "a", wakeAtMs: startMs + 1 }));
    await of(store, "b", 4);

    const order = await takenIn(store, 100);
    assert.deepEqual(
      order.filter((runId) => tenantOf(runId) === "a"),
      ["a1", "a4", "a5"],
    );
    assert.equal(order.length, 7);
    assertTurns(order);
  });

  law("of one tenant's many held runs none is in the way of another's", async (store) => {
    await of(store, "a", 50, { limitKey: "k", limitMax: 1, priority: 5 });
    await of(store, "b", 2);

    assert.deepEqual((await claim(store, now, 3)).toSorted(), ["a1", "b1", "b2"]);
    assert.equal(await store.nextWakeMs(), null);
  });

  law("a place that becomes free goes to the tenant that comes next by name, there to the one that goes first", async (store) => {
    const fields = { limitKey: "k", limitMax: 1 };
    await of(store, "a", 3, fields);
    assert.deepEqual(await claim(store, now, 1), ["a1"]);
    await of(store, "b", 2, fields);
    await of(store, "", 1, fields);
    await create(store, newRun("b9", { ...fields, tenant: "b", priority: 1, wakeAtMs: now }));
    assert.deepEqual(await claim(store, now), []);

    for (const [done, next] of [
      ["a1", "b9"],
      ["b9", "1"],
      ["1", "a2"],
      ["a2", "b1"],
      ["b1", "a3"],
      ["a3", "b2"],
    ] as const) {
      await release(store, done, 1, "completed");
      assert.deepEqual(await claim(store, now), [next]);
    }
  });

  law("claims of one node do not take the turns of another's tenants", async (store) => {
    await of(store, "a", 3, { workflow: "one" });
    await of(store, "b", 3, { workflow: "one" });
    await of(store, "m", 9, { workflow: "two" });
    await of(store, "z", 3, { workflow: "one" });

    const order: RunId[] = [];
    for (let turn = 0; turn < 9; turn++) {
      order.push(...(await claim(store, now, 1, ["one"], "node-a")));
      assert.equal((await claim(store, now, 1, ["two"], "node-b")).length, 1);
    }
    assert.equal(order.length, 9);
    assertTurns(order);
  });

  law("a bound of a node holds for all tenants together", async (store) => {
    const placement = '{"maxPerNode":3}';
    for (const tenant of ["a", "b", "c", "d"]) await of(store, tenant, 2, { placement });

    assert.equal((await claim(store, now)).length, 3);
    assert.deepEqual(await claim(store, now), []);
    assert.equal((await claim(store, now, 100, undefined, "node-b")).length, 3);
  });

  law("a run keeps its tenant when it is parked, freed and given another version", async (store) => {
    await createOwned(store, "run", { tenant: "acme", version: "1" });
    await append(store, part("run", 1, { release: { status: "waiting", wakeAtMs: startMs, version: "2" } }));
    assert.deepEqual(await row(store, "run"), newRow("run", { tenant: "acme", version: "2", status: "waiting", epoch: 1 }));

    assert.equal((await store.claim({ node: "node-a", limit: 1, nowMs: now }))[0]?.tenant, "acme");
    await store.leave("node-a", now);
    assert.equal((await row(store, "run")).tenant, "acme");
    assert.equal((await store.list({}))[0]?.tenant, "acme");
  });

  law("more tenants than a claim looks at, who have parked runs only, hold nobody up for long", async (store) => {
    const parked = Array.from({ length: 2_300 }, (_, index) =>
      newRun(`p${index}`, { tenant: `m${String(index).padStart(5, "0")}`, wakeAtMs: now + 1_000_000 }),
    );
    await commit(store, { creates: parked });
    await of(store, "z", 40);
    await of(store, "y", 3);

    const order: RunId[] = [];
    for (let turn = 0; turn < 8; turn++) {
      const taken = await claim(store, now, 2);
      assert.equal(taken.length, 2, "there is always something");
      order.push(...taken);
    }
    const first = order.findIndex((runId) => tenantOf(runId) === "y");
    assert.ok(first >= 0 && first < 8, order.join(" "));
  });
}
