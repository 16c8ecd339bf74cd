import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { workflow } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { countingFunction } from "./counting-function.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const full = process.env["HEDDLE_SLOW"] === "1";
const steps = full ? 1_000_000 : 50_000;
const days = full ? 365 : 7;
const minuteMs = 60_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

const keptEvents = (place: SqlitePlace): number => Number(place.sql("SELECT count(*) AS events FROM heddle_journal").rows[0]?.["events"]);

test(`case 60: a run of ${steps} steps keeps a bounded journal, file and heap while it runs, and is recovered from its tail`, async (t) => {
  using place = new SqlitePlace();
  let most = 0;
  const counted = Promise.withResolvers<void>();
  const job = countingFunction([], (index) => {
    if (index % 500 === 499) most = Math.max(most, keptEvents(place));
    if (index === steps - 1) counted.resolve();
  });
  {
    await using engine = await place.open({ workflows: [job], keepHistory: false });
    await engine.start(job, { from: 0, total: 2_000, sum: 0 }, { id: "small" });
    await untilStatus(engine, "small", "waiting");
    const before = heapBytes();
    await engine.start(job, { from: 0, total: steps, sum: 0 }, { id: "r" });
    await counted.promise;
    await untilStatus(engine, "r", "waiting");
    const grown = heapBytes() - before;
    const bytes = statSync(place.path).size;
    t.diagnostic(`${most} events were kept at most, in a file of ${bytes} bytes; the heap grew by ${grown} bytes`);
    assert.ok(most <= 8_000, `${most} events were kept`);
    assert.ok(bytes < 20_000_000, `the file has ${bytes} bytes`);
    assert.ok(grown < 10_000_000, `the heap grew by ${grown} bytes`);
  }
  place.rowsRead = 0;
  await using engine = await place.open({ workflows: [job], keepHistory: false });
  await engine.signal("r", "word", "go");

  assert.deepEqual(await (await engine.get("r")).result(), { sum: steps, word: "go" });
  assert.ok(place.rowsRead <= 2_000, `${place.rowsRead} events were read`);
});

test(`case 60: a run that lives for ${days} days with 10 events a minute keeps a bounded journal and heap, and the last day's recovery costs what the first day's did`, async (t) => {
  using place = new SqlitePlace();
  place.alone();
  // A sleep is two events; so are four steps and half of the beginning of an hour's segment.
  const job = workflow("keeper", async (ctx, input: { readonly hour: number; readonly seen: number }): Promise<number> => {
    let { seen } = input;
    for (let minute = 0; minute < 60; minute++) {
      await ctx.sleep(`minute ${minute}`, minuteMs);
      for (let index = 0; index < 8; index++) seen += await ctx.step(`reading ${minute}.${index}`, () => 1);
    }
    return input.hour === 24 * days ? seen : ctx.continueAs({ hour: input.hour + 1, seen });
  });
  const readAtStart: number[] = [];
  let heap = 0;
  let most = 0;
  for (let day = 1; day <= days; day++) {
    place.rowsRead = 0;
    await using engine = await place.open({ workflows: [job], keepHistory: false });
    if (day === 1) await engine.start(job, { hour: 1, seen: 0 }, { id: "r" });
    await place.clock.advance(minuteMs);
    readAtStart.push(place.rowsRead);
    await place.clock.advance(24 * 60 * minuteMs - minuteMs);
    most = Math.max(most, keptEvents(place));
    if (day === 2) heap = heapBytes();
  }
  const grown = heapBytes() - heap;
  t.diagnostic(`${most} events were kept at most, ${Math.max(...readAtStart)} were read to recover; the heap grew by ${grown} bytes`);
  await place.clock.advance(minuteMs);
  await using engine = await place.open({ passive: true });

  assert.equal(await (await engine.get("r")).result(), days * 24 * 60 * 8);
  assert.ok(most <= 8_000, `${most} events were kept`);
  assert.ok(Math.max(...readAtStart) <= 2_500, `${Math.max(...readAtStart)} events were read to recover`);
  assert.ok(grown < 10_000_000, `the heap grew by ${grown} bytes`);
});
