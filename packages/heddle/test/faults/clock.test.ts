import assert from "node:assert/strict";
import { test } from "node:test";
import { workflow } from "heddle";
import { FakePlace } from "./fake-place.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

test("case 19: a clock that jumps ahead costs no node its lease", async () => {
  await using place = new FakePlace();
  const { promise: gate, resolve: goOn } = Promise.withResolvers<void>();
  let begun = 0;
  const job = workflow("job", (ctx) =>
    ctx.step("long", async () => {
      begun++;
      await gate;
      return "done";
    }),
  );
  const owner = await place.open({ workflows: [job] });
  const run = await owner.start(job, undefined, { id: "r" });
  await place.clock.advance(1_000);
  await place.open({ workflows: [job] });
  await place.clock.advance(4_500);
  // The other node is the next to say that it lives, and to look who does not.
  place.clock.jump(hourMs);
  await place.clock.advance(10 * minuteMs);

  const { owner: stillOwner, epoch, crashes } = await place.row("r");
  assert.deepEqual({ owner: stillOwner, epoch, crashes }, { owner: owner.node, epoch: 1, crashes: 0 });
  goOn();
  assert.equal(await place.clock.runUntil(run.result()), "done");
  assert.equal(begun, 1);
});

test("case 19: a clock that is set back keeps no dead node's lease", async () => {
  await using place = new FakePlace();
  const job = workflow("job", (ctx) => ctx.step("work", () => (alive ? new Promise<never>(() => {}) : "done by the other")));
  let alive = true;
  const { engine, process } = await place.start({ workflows: [job] });
  await engine.start(job, undefined, { id: "r" });
  const other = await place.open({ workflows: [job] });
  await place.clock.advance(12_000);
  place.clock.jump(-hourMs);
  process.kill();
  alive = false;

  const result = (await other.get("r")).result();
  assert.equal(await place.clock.runUntil(result, 2 * minuteMs), "done by the other");
  assert.deepEqual([(await place.row("r")).epoch, (await place.journal("r")).some(({ event }) => event.type === "run-crashed")], [2, true]);
});

/** A wait that is parked, one that a step keeps in memory, and one that has not begun. */
async function threeWaits(place: FakePlace): Promise<{ begin(prefix: string): Promise<void>; fired(prefix: string): Promise<number> }> {
  const parked = workflow("parked", (ctx) => ctx.sleep("nap", "30m"));
  const busy = workflow("busy", async (ctx) => {
    await Promise.all([ctx.sleep("nap", "30m"), ctx.step("long", () => new Promise<never>(() => {}))]);
  });
  const delayed = workflow("delayed", async () => {});
  const engine = await place.open({ workflows: [parked, busy, delayed] });
  return {
    async begin(prefix) {
      await engine.start(parked, undefined, { id: `${prefix}-parked` });
      await engine.start(busy, undefined, { id: `${prefix}-busy` });
      await engine.start(delayed, undefined, { id: `${prefix}-delayed`, delay: "30m" });
      await place.untilStatus(`${prefix}-parked`, "waiting");
    },
    /** How many have fired. Each at most once, and not before its time. */
    async fired(prefix) {
      let fired = 0;
      for (const kind of ["parked", "busy"]) {
        const events = (await place.journal(`${prefix}-${kind}`)).map(({ event }) => event);
        const opened = events.find((event) => event.type === "op-opened" && event.key === "nap");
        const ends = events.filter((event) => event.type === "op-ended" && event.key === "nap");
        assert.ok(ends.length <= 1, `${prefix}-${kind} fired ${ends.length} times`);
        const dueAtMs = opened?.type === "op-opened" ? opened.dueAtMs : undefined;
        for (const { atMs } of ends) assert.ok(atMs >= (dueAtMs ?? Infinity), `${prefix}-${kind} fired at ${atMs}, before ${dueAtMs}`);
        fired += ends.length;
      }
      const row = await place.row(`${prefix}-delayed`);
      return fired + (row.epoch > 0 ? 1 : 0);
    },
  };
}

test("case 19: timers fire by the clock that was set back: none early, each once, none lost", async () => {
  await using place = new FakePlace();
  const waits = await threeWaits(place);
  await waits.begin("r");
  place.clock.jump(-hourMs);

  await place.clock.advance(89 * minuteMs);
  assert.equal(await waits.fired("r"), 0);
  await place.clock.advance(2 * minuteMs);
  assert.equal(await waits.fired("r"), 3);
});

test("case 19: timers whose time a jump of the clock has passed over fire within a minute, each once", async () => {
  await using place = new FakePlace();
  const waits = await threeWaits(place);
  await waits.begin("r");
  place.clock.jump(hourMs);
  await place.clock.advance(minuteMs);
  assert.equal(await waits.fired("r"), 3);

  place.clock.jump(-hourMs);
  await place.clock.advance(2 * hourMs);
  assert.equal(await waits.fired("r"), 3);
});

test("case 19: what may take so long is measured by a clock that does not jump", async () => {
  await using place = new FakePlace();
  const { promise: gate, resolve: goOn } = Promise.withResolvers<void>();
  const job = workflow("job", async (ctx) => {
    const never = (): Promise<never> => new Promise(() => {});
    const [slow] = await Promise.all([
      ctx.step("slow", () => gate.then(() => "in time"), { timeout: "10m", totalTimeout: "20m", heartbeat: "10m", retry: 2 }),
      ctx.sleep("tick", "1m"),
      // What is due sooner lets the clock be looked at.
      ctx.step("short", never, { timeout: "1m" }).catch(() => {}),
      ctx.step("silent", never, { heartbeat: "2m" }).catch(() => {}),
    ]);
    return slow;
  });
  const engine = await place.open({ workflows: [job] });
  const run = await engine.start(job, undefined, { id: "r" });
  place.clock.jump(hourMs);
  await place.clock.advance(5 * minuteMs);
  goOn();
  assert.equal(await place.clock.runUntil(run.result()), "in time");

  const late = workflow("late", (ctx) => ctx.step("slow", () => new Promise<never>(() => {}), { timeout: "10m" }));
  const failing = (await engine.start(late, undefined, { id: "l" }))
    .result()
    .catch((error: Error) => (error.cause as { code: string }).code);
  place.clock.jump(-hourMs);
  assert.equal(await place.clock.runUntil(failing, 11 * minuteMs), "STEP_TIMED_OUT");
});
