import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommitBatch, RunRow, RunStore } from "@heddle/kernel";
import { HeddleError, workflow } from "heddle";
import { FakePlace } from "./fake-place.ts";

const unavailable = (): HeddleError => new HeddleError("STORE_UNAVAILABLE", "The answer was lost.");

/** A store in which one method is another. */
function instead<Name extends keyof RunStore>(name: Name, make: (store: RunStore) => RunStore[Name]): (store: RunStore) => RunStore {
  return (store) => {
    const other = make(store);
    return new Proxy(store, {
      get(target, wanted): unknown {
        if (wanted === name) return other;
        const value: unknown = Reflect.get(target, wanted, target);
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
  };
}

const job = workflow("job", async (ctx) => ctx.receive<number>("word", "word"));

test("case 28: runs of a claim whose answer was lost are found by their owner, and go on", async () => {
  await using place = new FakePlace();
  let lost: readonly RunRow[] = [];
  const engine = await place.open(
    { workflows: [job] },
    instead("claim", (store) => async (options) => {
      const rows = await store.claim(options);
      if (rows.length === 0 || lost.length > 0) return rows;
      lost = rows;
      throw unavailable();
    }),
  );
  const ids = ["a", "b", "c"];
  const runs = await Promise.all(ids.map((id) => engine.start(job, undefined, { id })));
  for (const id of ids) await place.untilStatus(id, "waiting");
  for (const id of ids) await engine.signal(id, "word", 7);

  for (const run of runs) assert.equal(await place.clock.runUntil(run.result(), 60_000), 7);
  assert.ok(lost.length > 0);
  for (const { runId, epoch, crashes } of lost) assert.deepEqual([(await place.row(runId)).epoch, crashes], [epoch + 1, 0]);
});

test("case 28: a child whose id was another run's is told to its parent, also when the answer to its start was lost", async () => {
  await using place = new FakePlace();
  const child = workflow("child", async () => 1);
  const parent = workflow("parent", async (ctx) => ctx.call("call", child, undefined, { id: "taken" }));
  let lost = 0;
  const engine = await place.open(
    { workflows: [parent, child] },
    instead("commit", (store) => async (batch: CommitBatch) => {
      const verdict = await store.commit(batch);
      if (lost > 0 || batch.parts?.some(({ children }) => children !== undefined) !== true) return verdict;
      lost++;
      throw unavailable();
    }),
  );
  await place.clock.runUntil((await engine.start(job, undefined, { id: "taken" })).summary());
  const run = await engine.start(parent, undefined, { id: "parent" });

  await assert.rejects(
    place.clock.runUntil(run.result(), 60_000),
    (error) => error instanceof HeddleError && /there is a run taken already/.test(String(error.cause)),
  );
  assert.equal(lost, 1);
});

test("case 29: an owner whose store stands elsewhere than it was told lets the run go at once, and goes on from the journal", async () => {
  await using place = new FakePlace();
  let refused = 0;
  const did: number[] = [];
  const two = workflow("two", async (ctx) => {
    const one = await ctx.step("one", () => did.push(1));
    return one + (await ctx.step("two", () => did.push(2)));
  });
  const engine = await place.open(
    { workflows: [two] },
    instead("commit", (store) => async (batch: CommitBatch) => {
      if (
        refused > 0 ||
        batch.parts?.some(({ events }) => events.some((event) => event.includes('"two"') && event.includes("op-ended"))) !== true
      )
        return store.commit(batch);
      refused++;
      return { creates: [], parts: batch.parts.map(() => ({ status: "stale" as const })), messages: [] };
    }),
  );
  const run = await engine.start(two, undefined, { id: "two" });

  // Sooner than anybody looks for what was left lying.
  assert.equal(await place.clock.runUntil(run.result(), 1_000), 4);
  assert.deepEqual([refused, did, (await place.row("two")).epoch], [1, [1, 2, 2], 2]);
});

test("case 30: mail that cannot be read for a while is read later, by the same owner", async () => {
  await using place = new FakePlace();
  let refused = 0;
  let begun = 0;
  const held = Promise.withResolvers<void>();
  const busy = workflow("busy", async (ctx) => {
    await ctx.step("work", async () => {
      begun++;
      await held.promise;
    });
    return ctx.receive<number>("word", "word");
  });
  const engine = await place.open(
    { workflows: [busy] },
    instead("readMail", (store) => async (runId) => {
      if (refused++ < 3) throw unavailable();
      return store.readMail(runId);
    }),
  );
  const run = await engine.start(busy, undefined, { id: "busy" });
  await place.until(() => begun === 1, "the step has begun");
  await engine.signal("busy", "word", 7);
  await place.until(() => refused > 0, "its mail was asked for");
  held.resolve();

  assert.equal(await place.clock.runUntil(run.result(), 60_000), 7);
  assert.equal(begun, 1);
  assert.equal((await place.row("busy")).epoch, 1);
});

test("case 30: who waits for a run's end goes on waiting while the store does not answer", async () => {
  await using place = new FakePlace();
  let refusing = false;
  let refused = 0;
  const watcher = await place.open(
    { passive: true },
    instead("expectEnd", (store) => async (runId) => {
      if (refusing && refused++ < 3) throw unavailable();
      return store.expectEnd(runId);
    }),
  );
  const engine = await place.open({ workflows: [job] });
  await engine.start(job, undefined, { id: "job" });
  const handle = await watcher.get<number>("job");
  refusing = true;
  const result = handle.result();
  await place.until(() => refused > 0, "it has asked");
  await engine.signal("job", "word", 7);

  assert.equal(await place.clock.runUntil(result, 60_000), 7);
  assert.ok(refused > 3);
});
