import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@heddle/testing";
import { workflow, type Engine, type Workflow, type WorkflowOptions } from "heddle";
import { places } from "./engines.ts";

const limit = 3;
const periodMs = 60_000;

interface Began {
  readonly name: string;
  readonly atMs: number;
}

/** Tells when its runs begin. */
function recorder(clock: FakeClock, began: Began[], options: WorkflowOptions<string, string>): Workflow<string, string> {
  return workflow(
    "job",
    (ctx, name: string) =>
      ctx.step("work", () => {
        began.push({ name, atMs: clock.nowMs() });
        return name;
      }),
    options,
  );
}

function assertRate(began: readonly Began[], most: number): void {
  for (const { atMs } of began) {
    const inWindow = began.filter((other) => other.atMs > atMs - periodMs && other.atMs <= atMs).length;
    assert.ok(inWindow <= most, `${inWindow} began in a period`);
  }
}

async function ended(engine: Engine, clock: FakeClock, ids: readonly string[]): Promise<void> {
  for (const id of ids) await clock.runUntil((await engine.get(id)).result());
}

for (const { name, make } of places) {
  test(`no more runs of a workflow begin in a period than its rate, and each begins as soon as it may, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    const began: Began[] = [];
    const job = recorder(clock, began, { rateLimit: { limit, period: "1m" } });
    await using engine = await at.open({ workflows: [job], clock });
    const startMs = clock.nowMs();
    const ids = Array.from({ length: 8 }, (_, index) => `r${index}`);
    for (const id of ids) await clock.runUntil(engine.start(job, id, { id }));

    await ended(engine, clock, ids);
    assert.equal(began.length, 8);
    assertRate(began, limit);
    assert.deepEqual(
      began.map(({ atMs }) => Math.floor((atMs - startMs) / periodMs)),
      [0, 0, 0, 1, 1, 1, 2, 2],
    );
  });

  test(`a rate with a key counts each value by itself, for children too, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    const began: Began[] = [];
    const job = recorder(clock, began, { rateLimit: { limit: 1, period: periodMs, key: (input: string) => input.slice(0, 1) } });
    const parent = workflow("parent", (ctx) => ctx.all("both", { a: (a) => a.call("x", job, "a2"), c: (c) => c.call("y", job, "c1") }));
    await using engine = await at.open({ workflows: [job, parent], clock });
    const startMs = clock.nowMs();
    for (const id of ["a1", "b1"]) await clock.runUntil(engine.start(job, id, { id }));
    await clock.runUntil(engine.start(parent, undefined, { id: "p" }));

    await ended(engine, clock, ["a1", "b1", "p"]);
    assert.deepEqual(
      began
        .map((each) => [each.name, Math.floor((each.atMs - startMs) / periodMs)])
        .toSorted((one, other) => (String(one) < String(other) ? -1 : 1)),
      [
        ["a1", 0],
        ["a2", 1],
        ["b1", 0],
        ["c1", 0],
      ],
    );
  });

  test(`case 64: what a process took of a rate before it was gone is not given again, and what it left begins in other processes at the rate, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    const began: Began[] = [];
    const job = recorder(clock, began, { rateLimit: { limit, period: "1m" } });
    const ids = Array.from({ length: 7 }, (_, index) => `r${index}`);
    const startMs = clock.nowMs();
    {
      await using first = await at.open({ workflows: [job], clock });
      for (const id of ids) await clock.runUntil(first.start(job, id, { id }));
      await ended(first, clock, ids.slice(0, limit));
    }
    await using second = await at.open({ workflows: [job], clock });
    await using third = await at.open({ workflows: [job], clock });
    assert.ok(third.node !== second.node);

    await ended(second, clock, ids);
    assertRate(began, limit);
    assert.deepEqual(
      began.map(({ atMs }) => Math.floor((atMs - startMs) / periodMs)),
      [0, 0, 0, 1, 1, 1, 2],
    );
  });

  test(`a run that goes on after a wait needs no permit, and a fork of it does, on ${name}`, async () => {
    using at = make();
    const clock = new FakeClock();
    const job = workflow("job", (ctx) => ctx.receive("go", "go"), { rateLimit: { limit: 1, period: "1m" } });
    await using engine = await at.open({ workflows: [job], clock });
    await clock.runUntil(engine.start(job, undefined, { id: "a" }));
    const next = clock.runUntil(engine.start(job, undefined, { id: "b" }));
    await next;
    await clock.runUntil(engine.signal("a", "go", 1));
    assert.equal(await clock.runUntil((await engine.get("a")).result()), 1);
    await clock.runUntil(engine.fork("a", { id: "c" }));

    const summary = async (id: string) => (await engine.get(id)).summary();
    assert.deepEqual([(await summary("b")).status, (await summary("c")).status], ["queued", "queued"]);
    await clock.advance(periodMs);
    await clock.runUntil(engine.signal("b", "go", 2));
    assert.equal(await clock.runUntil((await engine.get("b")).result()), 2);
    assert.equal((await summary("c")).status, "queued");
    assert.equal(await clock.runUntil((await engine.get("c")).result()), 1);
  });
}

test("a rate that cannot be meant is refused when the engine is opened", async () => {
  using at = places[0]!.make();
  const open = (rateLimit: object) =>
    at.open({ workflows: [workflow("job", () => Promise.resolve(1), { rateLimit: rateLimit as never })] });
  await assert.rejects(open({ limit: 0, period: "1m" }), {
    code: "OPTION_INVALID",
    message: /rateLimit of workflow "job" is 0: its limit/,
  });
  await assert.rejects(open({ limit: 1, period: "soon" }), {
    code: "OPTION_INVALID",
    message: /period of the rateLimit of workflow "job" is "soon"/,
  });
  await assert.rejects(open({ limit: 1, period: 0 }), {
    code: "OPTION_INVALID",
    message: /period of the rateLimit of workflow "job" is 0/,
  });
});
