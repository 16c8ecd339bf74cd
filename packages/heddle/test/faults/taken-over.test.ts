import assert from "node:assert/strict";
import { test } from "node:test";
import { HeddleError, workflow, type StepContext } from "heddle";
import type { CommitBatch, RunStore } from "@heddle/kernel";
import { journalFaults } from "@heddle/testing";
import { FakePlace } from "./fake-place.ts";

/** Something between an engine and its store that a test can change while it runs. */
class Between {
  /** Called before each call that reaches the store; may throw or wait. */
  before: (name: string, parameters: readonly unknown[]) => unknown = () => undefined;

  readonly wrap = (store: RunStore): RunStore =>
    new Proxy(store, {
      get: (target, name): unknown => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function" || name === "watch") return typeof method === "function" ? method.bind(target) : method;
        return async (...parameters: unknown[]) => {
          await this.before(String(name), parameters);
          return Reflect.apply(method, target, parameters) as unknown;
        };
      },
    });
}

/** A step that ends when the test says so and notes what it was told. */
class HeldStep {
  readonly begun: Pick<StepContext, "idempotencyKey" | "signal">[] = [];
  readonly #ends: ((value: string) => void)[] = [];

  readonly run = ({ idempotencyKey, signal }: StepContext): Promise<string> => {
    this.begun.push({ idempotencyKey, signal });
    return new Promise((resolve) => this.#ends.push(resolve));
  };

  /** @param which of those that began, from 0 */
  end(which: number, value: string): void {
    this.#ends[which]?.(value);
  }
}

/** Take a run away from its node, as if that had been silent for longer than its lease, and own it under another name. */
async function takeAway(store: RunStore, from: string, nowMs: number, thief = "thief"): Promise<void> {
  await store.heartbeat(from, nowMs - 1, nowMs);
  await store.reapDeadNodes(nowMs);
  await store.heartbeat(thief, nowMs + 3_600_000, nowMs);
  const rows = await store.claim({ node: thief, limit: 1, nowMs });
  assert.equal(rows.length, 1);
}

/** A run of one step, the answer to whose record never comes. @param meanwhile what happens before that is known */
async function lostAnswer(place: FakePlace, meanwhile: (store: RunStore, node: string) => Promise<void>) {
  const told: string[] = [];
  const held = new HeldStep();
  const job = workflow("job", async (ctx) => {
    told.push(await ctx.step("work", held.run));
    return told.length;
  });
  const between = new Between();
  const engine = await place.open({ workflows: [job], node: "a" }, between.wrap);
  let lost = 0;
  between.before = async (name, [batch]) => {
    const parts = name === "commit" ? ((batch as CommitBatch).parts ?? []) : [];
    if (lost > 0 || !parts.some(({ events }) => events.some((event) => event.includes('"work"')))) return;
    lost++;
    await meanwhile(await place.store(), engine.node);
    throw new HeddleError("STORE_UNAVAILABLE", "The store did not answer.");
  };
  return { told, held, run: await engine.start(job, undefined, { id: "r" }), lost: () => lost };
}

test("case 10: the result of a step whose run was taken over is refused: the code is not told, nothing further begins, and what still runs is told to stop", async () => {
  await using place = new FakePlace();
  const [first, beside] = [new HeldStep(), new HeldStep()];
  const after: string[] = [];
  const job = workflow("job", async (ctx) => {
    const other = ctx.step("beside", beside.run);
    const value = await ctx.step("first", first.run);
    after.push(`told ${value}`);
    await ctx.step("after", () => void after.push("after"));
    return [value, await other];
  });
  const engine = await place.open({ workflows: [job], node: "a" });
  const run = await engine.start(job, undefined, { id: "r" });
  const store = await place.store();
  await takeAway(store, engine.node, place.clock.nowMs());
  // Its own clock says that its lease holds: only the store knows better.
  first.end(0, "by the first owner");
  await place.until(() => beside.begun[0]?.signal.aborted === true, "the step beside it is told to stop");
  beside.end(0, "by the first owner");
  await place.clock.advance(100);
  assert.deepEqual(after, []);
  assert.deepEqual(
    (await place.journal("r")).map(({ event }) => event.type),
    ["run-started"],
  );

  await store.leave("thief", place.clock.nowMs());
  await place.clock.advance(20_000);
  first.end(1, "by the last owner");
  beside.end(1, "by the last owner");
  assert.deepEqual(await place.clock.runUntil(run.result()), ["by the last owner", "by the last owner"]);
  assert.deepEqual(after, ["told by the last owner", "after"]);
  assert.equal((await place.row("r")).epoch, 3);
  assert.equal(first.begun[0]?.idempotencyKey, first.begun[1]?.idempotencyKey);
  assert.deepEqual(journalFaults(await place.journal("r")), []);
});

test("case 10: a node that hears that it was declared dead lets go of everything at once, and takes up what is left of it anew", async () => {
  await using place = new FakePlace();
  const held = new HeldStep();
  const job = workflow("job", (ctx) => ctx.step("work", held.run));
  const between = new Between();
  const silence = Promise.withResolvers<void>();
  const engine = await place.open({ workflows: [job], leaseMs: 15_000 }, between.wrap);
  await place.open({});
  await engine.start(job, undefined, { id: "r" });
  between.before = (name) => (name === "heartbeat" ? silence.promise : undefined);
  await place.clock.advance(40_000);
  assert.equal((await place.row("r")).status, "queued", "the other node declared it dead");
  assert.equal(held.begun[0]?.signal.aborted, false);
  silence.resolve();
  await place.until(() => held.begun[0]?.signal.aborted === true, "its step is told to stop");
  await place.clock.advance(5_000);
  assert.equal(held.begun.length, 2, "it was claimed again");

  held.end(0, "of the first claim");
  held.end(1, "of the second");
  assert.equal(await place.clock.runUntil((await engine.get("r")).result()), "of the second");
  assert.deepEqual([(await place.row("r")).epoch, held.begun[0]?.idempotencyKey], [2, held.begun[1]?.idempotencyKey]);
});

test("case 11: what a node began under an earlier claim of its own counts for nothing after it has claimed the run again", async () => {
  await using place = new FakePlace();
  const held = new HeldStep();
  const job = workflow("job", (ctx) => ctx.step("work", held.run));
  const first = await place.open({ workflows: [job], node: "same" });
  await first.start(job, undefined, { id: "r" });
  const store = await place.store();
  await takeAway(store, first.node, place.clock.nowMs());
  await store.leave("thief", place.clock.nowMs());
  // A process of the same name, as a supervisor starts it; the first one still lives.
  const second = await place.open({ workflows: [job], node: "same" });
  await place.until(() => held.begun.length === 2, "the second process claimed the run");
  held.end(0, "of the first process");
  await place.clock.advance(10);
  assert.equal((await place.row("r")).status, "running");
  held.end(1, "of the second process");

  assert.equal(await place.clock.runUntil((await second.get("r")).result()), "of the second process");
  assert.deepEqual(journalFaults(await place.journal("r")), []);
});

test("case 12: an append whose answer is lost while its run is taken over counts as refused, not as made", async () => {
  await using place = new FakePlace();
  const { held, told, run, lost } = await lostAnswer(place, (store, node) => takeAway(store, node, place.clock.nowMs()));
  held.end(0, "first");
  await place.clock.advance(1_000);
  assert.deepEqual([lost(), told], [1, []]);
  await (await place.store()).leave("thief", place.clock.nowMs());
  await place.clock.advance(20_000);
  held.end(1, "second");

  assert.equal(await place.clock.runUntil(run.result()), 1);
  assert.deepEqual(told, ["second"]);
});

test("case 12: an append whose answer is lost while its node is declared dead counts as refused, although nobody has claimed the run yet", async () => {
  await using place = new FakePlace();
  const { held, told, run, lost } = await lostAnswer(place, async (store, node) => {
    await store.heartbeat(node, place.clock.nowMs() - 1, place.clock.nowMs());
    await store.reapDeadNodes(place.clock.nowMs());
  });
  held.end(0, "first");
  await place.until(() => lost() === 1, "the answer is lost");
  await place.clock.advance(20_000);
  assert.deepEqual([told, held.begun.length], [[], 2]);
  held.end(1, "second");

  assert.equal(await place.clock.runUntil(run.result()), 1);
  assert.deepEqual(told, ["second"]);
});

test("case 4: an at-most-once step that was under way when its run was taken over is unknown, and does not run again", async () => {
  await using place = new FakePlace();
  const held = new HeldStep();
  const job = workflow("job", (ctx) =>
    ctx.step("send", held.run, { effect: "at-most-once" }).catch((error: { code?: string }) => error.code),
  );
  const engine = await place.open({ workflows: [job], node: "a" });
  const run = await engine.start(job, undefined, { id: "r" });
  await place.until(() => held.begun.length === 1, "the step began");
  const store = await place.store();
  await takeAway(store, engine.node, place.clock.nowMs());
  held.end(0, "by the first owner");
  await store.leave("thief", place.clock.nowMs());

  assert.equal(await place.clock.runUntil(run.result()), "STEP_OUTCOME_UNKNOWN");
  assert.equal(held.begun.length, 1);
  assert.deepEqual(
    (await run.state()).tasks.flatMap(({ operations }) => operations.map(({ key, status }) => [key, status])),
    [["send", "unknown"]],
  );
});

test("case 4: an at-most-once step that was under way when its process ended is unknown also in a run that had crashed before", async () => {
  await using place = new FakePlace();
  const held = new HeldStep();
  const job = workflow("job", (ctx) =>
    ctx.step("send", held.run, { effect: "at-most-once" }).catch((error: { code?: string }) => error.code),
  );
  const starter = await place.open({ workflows: [job], passive: true });
  await starter.start(job, undefined, { id: "r" });
  const store = await place.store();
  for (let crash = 0; crash < 2; crash++) {
    const nowMs = place.clock.nowMs();
    await store.heartbeat(`dead-${crash}`, nowMs, nowMs);
    assert.equal((await store.claim({ node: `dead-${crash}`, limit: 1, nowMs })).length, 1);
    await place.clock.advance(1_000);
    await store.reapDeadNodes(place.clock.nowMs());
  }
  const first = await place.open({ workflows: [job] });
  await place.until(() => held.begun.length === 1, "the step began");
  await place.close(first);
  const second = await place.open({ workflows: [job] });

  assert.equal(await place.clock.runUntil((await second.get("r")).result()), "STEP_OUTCOME_UNKNOWN");
  assert.equal(held.begun.length, 1);
});

test("a further attempt does not begin when its run was lost while its past was read", async () => {
  await using place = new FakePlace();
  let attempts = 0;
  const job = workflow(
    "job",
    async (ctx) => {
      await ctx.emit("began", "began");
      if (++attempts === 1) throw new Error("once");
      return attempts;
    },
    { retry: 2 },
  );
  const between = new Between();
  const engine = await place.open({ workflows: [job], node: "a" }, between.wrap);
  const run = await engine.start(job, undefined, { id: "r" });
  await place.until(() => attempts === 1, "the first attempt");
  const reading = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  between.before = (name) => {
    if (name !== "readJournal") return undefined;
    between.before = () => undefined;
    reading.resolve();
    return answer.promise;
  };
  await place.clock.runUntil(reading.promise);
  const store = await place.store();
  await takeAway(store, engine.node, place.clock.nowMs());
  await place.clock.advance(20_000);
  answer.resolve();
  await place.clock.advance(20_000);
  assert.equal(attempts, 1);

  await store.leave("thief", place.clock.nowMs());
  assert.equal(await place.clock.runUntil(run.result()), 2);
});

test("a parked run that another node went on with is read anew by the node that still had it in memory", async () => {
  await using place = new FakePlace();
  const done: string[] = [];
  const job = workflow("job", async (ctx) => {
    for (const key of ["one", "two", "three"]) {
      const value = await ctx.receive<string>(key, key);
      await ctx.step(`after ${key}`, () => void done.push(value));
    }
    return done.length;
  });
  const between = new Between();
  const first = await place.open({ workflows: [job] }, between.wrap);
  const run = await first.start(job, undefined, { id: "r" });
  await place.untilStatus("r", "waiting");
  const away = Promise.withResolvers<void>();
  between.before = (name) => (name === "claim" ? away.promise : undefined);
  const second = await place.open({ workflows: [job] });
  await second.signal("r", "one", "by the second");
  await place.until(() => done.length === 1, "the second node went on with it");
  await place.untilStatus("r", "waiting");
  await place.close(second);
  away.resolve();
  await first.signal("r", "two", "by the first");
  await first.signal("r", "three", "by the first");

  assert.equal(await place.clock.runUntil(run.result()), 3);
  assert.deepEqual(done, ["by the second", "by the first", "by the first"]);
});

test("a run of which a hint comes while it is read is not taken for one that has nothing to do", async () => {
  await using place = new FakePlace();
  const done: string[] = [];
  const job = workflow("job", async (ctx) => ctx.step("work", () => done.push("work")));
  const starter = await place.open({ passive: true, workflows: [job] });
  const run = await starter.start(job, undefined, { id: "r" });
  const between = new Between();
  const reading = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  between.before = (name) => {
    if (name !== "readMail") return undefined;
    between.before = () => undefined;
    reading.resolve();
    return answer.promise;
  };
  let hint: ((runId: string, what: "work") => void) | undefined;
  const wrap = (store: RunStore): RunStore =>
    new Proxy(between.wrap(store), {
      get(target, name): unknown {
        const value: unknown = Reflect.get(target, name, target);
        return name === "watch" ? (call: typeof hint) => ((hint = call), store.watch(call as never)) : value;
      },
    });
  await place.open({ workflows: [job] }, wrap);
  await place.clock.runUntil(reading.promise);
  // Another process says that it has made the run.
  hint?.("r", "work");
  await place.clock.advance(100);
  answer.resolve();

  assert.equal(await place.clock.runUntil(run.result(), 10_000), 1);
  assert.equal((await place.row("r")).epoch, 1);
});

test("a step that waits to hear whether its node still owns the run keeps it from being parked", async () => {
  await using place = new FakePlace();
  const held = new HeldStep();
  let began = 0;
  const job = workflow("job", async (ctx) => {
    const word = ctx.receive<string>("word", "word");
    await ctx.step("first", held.run);
    await ctx.step("second", () => void began++);
    return word;
  });
  const between = new Between();
  const engine = await place.open({ workflows: [job], leaseMs: 15_000 }, between.wrap);
  const run = await engine.start(job, undefined, { id: "r" });
  await place.until(() => held.begun.length === 1, "the first step began");
  const silence = Promise.withResolvers<void>();
  between.before = (name) => (name === "heartbeat" ? silence.promise : undefined);
  await place.clock.advance(20_000);
  held.end(0, "done");
  await place.until(async () => (await place.journal("r")).length === 3, "the first step is recorded");
  await place.clock.advance(1_000);
  assert.deepEqual([(await place.row("r")).status, began], ["running", 0]);
  silence.resolve();
  await place.until(() => began === 1, "the second step began");
  await engine.signal("r", "word", "given");

  assert.equal(await place.clock.runUntil(run.result()), "given");
  assert.deepEqual([began, (await place.row("r")).crashes], [1, 0]);
});
