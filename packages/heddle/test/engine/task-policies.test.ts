import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan, Policy } from "@heddle/kernel";
import { FakeClock } from "@heddle/testing";
import { planned, type Engine, type PlannedWorkflow, type TaskCode } from "heddle";
import { FakePlace } from "../faults/fake-place.ts";
import { deferred, places, untilStatus } from "./engines.ts";

/** Task `work` with this policy and code; `caught` follows if it fails, and its value is the run's. */
function bounded(policy: Policy, work: TaskCode, caught = true): PlannedWorkflow<unknown, unknown> {
  const plan: Plan = {
    heddle: 1,
    name: "bounded",
    discipline: "eager",
    tasks: {
      work: { does: { use: "work" }, policy, when: [{ id: "start", after: [], join: "all", untaken: "wait" }] },
      ...(caught
        ? {
            caught: {
              does: { use: "caught" },
              when: [{ id: "caught.when", after: [{ from: "work", on: "failed" }], join: "all" as const, untaken: "wait" as const }],
            },
          }
        : {}),
    },
  };
  return planned(plan, { tasks: { work, ...(caught ? { caught: () => "caught" } : {}) } });
}

/** How a task ended, as the journal has it. */
async function endOf(engine: Engine, runId: string, task = "work"): Promise<unknown> {
  for await (const event of (await engine.get(runId)).events())
    if (event.type === "task-ended" && event.task === task) {
      const { status } = event.outcome;
      return "error" in event.outcome ? [status, event.outcome.error?.code] : status;
    }
  return undefined;
}

const never = (): Promise<never> => new Promise(() => {});
const twice = { attempts: 2, initialMs: 1_000, factor: 1, jitter: "none" } as const;

