import assert from "node:assert/strict";
import { test } from "node:test";
import { HeddleError, type RunStore, type RunTail } from "@heddle/kernel";
import { eventually, FakeClock } from "@heddle/testing";
import { workflow } from "heddle";
import { places } from "./engines.ts";

/** What an engine asks of a store that reads several runs at once. */
class Reads {
  readonly at: string[] = [];
  /** Called before each answer. */
  before: (name: string) => void = () => {};

  readonly wrap = (store: RunStore): RunStore =>
    new Proxy(store, {
      get: (target, name): unknown => {
        // The stores without this method read each run for nothing; here they have it, so that each place runs the same test.
        if (name === "readTails") return this.#seen("readTails", (runIds: readonly string[], most: number) => tails(target, runIds, most));
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function") return method;
        const call = (...parameters: unknown[]): unknown => Reflect.apply(method, target, parameters) as unknown;
        return name === "readJournal" || name === "readMail" || name === "readSnapshot" ? this.#seen(name, call) : call;
      },
    });

  #seen<P extends unknown[], T>(name: string, call: (...parameters: P) => T): (...parameters: P) => T {
    return (...parameters) => {
      this.at.push(name);
      this.before(name);
      return call(...parameters);
    };
  }
}

function tails(store: RunStore, runIds: readonly string[], most: number): Promise<readonly (RunTail | null)[]> {
  if (store.readTails !== undefined) return store.readTails(runIds, most);
  return Promise.all(
    runIds.map(async (runId) => {
      const snapshot = await store.readSnapshot(runId);
      const events = await store.readJournal(runId, snapshot?.seq ?? 0);
      return events.length > most ? null : { snapshot, events, mail: await store.readMail(runId) };
    }),
  );
}

const two = workflow("two", async (ctx, value: number) => {
  const once = await ctx.step("once", () => value + 1);
  await ctx.receive("wait", "go");
  return once;
});

for (const { name, make } of places) {
  test(`runs that were claimed together are read together: 130 of them by three reads, on ${name}`, async () => {
    using place = make();
    const clock = new FakeClock();
    await using starter = await place.open({ workflows: [two], passive: true, clock });
    for (let index = 0; index < 130; index++) await starter.start(two, index, { id: `r${index}` });

    const reads = new Reads();
    await using engine = await place.open({ workflows: [two], clock }, reads.wrap);
    await eventually(async () => (await engine.list({ status: ["waiting"], limit: 200 })).length === 130, "all wait for their signal");
    assert.deepEqual(reads.at, ["readTails", "readTails", "readTails"]);
    await engine.signal("r7", "go", null);
    assert.equal(await (await engine.get("r7")).result(), 8);
  });

  test(`when the store is lost while runs are read that were claimed together, each goes on once it is back, on ${name}`, async () => {
    using place = make();
    const clock = new FakeClock();
    await using starter = await place.open({ workflows: [two], passive: true, clock });
    for (let index = 0; index < 5; index++) await starter.start(two, index, { id: `r${index}` });

    const reads = new Reads();
    let lost = 2;
    reads.before = (what) => {
      if (what === "readTails" && lost-- > 0) throw new HeddleError("STORE_UNAVAILABLE", "Away for a moment.");
    };
    await using engine = await place.open({ workflows: [two], clock }, reads.wrap);
    for (let index = 0; index < 5; index++) await engine.signal(`r${index}`, "go", null);
    const results = Promise.all(["r0", "r1", "r2", "r3", "r4"].map(async (runId) => (await engine.get(runId)).result()));
    assert.deepEqual(await clock.runUntil(results), [1, 2, 3, 4, 5]);
    assert.ok(lost < 0, "the store was lost twice");
  });
}
