import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planned, workflow, type Context, type Engine, type Workflow } from "heddle";
import type { CommitBatch, Plan, RunEvent } from "@heddle/kernel";
import { FakePlace } from "../faults/fake-place.ts";
import { HeldCommit } from "../faults/held-commit.ts";

/** Commits with an event that is wanted. */
const withEvent =
  (wanted: (event: RunEvent) => boolean) =>
  ({ creates = [], parts = [] }: CommitBatch): boolean =>
    [...creates, ...parts].some(({ events }) => events.some((text) => wanted(JSON.parse(text) as RunEvent)));

const ofKey = (key: string) => (event: RunEvent) => "key" in event && event.key === key;

/** Let everything happen that does not wait for the store or for time. */
async function settled(place: FakePlace): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await place.clock.advance(0);
}

const child = workflow("child", async () => "of the child");

/** Operations, each with what its function then goes on with. */
const operations: Readonly<
  Record<string, { readonly code: (ctx: Context) => Promise<unknown>; readonly held: (event: RunEvent) => boolean }>
> = {
  "the result of a step": { code: (ctx) => ctx.step("op", () => "done"), held: ofKey("op") },
  "the failure of a step": {
    code: (ctx) => ctx.step("op", () => Promise.reject(new Error("no"))).catch(() => "caught"),
    held: ofKey("op"),
  },
  "an item of a map": { code: (ctx) => ctx.map("op", [1], (item) => item), held: ofKey("op/0") },
  "the end of a sleep": { code: (ctx) => ctx.sleep("op", 0), held: (event) => event.type === "op-ended" && event.key === "op" },
  "a signal that was there": {
    code: (ctx) => ctx.receive("op", "word"),
    held: (event) => event.type === "op-ended" && event.key === "op",
  },
  "an emitted event": { code: (ctx) => ctx.emit("op", "said", 1), held: ofKey("op") },
  "a started child": { code: (ctx) => ctx.start("op", child, undefined), held: ofKey("op") },
  "a transaction": {
    code: (ctx) => ctx.transaction("op", (tx) => tx.run("CREATE TABLE IF NOT EXISTS mine (n)")),
    held: ofKey("op"),
  },
};