for (const place of places) {
  describe(`the time of a task on ${place.name}`, { concurrency: true }, () => {
    test("an attempt that takes too long ends timed-out, is told so by its signal, and is caught as a failure", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let signal: AbortSignal | undefined;
      const slow = bounded({ attemptTimeoutMs: 5_000 }, (_, ctx) => ((signal = ctx.signal), never()));
      await using engine = await on.open({ workflows: [slow], clock });
      const run = await engine.start(slow, null, { id: "r" });

      await clock.advance(4_999);
      assert.equal(signal?.aborted, false);
      await clock.advance(1);
      assert.deepEqual(await clock.runUntil(run.result()), { caught: "caught" });
      assert.equal((signal?.reason as { code?: string } | undefined)?.code, "TASK_TIMED_OUT");
      assert.deepEqual(await endOf(engine, "r"), ["timed-out", "TASK_TIMED_OUT"]);
    });

    test("an attempt that ends in time is not told anything, and what it leaves behind does not fire", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const gate = deferred();
      let signal: AbortSignal | undefined;
      const quick = bounded({ attemptTimeoutMs: 5_000, timeoutMs: 6_000 }, async (_, ctx) => {
        signal = ctx.signal;
        await gate.promise;
        return "done";
      });
      await using engine = await on.open({ workflows: [quick], clock });
      const run = await engine.start(quick, null, { id: "r" });
      await clock.advance(4_000);
      gate.resolve();
      await clock.runUntil(run.result());
      await clock.advance(10_000);

      assert.equal(await endOf(engine, "r"), "completed");
      assert.equal(signal?.aborted, false);
    });

    test("an attempt that timed out is tried again by the policy, with a time of its own; what the old one returns does not count", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const first = deferred<string>();
      const attempts: number[] = [];
      const slow = bounded({ attemptTimeoutMs: 5_000, retry: twice }, async (_, { task }) => {
        attempts.push(task.attempt);
        if (task.attempt === 1) return first.promise;
        await new Promise<void>((resolve) => void clock.after(4_500, resolve));
        return "second";
      });
      await using engine = await on.open({ workflows: [slow], clock });
      const run = await engine.start(slow, null, { id: "r" });
      await clock.advance(5_000);
      first.resolve("first");

      assert.deepEqual(await clock.runUntil(run.result()), {});
      assert.deepEqual(attempts, [1, 2]);
      assert.equal(await endOf(engine, "r"), "completed");
    });

    test("the time in all bounds attempts and waits, and is never tried again", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let attempts = 0;
      const policy: Policy = { timeoutMs: 14_000, attemptTimeoutMs: 5_000, retry: { ...twice, attempts: 9 } };
      const slow = bounded(policy, () => (attempts++, never()));
      await using engine = await on.open({ workflows: [slow], clock });
      const startedAtMs = clock.nowMs();
      const run = await engine.start(slow, null, { id: "r" });
      await clock.runUntil(run.result());

      // Attempts of 5 s with 1 s between them: the third, of 12 s, has two left.
      const ended = await Array.fromAsync(run.events());
      const at = ended.filter(({ type }) => type === "task-retried" || type === "task-ended").map(({ atMs }) => atMs - startedAtMs);
      assert.deepEqual([at.slice(0, 3), attempts], [[5_000, 11_000, 14_000], 3]);
      assert.deepEqual(await endOf(engine, "r"), ["timed-out", "TASK_TIMED_OUT"]);
    });

    test("no attempt begins that would have no time left", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let attempts = 0;
      const policy: Policy = { timeoutMs: 6_000, attemptTimeoutMs: 5_000, retry: { ...twice, attempts: 9 } };
      const slow = bounded(policy, () => (attempts++, never()));
      await using engine = await on.open({ workflows: [slow], clock });
      await clock.runUntil((await engine.start(slow, null, { id: "r" })).result());

      assert.equal(attempts, 1);
      assert.deepEqual(await endOf(engine, "r"), ["timed-out", "TASK_TIMED_OUT"]);
    });

    test("a task whose time is over is not tried again, even without a wait", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let attempts = 0;
      const slow = bounded({ timeoutMs: 5_000, retry: { attempts: 9, initialMs: 0 } }, () => (attempts++, never()));
      await using engine = await on.open({ workflows: [slow], clock });
      const run = await engine.start(slow, null, { id: "r" });
      await clock.runUntil(run.result());

      assert.ok((await Array.fromAsync(run.events())).every(({ type }) => type !== "task-retried"));
      assert.equal(attempts, 1);
    });

    test("a task that waits for a person is bound too: its parked run is woken, and nobody's question stays open", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const asking = bounded({ timeoutMs: 60_000 }, (_, ctx) => ctx.ask("go", { prompt: "Go?", kind: "approval" }));
      await using engine = await on.open({ workflows: [asking], clock });
      const run = await engine.start(asking, null, { id: "r" });
      await untilStatus(engine, "r", "waiting");
      assert.deepEqual(
        (await run.state()).waits.map(({ kind }) => kind),
        ["ask"],
      );
      await clock.advance(59_000);
      assert.equal((await run.summary()).status, "waiting");
      await clock.runUntil(run.result());

      assert.deepEqual(await endOf(engine, "r"), ["timed-out", "TASK_TIMED_OUT"]);
      assert.deepEqual((await run.state()).waits, []);
    });

    test("a parked task that another engine goes on with has no more time than was left", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const asking = bounded({ attemptTimeoutMs: 60_000 }, (_, ctx) => ctx.receive("go", "go"));
      {
        await using engine = await on.open({ workflows: [asking], clock });
        await engine.start(asking, null, { id: "r" });
        await untilStatus(engine, "r", "waiting");
        await clock.advance(30_000);
        await clock.runUntil(engine.close());
      }
      clock.jump(29_000);
      await using engine = await on.open({ workflows: [asking], clock, node: "other" });
      const run = await engine.get("r");
      const fromMs = clock.nowMs();
      await clock.runUntil(run.result());

      assert.deepEqual(await endOf(engine, "r"), ["timed-out", "TASK_TIMED_OUT"]);
      const end = (await Array.fromAsync(run.events())).find(({ type }) => type === "task-ended");
      assert.ok((end?.atMs ?? 0) - fromMs <= 2_000, `it ended ${(end?.atMs ?? 0) - fromMs} ms after it was taken up`);
    });

    test("steps that were completed are undone before a task ends timed-out", async () => {
      using on = place.make();
      const clock = new FakeClock();
      const undone: string[] = [];
      const slow = bounded({ attemptTimeoutMs: 5_000 }, async (_, ctx) => {
        await ctx.step("hold", () => "seat", { compensate: (seat) => void undone.push(seat) });
        await never();
      });
      await using engine = await on.open({ workflows: [slow], clock });
      const run = await engine.start(slow, null, { id: "r" });
      await clock.runUntil(run.result());

      assert.deepEqual(undone, ["seat"]);
      assert.deepEqual(await endOf(engine, "r"), ["timed-out", "TASK_TIMED_OUT"]);
    });

    test("a step under way is told when its task is out of time", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let reason: { code?: string } | undefined;
      const slow = bounded({ attemptTimeoutMs: 5_000 }, (_, ctx) =>
        ctx.step("work", ({ signal }) => {
          signal.addEventListener("abort", () => (reason = signal.reason as { code?: string }));
          return never();
        }),
      );
      await using engine = await on.open({ workflows: [slow], clock });
      await clock.runUntil((await engine.start(slow, null)).result());

      assert.equal(reason?.code, "TASK_TIMED_OUT");
    });
  });

  test(`a task's code is told which start of which task it is, with its configuration, on ${place.name}`, async () => {
    using on = place.make();
    const told: unknown[] = [];
    const plan: Plan = {
      heddle: 1,
      name: "told",
      discipline: "eager",
      tasks: {
        first: {
          does: { use: "tell", with: { list: [1, { deep: true }] } },
          when: [{ id: "start", after: [], join: "all", untaken: "wait" }],
        },
        item: { does: { use: "tell" }, when: [] },
      },
    };
    const telling = planned(plan, {
      tasks: {
        tell: (_, { task, verbs }) => {
          told.push(task);
          if (task.config === undefined) return;
          assert.throws(() => ((task.config as { list: unknown[] }).list[0] = 2), TypeError);
          if (task.nth === 1) verbs.iterate(null);
          else verbs.spawn("item", ["x"]);
        },
      },
    });
    await using engine = await on.open({ workflows: [telling] });
    await (await engine.start(telling, null)).result();

    const config = { list: [1, { deep: true }] };
    assert.deepEqual(told, [
      { id: "first", nth: 1, attempt: 1, scope: [], config },
      { id: "first", nth: 2, attempt: 1, scope: [], config },
      {
        id: "item",
        nth: 1,
        attempt: 1,
        scope: [
          ["spawn", 2],
          ["item", 0],
        ],
        config: undefined,
      },
    ]);
    assert.deepEqual(plan.tasks["first"]?.does, { use: "tell", with: config });
    assert.ok(
      !Object.isFrozen((plan.tasks["first"]?.does as { with?: object } | undefined)?.with),
      "the plan that was given stays as it was",
    );
  });
}

