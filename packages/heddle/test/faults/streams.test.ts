import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { workflow, type LiveEvent } from "heddle";
import { deferred, untilEvent } from "../engine/engines.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const long = (steps: number, size: number, open?: Promise<void>) =>
  workflow("long", async (ctx) => {
    await ctx.step("begin", () => open);
    for (let index = 0; index < steps; index++) await ctx.step(`s${index}`, () => "x".repeat(size));
    return steps;
  });

const recorded = (event: LiveEvent): boolean => !["started", "log", "stream", "progress"].includes(event.type);

/** Seqs of a journal of so many events. */
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test("case 65: readers who never read, and who stop reading, hold up nobody and cost a bounded number of events", async () => {
  using place = new SqlitePlace();
  const begin = deferred();
  const job = long(3_000, 20_000, begin.promise);
  await using engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined);
  const never = run.events();
  const stopped = run.events();
  // Caught up, and listening.
  while ((await stopped.next()).value.type !== "started");
  const before = heldBytes();
  begin.resolve();

  assert.equal(await run.result(), 3_000);
  // The journal is 60 MB; what a reader may hold is a third of it.
  const held = heldBytes() - before;
  assert.ok(held < 30_000_000, `${held} bytes are held for readers`);

  const seqs: number[] = [];
  for await (const event of stopped) if (recorded(event)) seqs.push(event.seq);
  assert.deepEqual(seqs, upTo(3_004).slice(1));
  const all: number[] = [];
  for await (const event of never) all.push(event.seq);
  assert.deepEqual(all, upTo(3_004));
});

test("case 65: a reader that goes away and comes back with the last event it has, again and again, misses none and gets none twice", async () => {
  using place = new SqlitePlace();
  const job = long(2_500, 10);
  await using engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined);
  const seqs: number[] = [];
  let visits = 0;
  for (let over = false; !over; visits++) {
    let taken = 0;
    for await (const event of run.events({ from: seqs.at(-1) ?? 0 })) {
      if (!recorded(event)) continue;
      seqs.push(event.seq);
      over = event.type === "run-ended";
      if (++taken > visits * 7) break;
    }
  }

  assert.deepEqual(seqs, upTo(2_504));
  assert.ok(visits > 10, `${visits} visits`);
});

test("case 65: a reader that is slower than the run gets its events in order, once each, read in pages from where it fell behind", async () => {
  using place = new SqlitePlace();
  const begin = deferred();
  const job = long(4_000, 10, begin.promise);
  await using engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined);
  const seqs: number[] = [];
  const reading = (async () => {
    for await (const event of run.events()) {
      if (recorded(event)) seqs.push(event.seq);
      else begin.resolve();
      // The run takes hundreds of turns while this reader takes one.
      if (seqs.length % 5 === 0) for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await run.result();
  assert.ok(seqs.length < 3_000, "it fell behind");
  place.mostRows = 0;
  await reading;

  assert.deepEqual(seqs, upTo(4_004));
  assert.ok(place.mostRows > 0 && place.mostRows <= 500, `${place.mostRows} rows were read at once`);
});

test("case 65: live pieces beyond those that wait for a slow reader are left out, recorded events are not", async () => {
  using place = new SqlitePlace();
  const begin = deferred();
  const job = workflow("talker", async (ctx) => {
    await ctx.step("talk", async ({ stream }) => {
      await begin.promise;
      for (let index = 0; index < 5_000; index++) stream(index);
    });
    return ctx.step("after", () => "done");
  });
  await using engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  const events = run.events();
  while ((await events.next()).value.type !== "started");
  begin.resolve();
  await untilEvent(engine, "r", ({ type }) => type === "run-ended");
  const rest = await Array.fromAsync(events);

  const chunks = rest.flatMap((event) => (event.type === "stream" ? [event.value] : []));
  assert.deepEqual(
    chunks,
    upTo(chunks.length).map((seq) => seq - 1),
  );
  assert.equal(chunks.length, 1_000);
  assert.deepEqual(
    rest.filter(recorded).map(({ type }) => type),
    ["op-ended", "op-ended", "task-ended", "run-ended"],
  );
});

test("case 65: a reader that is never heard of again is let go when its run ends", async () => {
  using place = new SqlitePlace();
  const begin = deferred();
  const job = long(5, 10, begin.promise);
  await using engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  const { host } = engine as unknown as { readonly host: { watches(runId: string): boolean } };
  run.events();
  assert.equal(host.watches("r"), false, "who never reads is not told");
  await run.events().next();
  assert.equal(host.watches("r"), true);
  begin.resolve();
  await run.result();

  assert.equal(host.watches("r"), false);
});
