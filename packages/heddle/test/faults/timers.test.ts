import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@heddle/kernel";
import { hasCode, workflow } from "heddle";
import { FakePlace } from "./fake-place.ts";

const dayMs = 24 * 3_600_000;

test("case 22: a sleep of 400 days lasts 400 days, whatever comes and goes meanwhile", async () => {
  await using place = new FakePlace();
  const job = workflow("job", (ctx) => ctx.sleep("long", "400d"));
  const dueAtMs = place.clock.nowMs() + 400 * dayMs;
  let engine = await place.open({ workflows: [job] });
  await engine.start(job, undefined, { id: "r" });
  await place.untilStatus("r", "waiting");
  for (const untilMs of [dueAtMs - 300 * dayMs, dueAtMs - 1]) {
    await place.close(engine);
    await place.clock.advance(untilMs - place.clock.nowMs());
    engine = await place.open({ workflows: [job] });
    await place.clock.advance(0);
    const { status, wakeAtMs } = await place.row("r");
    assert.deepEqual({ status, wakeAtMs }, { status: "waiting", wakeAtMs: dueAtMs });
  }
  await place.clock.advance(1);

  await place.untilStatus("r", "completed");
});

/** The machine's clock on timers as Node has them: one that is set for more than 2^31 - 1 ms fires after one. */
async function clockOnTimersOfNode(): Promise<{ readonly clock: Clock; pass(ms: number): void }> {
  const timers: { readonly atMs: number; readonly call: () => void }[] = [];
  let nowMs = 0;
  const realTimeout = globalThis.setTimeout;
  const realTime = process.hrtime;
  try {
    globalThis.setTimeout = ((call: () => void, ms: number) => {
      const timer = { atMs: nowMs + (ms > 2 ** 31 - 1 ? 1 : ms), call };
      timers.push(timer);
      return timer;
    }) as never;
    process.hrtime = (() => [Math.floor(nowMs / 1_000), (nowMs % 1_000) * 1e6]) as never;
    // Loaded once more, for it takes both when it is loaded.
    const url = new URL("../../src/engine/real-clock.ts?on-other-timers", import.meta.url).href;
    const { realClock } = (await import(url)) as { readonly realClock: Clock };
    return {
      clock: realClock,
      pass(ms) {
        const untilMs = nowMs + ms;
        let fired = 0;
        for (;;) {
          const next = timers.sort((one, other) => one.atMs - other.atMs)[0];
          if (next === undefined || next.atMs > untilMs) break;
          timers.shift();
          nowMs = next.atMs;
          next.call();
          assert.ok(++fired < 1_000, "it does not look at the clock all the time");
        }
        nowMs = untilMs;
      },
    };
  } finally {
    globalThis.setTimeout = realTimeout;
    process.hrtime = realTime;
  }
}

test("case 22: the machine's clock waits for longer than a timer of Node can", async () => {
  const { clock, pass } = await clockOnTimersOfNode();
  let calls = 0;
  clock.after(400 * dayMs, () => calls++);

  pass(400 * dayMs - 1);
  assert.equal(calls, 0);
  pass(1);
  assert.equal(calls, 1);
  pass(400 * dayMs);
  assert.equal(calls, 1);
});

test("case 22: a wait of 0 ms and one for a time that is past end at once; a negative one is refused", async () => {
  await using place = new FakePlace();
  const refusal = (error: unknown): string | undefined => (error as { code?: string }).code;
  const job = workflow("job", async (ctx) => {
    await ctx.sleep("zero", 0);
    await ctx.sleep("none", "0s");
    await ctx.sleepUntil("past", new Date(ctx.now - dayMs));
    await ctx.sleepUntil("long past", -1);
    return [
      await ctx.receive("word", "word", { timeout: 0 }),
      await ctx.sleep("minus", -1).catch(refusal),
      await ctx.sleep("least", Number.NEGATIVE_INFINITY).catch(refusal),
      await ctx.sleep("not a number", Number.NaN).catch(refusal),
      await ctx.sleepUntil("no time", new Date(Number.NaN)).catch(refusal),
      await ctx.receive("other", "word", { timeout: -1 }).catch(refusal),
    ];
  });
  const engine = await place.open({ workflows: [job] });
  const result = (await engine.start(job, undefined, { id: "r", delay: 0 })).result();

  assert.deepEqual(await place.clock.runUntil(result, 0), [undefined, ...Array.from({ length: 5 }, () => "OPTION_INVALID")]);
  await assert.rejects(engine.start(job, undefined, { delay: -1 }), (error) => hasCode(error, "OPTION_INVALID"));
  await assert.rejects(engine.start(job, undefined, { timeout: -1 }), (error) => hasCode(error, "OPTION_INVALID"));
  assert.equal((await place.rows()).length, 1);
});