describe("a task that may run at most once", () => {
  const once = { effect: "at-most-once" } as const;

  test("has its start in the journal before its code begins", async () => {
    await using place = new FakePlace();
    let seen: string[] = [];
    const gate = deferred();
    const send = bounded(once, async () => {
      seen = (await place.journal("r")).map(({ event }) => event.type);
      await gate.promise;
    });
    const engine = await place.open({ workflows: [send] });
    const run = await engine.start(send, null, { id: "r" });
    await place.until(() => seen.length > 0, "the code began");
    gate.resolve();
    await place.clock.runUntil(run.result());

    assert.deepEqual(seen, ["run-started", "task-started"]);
  });

  test("case 4: an at-most-once task that was under way when its process died is unknown and is not begun again", async () => {
    await using place = new FakePlace();
    let begun = 0;
    const send = bounded(once, () => (begun++, never()));
    const { engine, process } = await place.start({ workflows: [send] });
    await engine.start(send, null, { id: "r" });
    await place.until(() => begun === 1, "the task began");
    process.kill();
    const second = await place.open({ workflows: [send] });

    assert.deepEqual(await place.clock.runUntil((await second.get("r")).result()), { caught: "caught" });
    assert.equal(begun, 1);
    assert.deepEqual(await endOf(second, "r"), ["unknown", "TASK_OUTCOME_UNKNOWN"]);
  });

  test("case 4: an at-most-once task that was under way when its engine was closed around it is unknown and is not begun again", async () => {
    await using place = new FakePlace();
    let begun = 0;
    const send = bounded(once, () => (begun++, never()));
    const first = await place.open({ workflows: [send] });
    await first.start(send, null, { id: "r" });
    await place.until(() => begun === 1, "the task began");
    await place.close(first);
    const second = await place.open({ workflows: [send] });

    assert.deepEqual(await place.clock.runUntil((await second.get("r")).result()), { caught: "caught" });
    assert.equal(begun, 1);
    assert.ok(
      (await place.journal("r")).every(({ event }) => event.type !== "run-crashed"),
      "nothing crashed",
    );
  });

  test("ends unknown also in a run that had crashed before, whose starts stand in line", async () => {
    await using place = new FakePlace();
    let begun = 0;
    const send = bounded(once, () => (begun++, never()));
    const starter = await place.open({ workflows: [send], passive: true });
    await starter.start(send, null, { id: "r" });
    const store = await place.store();
    for (let crash = 0; crash < 2; crash++) {
      const nowMs = place.clock.nowMs();
      await store.heartbeat(`dead-${crash}`, nowMs, nowMs);
      assert.equal((await store.claim({ node: `dead-${crash}`, limit: 1, nowMs })).length, 1);
      await place.clock.advance(1_000);
      await store.reapDeadNodes(place.clock.nowMs());
    }
    const first = await place.open({ workflows: [send] });
    await place.until(() => begun === 1, "the task began");
    await place.close(first);
    const second = await place.open({ workflows: [send] });

    assert.deepEqual(await place.clock.runUntil((await second.get("r")).result()), { caught: "caught" });
    assert.equal(begun, 1);
  });

  test("goes on when it was put down while it waited", async () => {
    await using place = new FakePlace();
    const waiting = bounded(once, (_, ctx) => ctx.receive("go", "go"), false);
    const first = await place.open({ workflows: [waiting] });
    await first.start(waiting, null, { id: "r" });
    await place.untilStatus("r", "waiting");
    await place.close(first);
    const second = await place.open({ workflows: [waiting] });
    const run = await second.get("r");
    await second.signal("r", "go", 7);

    assert.deepEqual(await place.clock.runUntil(run.result()), { work: 7 });
  });

  test("goes on in a fork that was made while it waited", async () => {
    await using place = new FakePlace();
    const waiting = bounded(once, (_, ctx) => ctx.receive("go", "go"), false);
    const engine = await place.open({ workflows: [waiting] });
    await engine.start(waiting, null, { id: "r" });
    await place.untilStatus("r", "waiting");
    const fork = await place.clock.runUntil(engine.fork("r", { id: "f" }));
    await engine.signal("f", "go", "forked");

    assert.deepEqual(await place.clock.runUntil(fork.result()), { work: "forked" });
  });

  test("is tried again by its policy when its code failed, each start recorded first", async () => {
    await using place = new FakePlace();
    const send = bounded(
      { ...once, retry: twice },
      (_, { task }) => {
        if (task.attempt === 1) throw new Error("refused");
        return "sent";
      },
      false,
    );
    const engine = await place.open({ workflows: [send] });
    const run = await engine.start(send, null, { id: "r" });

    assert.deepEqual(await place.clock.runUntil(run.result()), { work: "sent" });
    assert.deepEqual(
      (await place.journal("r")).map(({ event }) => event.type),
      ["run-started", "task-started", "task-retried", "task-started", "task-ended", "run-ended"],
    );
  });

  test("does not begin when its run was told to cancel while its start was being recorded", async () => {
    await using place = new FakePlace();
    let begun = 0;
    const send = bounded(once, () => void begun++, false);
    const engine = await place.open({ workflows: [send], passive: true });
    await engine.start(send, null, { id: "r" });
    await engine.cancel("r", "enough");
    const worker = await place.open({ workflows: [send] });
    await assert.rejects(place.clock.runUntil((await worker.get("r")).result()), /enough/);

    assert.equal(begun, 0);
  });
});
