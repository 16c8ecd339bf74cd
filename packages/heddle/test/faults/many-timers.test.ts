import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow, type Context, type Engine } from "heddle";
import { Demand } from "./demand.ts";
import { FakePlace } from "./fake-place.ts";
import { SlowDisk } from "./slow-disk.ts";

const count = process.env["HEDDLE_SLOW"] === "1" ? 100_000 : 2_000;
const concurrency = 100;
const flushMs = 20;

const naps = (ended: string[]) =>
  workflow("nap", async (ctx: Context, untilMs: number) => {
    await ctx.sleepUntil("nap", untilMs);
    ended.push(ctx.runId);
  });

/** Runs that sleep until some millisecond of one second. Returns their ids, by the time at which they are due. */
async function park(place: FakePlace, engine: Engine, dueAtMs: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `r${index}`);
  for (let from = 0; from < count; from += 1_000) {
    const chunk = ids.slice(from, from + 1_000);
    await Promise.all(chunk.map((id, index) => engine.start("nap", dueAtMs + Math.floor(((from + index) * 1_000) / count), { id })));
    await place.until(async () => (await engine.list({ status: ["running", "queued"], limit: 1 })).length === 0, "all of them sleep");
  }
  return ids;
}

test(`case 23: ${count} timers due in the same second are worked off in order, with few runs in memory, and the journal tells how late each was`, async (t) => {
  await using place = new FakePlace();
  const ended: string[] = [];
  const nap = naps(ended);
  const dueAtMs = place.clock.nowMs() + 3_600_000;
  const sleeping = await place.open({ workflows: [nap] });
  const ids = await park(place, sleeping, dueAtMs);
  await place.close(sleeping);
  await place.clock.advance(dueAtMs - 1_000 - place.clock.nowMs());
  const demand = new Demand();
  const disk = new SlowDisk(place.clock, flushMs);
  const engine = await place.clock.runUntil(
    place.open({ workflows: [nap], concurrency, hotFrames: concurrency }, (store) => demand.wrap(disk.wrap(store))),
  );
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await place.clock.advance(flushMs);
  };
  await until(() => ended.length >= count / 4);
  const before = ended.length;
  const hurried = engine.start(nap, 0, { id: "urgent", priority: 1 });
  await until(() => ended.length > count);
  await place.clock.runUntil((await hurried).result());

  assert.ok(demand.mostOwned <= concurrency, `${demand.mostOwned} runs were under way at once`);
  assert.ok(ended.indexOf("urgent") - before <= 4 * concurrency, "what is more urgent goes before");
  const order = ended.filter((id) => id !== "urgent");
  assert.deepEqual(order.toSorted(), ids.toSorted(), "each fired once");
  const rank = new Map(ids.map((id, index) => [id, index]));
  const overtaken = Math.max(...order.map((id, index) => Math.abs((rank.get(id) ?? 0) - index)));
  assert.ok(overtaken <= 2 * concurrency, `one was overtaken by ${overtaken} others`);
  assert.ok(demand.claims <= (3 * count) / concurrency + 100, `${demand.claims} claims`);
  assert.ok(demand.reads <= 4 * count, `${demand.reads} reads`);

  const lateness = async (id: string): Promise<number> => {
    const events = (await place.journal(id)).map(({ event }) => event);
    const opened = events.find((event) => event.type === "op-opened");
    const done = events.filter((event) => event.type === "op-ended");
    assert.equal(done.length, 1);
    return (done[0]?.atMs ?? 0) - ((opened?.type === "op-opened" && opened.dueAtMs) || 0);
  };
  const [first, last] = [await lateness(ids[0] ?? ""), await lateness(ids.at(-1) ?? "")];
  t.diagnostic(`the first was ${first} ms late, the last ${last} ms; ${disk.flushes} flushes, ${demand.claims} claims`);
  assert.ok(first >= 0 && last > first, `lateness grew from ${first} to ${last}`);
});

test(`case 23: a process that dies among ${count} due timers, and comes back late, takes up no more than it can do, and fires each once`, async () => {
  await using place = new FakePlace();
  const ended: string[] = [];
  const nap = naps(ended);
  const dueAtMs = place.clock.nowMs() + 3_600_000;
  const { engine: first, process } = await place.start({ workflows: [nap], concurrency });
  const ids = await park(place, first, dueAtMs);
  await place.clock.advance(dueAtMs + 300 - place.clock.nowMs());
  process.kill();
  const firedBefore = ended.length;
  assert.ok(firedBefore > 0 && firedBefore < count, `${firedBefore} had fired`);
  await place.clock.advance(10 * 3_600_000);
  const demand = new Demand();
  const engine = await place.open({ workflows: [nap], concurrency }, demand.wrap);
  await place.until(async () => (await engine.list({ status: ["running", "queued", "waiting"], limit: 1 })).length === 0, "all have ended");

  assert.ok(demand.mostOwned <= concurrency, `${demand.mostOwned} runs were under way at once`);
  assert.ok(demand.claims <= (3 * count) / concurrency + 100, `${demand.claims} claims`);
  for (const id of ids) {
    const ends = (await place.journal(id)).filter(({ event }) => event.type === "op-ended");
    assert.equal(ends.length, 1, id);
  }
});

test(`case 23: ${count} timers of one run that are due in the same second let other work go on between them`, async () => {
  await using place = new FakePlace();
  const order: string[] = [];
  const job = workflow("job", async (ctx) => {
    const untilMs = ctx.now + 60_000;
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await ctx.sleepUntil(`t${index}`, untilMs);
        order.push(`t${index}`);
      }),
    );
  });
  const other = workflow("other", async (ctx) => {
    await ctx.sleep("nap", 60_000);
    order.push("other");
  });
  const engine = await place.open({ workflows: [job, other] });
  const run = await engine.start(job, undefined, { id: "r" });
  await engine.start(other, undefined, { id: "o" });
  for (const id of ["r", "o"]) await place.untilStatus(id, "waiting");
  await place.clock.advance(60_000);
  await place.until(() => order.length > count, "all have fired");
  await place.clock.runUntil(run.result());

  assert.deepEqual(
    order.filter((each) => each !== "other"),
    Array.from({ length: count }, (_, index) => `t${index}`),
  );
  assert.ok(order.indexOf("other") < count, "the other run did not wait for all of them");
});
