import assert from "node:assert/strict";
import { test } from "node:test";
import { HeddleError, workflow } from "heddle";
import type { RunStore } from "@heddle/kernel";
import { FakePlace } from "./fake-place.ts";
import { SlowDisk } from "./slow-disk.ts";

const flushMs = 500;
const runs = 200;
const steps = 5;

test("case 35: on a disk that flushes in half a second batches grow, and no lease lapses", async () => {
  await using place = new FakePlace();
  const disk = new SlowDisk(place.clock, flushMs);
  const job = workflow("job", async (ctx, input: number) => {
    let sum = input;
    for (let index = 0; index < steps; index++) sum += await ctx.step(`s${index}`, () => index);
    return sum;
  });
  const { promise: gate, resolve: end } = Promise.withResolvers<void>();
  const long = workflow("long", (ctx) => ctx.step("long", () => gate));
  const leaseMs = 2_000;
  const opening = place.open({ workflows: [job, long], leaseMs }, disk.wrap);
  const engine = await place.clock.runUntil(opening);
  await place.clock.runUntil(place.open({ workflows: [job, long], leaseMs }));
  const slow = await place.clock.runUntil(engine.start(long, undefined, { id: "long" }));
  const [flushesBefore, commitsBefore] = [disk.flushes, disk.parts.length];
  const begunMs = place.clock.monotonicMs();
  const results: Promise<number>[] = [];
  for (let index = 0; index < runs; index++) {
    results.push(engine.start(job, index, { id: `r${index}` }).then((run) => run.result()));
    await place.clock.advance(flushMs / 50);
  }
  const values = await place.clock.runUntil(Promise.all(results));
  const [flushes, commits] = [disk.flushes - flushesBefore, disk.parts.length - commitsBefore];

  assert.deepEqual(
    values,
    Array.from({ length: runs }, (_, index) => index + 10),
  );
  assert.ok(place.clock.monotonicMs() - begunMs >= (steps + 1) * flushMs, "each step waited for its flush");
  assert.ok(flushes < runs / 5, `${runs} runs of ${steps} steps took ${flushes} flushes`);
  assert.ok(commits <= flushes, `what gathers during a flush goes out together, but there were ${commits} commits in ${flushes} flushes`);
  assert.ok(Math.max(...disk.parts.map((parts) => parts.length)) > runs / 5, "batches grow");

  await place.clock.advance(20 * leaseMs);
  assert.ok(disk.longestSilenceMs < leaseMs, `a node was silent for ${disk.longestSilenceMs} ms`);
  end();
  await place.clock.runUntil(slow.result());
  for (const { runId, epoch, crashes } of await place.rows()) assert.deepEqual([epoch, crashes], [1, 0], runId);
});

/** A store of which single calls fail, as on a file that another process holds for too long. */
function failing(store: RunStore, fails: (name: string | symbol) => boolean): RunStore {
  return new Proxy(store, {
    get: (target, name): unknown => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...parameters: unknown[]) =>
        fails(name) ? Promise.reject(new HeddleError("STORE_UNAVAILABLE", "busy")) : (Reflect.apply(method, target, parameters) as unknown);
    },
  });
}

test("case 35: a heartbeat that the store could not take is followed by the next in time", async () => {
  await using place = new FakePlace();
  let refused = 0;
  let busy = false;
  const { promise: gate, resolve: end } = Promise.withResolvers<void>();
  const job = workflow("job", (ctx) => ctx.step("long", () => gate));
  const engine = await place.open({ workflows: [job] }, (store) => failing(store, (name) => busy && name === "heartbeat" && refused++ < 2));
  await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  busy = true;
  await place.clock.advance(120_000);

  assert.equal(refused > 2, true, "it was refused, and beat again");
  end();
  await place.clock.runUntil(run.result());
  assert.deepEqual([(await place.row("r")).epoch, (await place.row("r")).crashes], [1, 0]);
});

test("case 35: a step whose node does not know whether its lease holds begins as soon as the store has said so", async () => {
  await using place = new FakePlace();
  let busy = false;
  const begun: string[] = [];
  const { promise: gate, resolve: go } = Promise.withResolvers<void>();
  const job = workflow("job", async (ctx) => {
    await ctx.step("one", () => gate);
    await ctx.step("two", () => void begun.push("two"));
  });
  const engine = await place.open({ workflows: [job], leaseMs: 3_000 }, (store) => failing(store, (name) => busy && name === "heartbeat"));
  const result = (await engine.start(job, undefined, { id: "r" })).result();
  busy = true;
  await place.clock.advance(10_000);
  go();
  await place.clock.advance(10_000);
  assert.deepEqual(begun, [], "its lease ran out by its own clock");
  busy = false;

  await place.clock.runUntil(result, 10_000);
  assert.deepEqual(begun, ["two"]);
});

test("a sweep of ended runs that the store could not do is done later", async () => {
  await using place = new FakePlace();
  let refused = 0;
  const job = workflow("job", async () => "done");
  const engine = await place.open({ workflows: [job], retention: "1m" }, (store) =>
    failing(store, (name) => name === "sweep" && refused++ < 2),
  );
  await place.clock.runUntil((await engine.start(job, undefined, { id: "r" })).result());
  await place.clock.advance(10 * 60_000);

  assert.deepEqual(await place.rows(), []);
});
