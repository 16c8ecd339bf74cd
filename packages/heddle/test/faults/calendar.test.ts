import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { planned, workflow, type Context } from "heddle";
import { FakePlace } from "./fake-place.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const zone = process.env["TZ"];
before(() => {
  process.env["TZ"] = "Europe/Berlin";
});
after(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

// Each with the local time at which it starts, and how many hours lie between it and the same time on the next day.
const days = [
  { where: "over the end of summer time", startMs: Date.parse("2026-10-24T12:00:00+02:00"), hours: 25 },
  { where: "over the begin of summer time", startMs: Date.parse("2026-03-28T12:00:00+01:00"), hours: 23 },
  { where: "to the day of a leap year", startMs: Date.parse("2028-02-28T12:00:00+01:00"), hours: 24 },
  { where: "from the day of a leap year", startMs: Date.parse("2028-02-29T12:00:00+01:00"), hours: 24 },
];
const waits = [
  { what: "a wait of a day takes 24 hours", wait: (ctx: Context) => ctx.sleep("wait", "1d"), hoursOf: () => 24 },
  {
    what: "a wait until this time tomorrow ends at this time",
    wait: (ctx: Context) => ctx.sleepUntil("wait", thisTimeTomorrow(ctx.now)),
    hoursOf: ({ hours }: { readonly hours: number }) => hours,
  },
];

function thisTimeTomorrow(nowMs: number): Date {
  const now = new Date(nowMs);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, now.getHours());
}

for (const day of days) {
  for (const { what, wait, hoursOf } of waits) {
    test(`case 21: ${what}, ${day.where}`, async () => {
      await using place = new FakePlace(day.startMs);
      const job = workflow("job", async (ctx) => {
        await wait(ctx);
        return ctx.now;
      });
      const dueAtMs = day.startMs + hoursOf(day) * hourMs;
      const first = await place.open({ workflows: [job] });
      await first.start(job, undefined, { id: "r" });
      await place.untilStatus("r", "waiting");
      await place.close(first);
      await place.clock.advance(dueAtMs - 1 - place.clock.nowMs());

      const engine = await place.open({ workflows: [job] });
      await place.clock.advance(0);
      assert.equal((await place.row("r")).status, "waiting", "a millisecond before");
      await place.clock.advance(1);
      assert.equal(await place.clock.runUntil((await engine.get("r")).result(), 0), dueAtMs);
    });
  }
}

test("case 21: a wait, a delayed start and a retry that were due while the process was down happen once, when it is up", async () => {
  await using place = new FakePlace();
  const tried: number[] = [];
  let begun = 0;
  const nap = workflow("nap", async (ctx) => {
    await ctx.sleep("nap", "1h");
    return ctx.now;
  });
  const delayed = workflow("delayed", async (ctx) => ctx.step("begin", () => ++begun));
  const retried = workflow("retried", (ctx) =>
    ctx.step(
      "flaky",
      ({ attempt }) => {
        tried.push(attempt);
        if (attempt < 2) throw new Error("down");
      },
      { retry: { attempts: 2, initialMs: hourMs, jitter: "none" } },
    ),
  );
  const workflows = [nap, delayed, retried];
  const { engine, process } = await place.start({ workflows });
  await engine.start(nap, undefined, { id: "nap" });
  await engine.start(delayed, undefined, { id: "delayed", delay: "1h" });
  await engine.start(retried, undefined, { id: "retried" });
  await place.untilStatus("nap", "waiting");
  await place.untilStatus("retried", "waiting");
  process.kill();
  await place.clock.advance(10 * hourMs);
  const upAtMs = place.clock.nowMs();
  const again = await place.open({ workflows });

  const results = await place.clock.runUntil(
    Promise.all(["nap", "delayed", "retried"].map(async (id) => (await again.get(id)).result())),
    0,
  );
  assert.deepEqual(results, [upAtMs, 1, undefined]);
  assert.deepEqual(tried, [1, 2]);
  const [ended] = (await place.journal("nap")).flatMap(({ event }) => (event.type === "op-ended" ? [event] : []));
  assert.equal(ended?.atMs, upAtMs, "the journal tells how late it was");
});

test("case 21: of the firings of a schedule that were missed while the process was down one is made up for, then it goes on in step", async () => {
  await using place = new FakePlace();
  const startMs = place.clock.nowMs();
  const fired: number[] = [];
  const minutely = planned(
    {
      heddle: 1,
      name: "minutely",
      discipline: "eager",
      tasks: { tick: { does: { use: "tick" }, when: [{ id: "t", at: { everyMs: minuteMs, times: 4 } }] } },
    },
    { tasks: { tick: (_: unknown, ctx: Context) => ctx.step("tick", () => void fired.push((place.clock.nowMs() - startMs) / minuteMs)) } },
  );
  const { engine, process } = await place.start({ workflows: [minutely] });
  await engine.start(minutely, undefined, { id: "r" });
  await place.untilStatus("r", "waiting");
  await place.clock.advance(minuteMs);
  await place.untilStatus("r", "waiting");
  assert.deepEqual(fired, [1]);
  process.kill();
  await place.clock.advance(5.5 * minuteMs);
  const again = await place.open({ workflows: [minutely] });
  await place.clock.runUntil((await again.get("r")).result());

  assert.deepEqual(fired, [1, 6.5, 7, 8]);
});
