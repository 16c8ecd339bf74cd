import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan, RunEvent } from "@heddle/kernel";
import { hasCode, open, planned, workflow, type Engine, type StepOptions } from "heddle";
import { untilStatus } from "../engine/engines.ts";
import { FakePlace } from "./fake-place.ts";
import { FaultCase } from "./processes.ts";
import { SqlitePlace } from "./sqlite-place.ts";

const hourMs = 3_600_000;
const hourly = { initialMs: hourMs, factor: 2, maxMs: 1_000 * hourMs, jitter: "none" } as const;

/** A step that always fails and notes when, in hours from the beginning, and which attempt it was. */
function failing(place: SqlitePlace, seen: [hour: number, attempt: number][], options: StepOptions<never>) {
  const startMs = place.clock.nowMs();
  return workflow("job", async (ctx) =>
    ctx.step(
      "flaky",
      ({ attempt }) => {
        seen.push([(place.clock.nowMs() - startMs) / hourMs, attempt]);
        throw new Error(`attempt ${attempt}`);
      },
      options,
    ),
  );
}

test("case 48: killed in its third attempt, a step is told that this is one more, with the same key, and has the same attempts left", async () => {
  using fault = new FaultCase();
  const { deaths, line } = await fault.untilEnded("retrying", "r", "die", 3);

  assert.equal(deaths, 1);
  assert.deepEqual(line, { result: 6 });
  const attempts = fault.effects().filter(({ key }) => key === "flaky");
  assert.deepEqual(
    attempts.map(({ attempt }) => attempt),
    [1, 2, 3, 4, 5, 6],
  );
  assert.equal(new Set(attempts.map(({ idempotencyKey }) => idempotencyKey)).size, 1);
  await using engine = await open(fault.address, { passive: true });
  const retried = (await Array.fromAsync((await engine.get("r")).events({ live: false }))) as unknown as readonly RunEvent[];
  const waits = retried.flatMap((event) => (event.type === "op-retried" ? [event.dueAtMs - event.atMs] : []));
  assert.deepEqual(waits, [20, 40, 80, 160]);
});

test("case 48: attempts keep their number and their time over restarts, also when no process was there at the time", async () => {
  using place = new SqlitePlace();
  place.alone();
  const seen: [number, number][] = [];
  const job = failing(place, seen, { retry: { attempts: 5, ...hourly } });
  {
    await using engine = await place.open({ workflows: [job] });
    await engine.start(job, undefined, { id: "r" });
    await place.clock.advance(0.5 * hourMs);
  }
  {
    await using engine = await place.open({ workflows: [job] });
    // Taken up before its time: it has only mail to read.
    await engine.signal("r", "noise");
    await place.clock.advance(1.5 * hourMs);
  }
  // Due at three o'clock, and nobody is there until five.
  await place.clock.advance(3 * hourMs);
  await using engine = await place.open({ workflows: [job] });
  await place.clock.advance(20 * hourMs);

  await assert.rejects((await engine.get("r")).result(), /attempt 5/);
  assert.deepEqual(seen, [
    [0, 1],
    [1, 2],
    [5, 3],
    [9, 4],
    [17, 5],
  ]);
});