describe("recorded before seen", () => {
  for (const when of ["before", "after"] as const) {
    const where = when === "before" ? "the store has it" : "the store has said so";
    for (const [what, { code, held }] of Object.entries(operations)) {
      test(`${what} reaches no code, and lets nothing begin, before ${where}`, async () => {
        await using place = new FakePlace();
        const seen: string[] = [];
        const job = workflow("job", async (ctx) => {
          await ctx.step("hold", () => gate.promise);
          await code(ctx);
          seen.push("told");
          await ctx.step("after", () => void seen.push("after"));
        });
        const gate = Promise.withResolvers<void>();
        const commit = new HeldCommit(when);
        const engine = await place.open({ workflows: [job, child] as Workflow<never, unknown>[] }, commit.wrap);
        const run = await engine.start(job, undefined, { id: "r" });
        await engine.signal("r", "word", "early");
        const heard: RunEvent[] = [];
        const reading = (async () => {
          for await (const event of run.events()) if (event.type !== "started") heard.push(event as RunEvent);
        })();
        const reached = commit.hold(withEvent(held));
        gate.resolve();
        await place.clock.runUntil(reached);
        await settled(place);
        assert.deepEqual([seen, heard.filter(held)], [[], []]);

        commit.letGo();
        await place.clock.runUntil(Promise.all([run.result(), reading]));
        assert.deepEqual([seen, heard.filter(held).length], [["told", "after"], 1]);
      });
    }

    test(`the next segment does not begin before ${where}`, async () => {
      await using place = new FakePlace();
      const begun: number[] = [];
      const job = workflow("job", async (ctx, segment: number) => {
        begun.push(segment);
        return segment === 2 ? "over" : ctx.continueAs(segment + 1);
      });
      const commit = new HeldCommit(when);
      const engine = await place.open({ workflows: [job] }, commit.wrap);
      const reached = commit.hold(withEvent(({ type }) => type === "segment-started"));
      const run = await engine.start(job, 1);
      await place.clock.runUntil(reached);
      await settled(place);
      assert.deepEqual(begun, [1]);

      commit.letGo();
      assert.equal(await place.clock.runUntil(run.result()), "over");
    });

    test(`an at-most-once step does not begin before ${where} that it begins`, async () => {
      await using place = new FakePlace();
      let sent = 0;
      const job = workflow("job", (ctx) => ctx.step("send", () => ++sent, { effect: "at-most-once" }));
      const commit = new HeldCommit(when);
      const engine = await place.open({ workflows: [job] }, commit.wrap);
      const reached = commit.hold(withEvent(({ type }) => type === "op-opened"));
      const run = await engine.start(job, undefined);
      await place.clock.runUntil(reached);
      await settled(place);
      assert.equal(sent, 0);

      commit.letGo();
      assert.equal(await place.clock.runUntil(run.result()), 1);
    });

    test(`a step is not tried again before ${where} that it failed`, async () => {
      await using place = new FakePlace();
      let attempts = 0;
      const flaky = (): string => {
        if (++attempts === 1) throw new Error("once");
        return "well";
      };
      const job = workflow("job", (ctx) => ctx.step("flaky", flaky, { retry: { attempts: 2, initialMs: 0, jitter: "none" } }));
      const commit = new HeldCommit(when);
      const engine = await place.open({ workflows: [job] }, commit.wrap);
      const reached = commit.hold(withEvent(({ type }) => type === "op-retried"));
      const run = await engine.start(job, undefined);
      await place.clock.runUntil(reached);
      await place.clock.advance(5_000);
      assert.equal(attempts, 1);

      commit.letGo();
      assert.equal(await place.clock.runUntil(run.result()), "well");
    });

    test(`the tasks behind a task do not begin, and its reader hears nothing, before ${where} that it ended`, async () => {
      await using place = new FakePlace();
      const begun: string[] = [];
      const plan: Plan = {
        heddle: 1,
        name: "two",
        discipline: "eager",
        tasks: {
          one: { does: { use: "one" }, when: [{ id: "start", after: [], join: "all", untaken: "wait" }] },
          two: { does: { use: "two" }, when: [{ id: "then", after: [{ from: "one", on: "ok" }], join: "all", untaken: "skip" }] },
        },
      };
      const gate = Promise.withResolvers<void>();
      const two = planned(plan, {
        tasks: { one: () => gate.promise.then(() => void begun.push("one")), two: () => void begun.push("two") },
      });
      const commit = new HeldCommit(when);
      const engine = await place.open({ workflows: [two] }, commit.wrap);
      const run = await engine.start(two, null);
      const heard: string[] = [];
      const reading = (async () => {
        for await (const event of run.events()) heard.push(event.type);
      })();
      await settled(place);
      const reached = commit.hold(withEvent((event) => event.type === "task-ended" && event.task === "one"));
      gate.resolve();
      await place.clock.runUntil(reached);
      await settled(place);
      assert.deepEqual([begun, heard], [["one"], ["run-started"]]);

      commit.letGo();
      await place.clock.runUntil(Promise.all([run.result(), reading]));
      assert.deepEqual(begun, ["one", "two"]);
      assert.deepEqual(heard, ["run-started", "task-ended", "task-ended", "run-ended"]);
    });

    test(`who waits for the result of a run is not told before ${where}`, async () => {
      await using place = new FakePlace();
      const job = workflow("job", (ctx) => ctx.step("work", () => "done"));
      const commit = new HeldCommit(when);
      const engine = await place.open({ workflows: [job] }, commit.wrap);
      const reached = commit.hold(withEvent(({ type }) => type === "run-ended"));
      const run = await engine.start(job, undefined);
      const told: unknown[] = [];
      void run.result().then((value) => told.push(value));
      await place.clock.runUntil(reached);
      await settled(place);
      assert.deepEqual(told, []);

      commit.letGo();
      await place.clock.runUntil(run.result());
      await settled(place);
      assert.deepEqual(told, ["done"]);
    });
  }

  test("after two crashes a step, and a task, does not begin before its start is recorded", async () => {
    await using place = new FakePlace();
    const begun: string[] = [];
    const plan: Plan = {
      heddle: 1,
      name: "plan",
      discipline: "eager",
      tasks: { one: { does: { use: "one" }, when: [{ id: "start", after: [], join: "all", untaken: "wait" }] } },
    };
    const plain = planned(plan, { tasks: { one: () => void begun.push("task") } });
    const job = workflow("job", async (ctx) => {
      await ctx.receive("go", "go");
      await ctx.step("step", () => void begun.push("step"));
    });
    const store = await place.store();
    {
      const starter = await place.open({ workflows: [job, plain], passive: true });
      await starter.start(job, undefined, { id: "function" });
      await starter.start(plain, null, { id: "plan" });
      await starter.signal("function", "go");
    }
    for (let crash = 0; crash < 2; crash++) {
      const nowMs = place.clock.nowMs();
      await store.heartbeat(`dead-${crash}`, nowMs, nowMs);
      assert.equal((await store.claim({ node: `dead-${crash}`, limit: 9, nowMs })).length, 2);
      await place.clock.advance(1_000);
      await store.reapDeadNodes(place.clock.nowMs());
    }
    for (const [id, type] of [
      ["plan", "task-started"],
      ["function", "op-opened"],
    ] as const) {
      const commit = new HeldCommit("after");
      const reached = commit.hold(withEvent((event) => event.type === type && !("op" in event && event.op === "receive")));
      const engine = await place.open({ workflows: id === "plan" ? [plain] : [job] }, commit.wrap);
      await place.clock.runUntil(reached);
      await settled(place);
      assert.deepEqual(begun, id === "plan" ? [] : ["task"]);
      commit.letGo();
      await place.clock.runUntil((await engine.get(id)).result());
    }
    assert.deepEqual(begun, ["task", "step"]);
  });
});

