import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { countingFunction } from "./counting-function.ts";
import { SqlitePlace } from "./sqlite-place.ts";

test("case 60: a run of 4,750 steps is recovered from its tail, and its store holds the tail only", async () => {
  using place = new SqlitePlace();
  const seen: string[] = [];
  const job = countingFunction(seen);
  {
    await using engine = await place.open({ workflows: [job], keepHistory: false });
    await engine.start(job, { from: 0, total: 4_750, sum: 0 }, { id: "r" });
    await untilStatus(engine, "r", "waiting");
  }
  const { rows } = place.sql("SELECT count(*) AS events, max(seq) AS last FROM heddle_journal");
  assert.ok(Number(rows[0]?.["last"]) > 4_750);
  assert.ok(Number(rows[0]?.["events"]) <= 3_500, `${String(rows[0]?.["events"])} events are kept`);

  place.rowsRead = 0;
  await using engine = await place.open({ workflows: [job], keepHistory: false });
  await engine.signal("r", "word", "go");
  assert.deepEqual(await (await engine.get("r")).result(), { sum: 4_750, word: "go" });
  assert.ok(place.rowsRead <= 2_000, `${place.rowsRead} events were read`);
});

test("case 60: the result of a long run that has ended, and the reply to a request, are found in its tail", async () => {
  using place = new SqlitePlace();
  const job = workflow("job", async (ctx) => {
    ctx.onUpdate("double", (n: number) => n * 2);
    for (let index = 0; index < 4_000; index++) await ctx.step(`s${index}`, () => null);
    return ctx.receive("word", "word");
  });
  {
    await using engine = await place.open({ workflows: [job] });
    await engine.start(job, undefined, { id: "r" });
    await untilStatus(engine, "r", "waiting");
    place.rowsRead = 0;
    assert.equal(await engine.update("r", "double", 21), 42);
    assert.ok(place.rowsRead < 2_500, `${place.rowsRead} events were read for the reply`);
    await engine.signal("r", "word", "last");
    await (await engine.get("r")).result();
  }
  place.rowsRead = 0;
  await using engine = await place.open({ passive: true });

  assert.equal(await (await engine.get("r")).result(), "last");
  assert.ok(place.rowsRead < 2_500, `${place.rowsRead} events were read for the result`);
});

test("case 60: recovered from a snapshot in a later segment, a function has the keys and the chance of an undisturbed run", async () => {
  const seen: string[] = [];
  const job = countingFunction(seen);
  const input = { from: 0, total: 2_300, sum: 0 };
  {
    using undisturbed = new SqlitePlace();
    await using engine = await undisturbed.open({ workflows: [job] });
    const run = await engine.start(job, input, { id: "r" });
    await engine.signal("r", "word", "go");
    await run.result();
  }
  using place = new SqlitePlace();
  {
    await using engine = await place.open({ workflows: [job] });
    await engine.start(job, input, { id: "r" });
    await untilStatus(engine, "r", "waiting");
  }
  assert.equal(place.sql("SELECT 1 FROM heddle_snapshot").rows.length, 2);
  using unabridged = place.copy();
  unabridged.sql("DELETE FROM heddle_snapshot");
  for (const each of [place, unabridged]) {
    await using engine = await each.open({ workflows: [job] });
    await engine.signal("r", "word", "go");
    await (await engine.get("r")).result();
  }

  const [undisturbed, recovered, folded] = [seen.slice(0, 2), seen.slice(2, 4), seen.slice(4)];
  assert.deepEqual(recovered, undisturbed);
  assert.deepEqual(folded, undisturbed);
});

test("case 60: a run that lives for a month keeps a bounded journal, and each day costs as much as the one before", async () => {
  using place = new SqlitePlace();
  place.alone();
  // The ballast makes a snapshot longer than what a day adds to the journal.
  const job = workflow("keeper", async (ctx, input: { day: number; seen: number; ballast: string }): Promise<number> => {
    let { seen } = input;
    for (let hour = 0; hour < 24; hour++) {
      await ctx.sleep(`hour ${hour}`, "1h");
      for (let index = 0; index < 8; index++) seen += await ctx.step(`reading ${hour}.${index}`, () => 1);
    }
    return input.day === 30 ? seen : ctx.continueAs({ ...input, day: input.day + 1, seen });
  });
  const startedMs = place.clock.nowMs();
  const rowsOfDay: number[] = [];
  const kept: number[] = [];
  for (let day = 1; day <= 30; day++) {
    place.rowsRead = 0;
    await using engine = await place.open({ workflows: [job], keepHistory: false });
    if (day === 1) await engine.start(job, { day: 1, seen: 0, ballast: "x".repeat(20_000) }, { id: "r" });
    await place.clock.advance(24 * 3_600_000);
    rowsOfDay.push(place.rowsRead);
    kept.push(Number(place.sql("SELECT count(*) AS events FROM heddle_journal").rows[0]?.["events"]));
  }
  await using engine = await place.open({ passive: true });

  assert.equal(place.clock.nowMs() - startedMs, 30 * 24 * 3_600_000);
  assert.equal(await (await engine.get("r")).result(), 30 * 24 * 8);
  assert.ok(Math.max(...kept) <= 3_500, `${Math.max(...kept)} events were kept`);
  assert.ok(Math.max(...rowsOfDay) <= 1_500, `${Math.max(...rowsOfDay)} events were read in a day`);
});