for (const [what, options] of [
  ["total time of a step", { retry: { attempts: 100, ...hourly, factor: 1 }, totalTimeout: 3.5 * hourMs }],
  ["total time of a retry policy", { retry: { attempts: 100, ...hourly, factor: 1, totalMs: 3.5 * hourMs } }],
] as const) {
  test(`case 48: the ${what} counts from the first attempt, whatever was restarted meanwhile`, async () => {
    using place = new SqlitePlace();
    place.alone();
    const seen: [number, number][] = [];
    const job = failing(place, seen, options);
    {
      await using engine = await place.open({ workflows: [job] });
      await engine.start(job, undefined, { id: "r" });
      await place.clock.advance(0.5 * hourMs);
    }
    for (let hour = 1; hour <= 5; hour++) {
      await using _ = await place.open({ workflows: [job] });
      await place.clock.advance(hourMs);
    }

    assert.deepEqual(seen, [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    await using engine = await place.open({ passive: true });
    assert.equal((await (await engine.get("r")).summary()).status, "failed");
  });
}

test("case 48: behind a snapshot the attempts before it count", async () => {
  using place = new SqlitePlace();
  place.alone();
  const seen: [number, number][] = [];
  const job = failing(place, seen, { retry: { attempts: 1_300, initialMs: 10, factor: 1, jitter: "none" } });
  {
    await using engine = await place.open({ workflows: [job] });
    await engine.start(job, undefined, { id: "r" });
    await place.clock.advance(12_000);
  }
  assert.equal(place.sql("SELECT 1 FROM heddle_snapshot").rows.length, 1);
  const before = seen.length;
  assert.ok(before > 1_050 && before < 1_300, `${before} attempts`);
  await using engine = await place.open({ workflows: [job] });
  await place.clock.advance(12_000);

  await assert.rejects((await engine.get("r")).result(), /attempt 1300/);
  assert.deepEqual(
    seen.map(([, attempt]) => attempt),
    Array.from({ length: 1_300 }, (_, index) => index + 1),
  );
});

test("case 48: tasks of a plan keep attempts, times and total time over restarts", async () => {
  using place = new SqlitePlace();
  place.alone();
  const startMs = place.clock.nowMs();
  const seen: [string, number][] = [];
  const plan: Plan = {
    heddle: 1,
    name: "plan",
    discipline: "eager",
    tasks: {
      before: { does: { use: "wait" }, when: [{ id: "first", after: [], join: "all", untaken: "wait" }] },
      busy: {
        does: { use: "work" },
        when: [{ id: "beside", after: [{ from: "before", on: "ok" }], join: "all", untaken: "wait" }],
      },
      flaky: {
        does: { use: "fail" },
        when: [{ id: "then", after: [{ from: "before", on: "ok" }], join: "all", untaken: "wait" }],
        policy: { retry: { attempts: 100, ...hourly, factor: 1, totalMs: 2.5 * hourMs } },
      },
    },
  };
  const job = planned(plan, {
    tasks: {
      wait: async (_, ctx) => {
        await ctx.sleep("long", 10 * hourMs);
        return "waited";
      },
      // So much that a snapshot comes to lie behind the first attempt of the other.
      work: async (_, ctx) => {
        await ctx.sleep("a little", 1_000);
        for (let index = 0; index < 1_200; index++) await ctx.step(`s${index}`, () => null);
        await ctx.receive("never", "never", { timeout: 20 * hourMs });
      },
      fail: (input) => {
        seen.push([String(input), (place.clock.nowMs() - startMs) / hourMs]);
        throw new Error("down");
      },
    },
  });
  {
    await using engine = await place.open({ workflows: [job] });
    await engine.start(job, null, { id: "r" });
    await place.clock.advance(10.5 * hourMs);
  }
  assert.equal(place.sql("SELECT 1 FROM heddle_snapshot").rows.length, 1);
  for (let hour = 11; hour <= 15; hour++) {
    await using _ = await place.open({ workflows: [job] });
    await place.clock.advance(hourMs);
  }

  assert.deepEqual(seen, [
    ["waited", 10],
    ["waited", 11],
    ["waited", 12],
  ]);
  await using engine = await place.open({ passive: true });
  await assert.rejects((await engine.get("r")).result(), (error) => hasCode(error, "RUN_FAILED"));
});

async function waiting(engine: Engine): Promise<number | undefined> {
  await untilStatus(engine, "r", "waiting");
  return (await (await engine.get("r")).summary()).wakeAtMs;
}

test("case 48: while it waits to try again a run is rows that say when", async () => {
  using place = new SqlitePlace();
  const job = failing(place, [], { retry: { attempts: 5, ...hourly } });
  await using engine = await place.open({ workflows: [job] });
  await engine.start(job, undefined, { id: "r" });

  assert.equal(await waiting(engine), place.clock.nowMs() + hourMs);
});

test("case 48: the late result of an attempt that was given up counts for nothing while the next one runs", async () => {
  await using place = new FakePlace();
  const attempts: ((value: string) => void)[] = [];
  const job = workflow("job", (ctx) =>
    ctx.step("work", () => new Promise<string>((resolve) => attempts.push(resolve)), {
      timeout: 1_000,
      retry: { attempts: 3, initialMs: 10, jitter: "none" },
    }),
  );
  const engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  await place.clock.advance(1_500);
  assert.equal(attempts.length, 2);
  attempts[0]?.("of the first");
  await place.clock.advance(10);
  attempts[1]?.("of the second");

  assert.equal(await place.clock.runUntil(run.result()), "of the second");
});