describe("results are given one at a time, in the journal's order", () => {
  /** Each result sets off a chain of promises: it has come to its end before the next result is given. */
  async function chains(ctx: Context, log: string[], ends: (key: string) => Promise<unknown>, keys: readonly string[]): Promise<void> {
    await Promise.all(
      keys.map(async (key) => {
        await ctx.step(key, () => ends(key));
        for (let link = 0; link < 4; link++) {
          log.push(`${key}${link}`);
          await Promise.resolve();
        }
      }),
    );
  }

  test("live, although several were recorded in one commit, and on a replay alike", async () => {
    await using place = new FakePlace();
    const logs: string[][] = [];
    const gates = {
      a: Promise.withResolvers<void>(),
      b: Promise.withResolvers<void>(),
      c: Promise.withResolvers<void>(),
      d: Promise.withResolvers<void>(),
    };
    const job = workflow("job", async (ctx) => {
      const log: string[] = [];
      logs.push(log);
      await chains(ctx, log, (key) => gates[key as "a"].promise, ["a", "b", "c", "d"]);
      await ctx.receive("go", "go");
    });
    const commit = new HeldCommit("before");
    const engine = await place.open({ workflows: [job], hotFrames: 0 }, commit.wrap);
    const run = await engine.start(job, undefined, { id: "r" });
    await settled(place);
    const reached = commit.hold(withEvent(ofKey("b")));
    for (const key of ["b", "d", "c", "a"] as const) {
      gates[key].resolve();
      await settled(place);
    }
    await place.clock.runUntil(reached);
    commit.letGo();
    await place.untilStatus("r", "waiting");
    await engine.signal("r", "go");
    await place.clock.runUntil(run.result());

    const inOrder = ["b", "d", "c", "a"].flatMap((key) => [0, 1, 2, 3].map((link) => `${key}${link}`));
    assert.deepEqual(
      (await place.journal("r")).flatMap(({ event }) => (event.type === "op-ended" && event.op === "step" ? [event.key] : [])),
      ["b", "d", "c", "a"],
    );
    assert.equal(logs.length, 2, "it was rebuilt");
    assert.deepEqual(logs, [inOrder, inOrder]);
  });

  test("ctx.now is the time of the event that was given last, live and on a replay", async () => {
    await using place = new FakePlace();
    const times: number[][] = [];
    const job = workflow("job", async (ctx) => {
      const seen = [ctx.now];
      times.push(seen);
      await ctx.sleep("nap", "1m");
      seen.push(ctx.now);
      await ctx.receive("go", "go");
      seen.push(ctx.now);
    });
    const engine = await place.open({ workflows: [job], hotFrames: 0 });
    const run = await engine.start(job, undefined, { id: "r" });
    await place.clock.advance(600_000);
    await engine.signal("r", "go");
    await place.clock.runUntil(run.result());

    const last = times.at(-1) ?? [];
    for (const each of times) assert.deepEqual(each, last.slice(0, each.length));
    const given = (await place.journal("r")).flatMap(({ event }) =>
      event.type === "run-started" || event.type === "op-ended" ? [event.atMs] : [],
    );
    assert.deepEqual(last, given);
  });

  /** What each of a plan's functions saw of `ctx.now`, by its task, once for each time that its code ran. */
  async function seenTimes(
    tasks: readonly string[],
    code: (ctx: Context, seen: number[], task: string) => Promise<unknown>,
    until: (place: FakePlace, engine: Engine) => Promise<unknown>,
  ): Promise<{ readonly times: ReadonlyMap<string, number[][]>; readonly journal: readonly RunEvent[] }> {
    await using place = new FakePlace();
    const times = new Map<string, number[][]>();
    const plan: Plan = {
      heddle: 1,
      name: "timed",
      discipline: "eager",
      tasks: Object.fromEntries(
        tasks.map((task, index) => [
          task,
          {
            does: { use: task },
            policy: { retry: { attempts: 2, initialMs: 60_000, jitter: "none" } },
            when: [
              { id: `${task}.when`, after: index === 0 ? [] : [{ from: tasks[0] as string, on: "ok" }], join: "all", untaken: "wait" },
            ],
          },
        ]),
      ),
    };
    const job = planned(plan, {
      tasks: Object.fromEntries(
        tasks.map((task) => [
          task,
          (_input: unknown, ctx: Context) => {
            const seen: number[] = [];
            times.set(task, [...(times.get(task) ?? []), seen]);
            return code(ctx, seen, task);
          },
        ]),
      ),
    });
    const engine = await place.open({ workflows: [job, child] as Workflow<never, unknown>[], hotFrames: 0 });
    const run = await engine.start(job, null, { id: "r" });
    await until(place, engine);
    await place.clock.runUntil(run.result());
    return { times, journal: (await place.journal("r")).map(({ event }) => event) };
  }

  const endOf = (journal: readonly RunEvent[], task: string): number =>
    journal.find((event) => event.type === "task-ended" && event.task === task)?.atMs ?? 0;

  test("ctx.now of a task begins with the time of the event that made it due, and no other task's results change it", async () => {
    const { times, journal } = await seenTimes(
      ["first", "left", "right"],
      async (ctx, seen, task) => {
        seen.push(ctx.now);
        await ctx.sleep("nap", task === "left" ? 5_000 : 7_000);
        seen.push(ctx.now);
        if (task !== "first") await ctx.receive(`go ${task}`, `go ${task}`);
        seen.push(ctx.now);
      },
      async (place, engine) => {
        await place.clock.advance(100_000);
        await engine.signal("r", "go right");
        await place.clock.advance(100_000);
        await engine.signal("r", "go left");
      },
    );

    const due = endOf(journal, "first");
    const gone = (task: string): number =>
      journal.find((event) => "key" in event && event.type === "op-ended" && event.key === `go ${task}`)?.atMs ?? 0;
    for (const [task, napMs] of [
      ["left", 5_000],
      ["right", 7_000],
    ] as const) {
      const expected = [due, due + napMs, gone(task)];
      const each = times.get(task) ?? [];
      assert.ok(each.length > 2, `${task} was rebuilt`);
      for (const seen of each) assert.deepEqual(seen, expected.slice(0, seen.length));
      assert.deepEqual(each.at(-1), expected);
    }
  });

  test("ctx.now of a further attempt, also after a snapshot, begins as that of the first one did", async () => {
    let failed = 0;
    const { times, journal } = await seenTimes(
      ["many", "behind"],
      async (ctx, seen, task) => {
        // With the beginning of the run and the end of this task as many events as bring a snapshot along: the next task is due in it, and not begun.
        if (task === "many") {
          await ctx.sleep("nap", 5_000);
          await Promise.all(Array.from({ length: 996 }, (_, index) => ctx.emit(`said ${index}`, "said")));
          return;
        }
        seen.push(ctx.now);
        await ctx.step("once", () => "done");
        await ctx.receive("go", "go");
        seen.push(ctx.now);
        if (failed++ === 0) throw new Error("once");
      },
      async (place, engine) => {
        await place.clock.advance(100_000);
        assert.notEqual(await (await place.store()).readSnapshot("r"), null);
        await engine.signal("r", "go");
      },
    );

    const began = endOf(journal, "many");
    const each = times.get("behind") ?? [];
    assert.ok(each.length > 2, "it was rebuilt, and tried again");
    assert.deepEqual([...new Set(each.map(([first]) => first))], [began]);
    assert.equal(new Set(each.map(([, second]) => second).filter((second) => second !== undefined)).size, 1);
  });

  test("ctx.now of an attempt that follows at once begins as that of the first one did", async () => {
    await using place = new FakePlace();
    const times: number[] = [];
    const job = workflow(
      "job",
      async (ctx) => {
        times.push(ctx.now);
        await ctx.sleep("nap", 500);
        if (times.length === 1) throw new Error("once");
      },
      { retry: 2 },
    );
    const engine = await place.open({ workflows: [job] });
    await place.clock.runUntil((await engine.start(job, undefined)).result());

    assert.equal(times.length, 2);
    assert.equal(times[1], times[0]);
  });

  test("ctx.now of the next segment begins with its record", async () => {
    await using place = new FakePlace();
    const times: number[][] = [];
    const job = workflow("job", async (ctx, segment: number) => {
      times.push([segment, ctx.now]);
      await ctx.sleep("nap", 90_000);
      return segment === 2 ? "over" : ctx.continueAs(2);
    });
    const engine = await place.open({ workflows: [job], hotFrames: 0 });
    const run = await engine.start(job, 1, { id: "r" });
    await place.clock.runUntil(run.result());

    const began = (await place.journal("r")).find(({ event }) => event.type === "segment-started")?.event.atMs;
    const second = times.filter(([segment]) => segment === 2);
    assert.ok(second.length > 1, "it was rebuilt");
    for (const seen of second) assert.deepEqual(seen, [2, began]);
  });

  test("ctx.now after a child was started is the time of its opening", async () => {
    await using place = new FakePlace();
    const times: number[] = [];
    const job = workflow("job", async (ctx) => {
      await ctx.step("work", () => "done");
      await ctx.start("child", child, undefined);
      times.push(ctx.now);
      await ctx.receive("go", "go");
    });
    const commit = new HeldCommit("after");
    const reached = commit.hold(withEvent(ofKey("work")));
    const engine = await place.open({ workflows: [job, child] as Workflow<never, unknown>[], hotFrames: 0 }, commit.wrap);
    const run = await engine.start(job, undefined, { id: "r" });
    await place.clock.runUntil(reached);
    await place.clock.advance(1_000);
    commit.letGo();
    await place.untilStatus("r", "waiting");
    await engine.signal("r", "go");
    await place.clock.runUntil(run.result());

    const opened = (await place.journal("r")).find(({ event }) => event.type === "op-opened" && event.op === "start")?.event.atMs;
    assert.ok(times.length > 1, "it was rebuilt");
    assert.deepEqual([...new Set(times)], [opened]);
  });
});
