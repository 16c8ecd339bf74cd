import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { hasCode, planned, workflow, type DispatchOptions, type Strategy, type TaskContext, type Workflow } from "heddle";
import { eventually } from "@heddle/testing";
import { places, untilStatus } from "../engines.ts";
import { afterAll, Stage } from "./stage.ts";

const strategies: readonly Strategy[] = ["work_queue", "level", "reactive", "hybrid", "critical_path"];
const names = (count: number, name = "t"): string[] =>
  Array.from({ length: count }, (_, index) => `${name}${String(index).padStart(2, "0")}`);
const independent = (ids: readonly string[]): Plan => afterAll(Object.fromEntries(ids.map((id) => [id, []])));

for (const place of places) {
  describe(`dispatch on ${place.name}`, { concurrency: true }, () => {
    for (const strategy of strategies) {
      test(`${strategy}: never more tasks are under way than maxConcurrency, that many are, and 0 counts as 1`, async () => {
        for (const maxConcurrency of [0, 3]) {
          using on = place.make();
          const stage = new Stage();
          const wide = stage.workflow(independent(names(12)), { strategy, maxConcurrency });
          await using engine = await on.open({ workflows: [wide] });
          await stage.endAll(await engine.start(wide, null));

          assert.equal(stage.peak, Math.max(1, maxConcurrency));
          assert.deepEqual(stage.begun.toSorted(), names(12));
        }
      });
    }

    test("of equal rank those that transform go before those that analyze, then by id; deeper ones and higher priorities go first", async () => {
      using on = place.make();
      const stage = new Stage();
      const plan = afterAll({ root: [], b: ["root"], a: ["root"], look: ["root"], deep: ["b"], urgent: ["root"] });
      const urgent = { ...plan.tasks["urgent"], policy: { priority: 1 } } as Plan["tasks"][string];
      const queue = stage.workflow(
        { ...plan, tasks: { ...plan.tasks, urgent } },
        {
          strategy: "work_queue",
          maxConcurrency: 1,
          tasks: { a: { analyze: true }, look: { analyze: true } },
        },
      );
      await using engine = await on.open({ workflows: [queue] });
      await stage.endAll(await engine.start(queue, null));

      assert.deepEqual(stage.begun, ["root", "urgent", "b", "deep", "a", "look"]);
    });

    test("critical_path: the longest way to the end goes first, and its next task before all that wait", async () => {
      using on = place.make();
      const stage = new Stage();
      const path = stage.workflow(afterAll({ a: [], b: [], c: [], long: [], end: ["long"] }), {
        strategy: "critical_path",
        maxConcurrency: 1,
        tasks: { a: { expectedMs: 5 }, b: { expectedMs: 30 }, c: { expectedMs: 6 }, long: { expectedMs: 20 }, end: { expectedMs: 31 } },
      });
      await using engine = await on.open({ workflows: [path] });
      await stage.endAll(await engine.start(path, null));

      assert.deepEqual(stage.begun, ["long", "end", "b", "c", "a"]);
    });

    test("level: no task of a level begins before all of the levels above have ended, also those that are tried again", async () => {
      using on = place.make();
      const stage = new Stage();
      const plan = afterAll({ quick: [], slow: [], below: ["quick"], last: ["below", "slow"] });
      const slow = { ...plan.tasks["slow"], policy: { retry: { attempts: 2, initialMs: 1, jitter: "none" } } } as Plan["tasks"][string];
      const levels = stage.workflow({ ...plan, tasks: { ...plan.tasks, slow } }, { strategy: "level", maxConcurrency: 9 });
      await using engine = await on.open({ workflows: [levels] });
      const run = await engine.start(levels, null);
      await stage.comesTo("quick", "slow");
      stage.end("quick");
      await stage.comesTo("slow");
      stage.end("slow", new Error("again"));
      await stage.comesTo("slow");
      stage.end("slow");
      await stage.comesTo("below");
      await stage.endAll(run);

      assert.deepEqual(stage.begun, ["quick", "slow", "slow", "below", "last"]);
    });

    test("reactive: without a limit each begins when it is ready, with one the first ready begins first", async () => {
      using on = place.make();
      const free = new Stage();
      const all = free.workflow(independent(names(40)), { strategy: "reactive" });
      const one = new Stage();
      const first = one.workflow(
        { ...afterAll({ z: [], y: [], x: ["z"], w: [] }), name: "one" },
        { strategy: "reactive", maxConcurrency: 1, tasks: { x: { expectedMs: 99 } } },
      );
      await using engine = await on.open({ workflows: [all, first] });
      await free.endAll(await engine.start(all, null));
      await one.endAll(await engine.start(first, null));

      assert.equal(free.peak, 40);
      assert.deepEqual(one.begun, ["z", "y", "w", "x"]);
    });

    test("a pool lets as many of its tasks in as it has places, and holds up no task outside of it", async () => {
      using on = place.make();
      const stage = new Stage();
      const plan = independent([...names(20, "a-gpu"), "other", "third"]);
      const pooled = stage.workflow(plan, {
        strategy: "work_queue",
        maxConcurrency: 4,
        pools: { gpu: 2 },
        tasks: Object.fromEntries(names(20, "a-gpu").map((id) => [id, { pool: "gpu" }])),
      });
      await using engine = await on.open({ workflows: [pooled] });
      const run = await engine.start(pooled, null);

      await stage.comesTo("a-gpu00", "a-gpu01", "other", "third");
      stage.end("third");
      stage.end("other");
      await stage.comesTo("a-gpu00", "a-gpu01");
      await stage.endAll(run);
      assert.equal(stage.begun.length, 22);
    });

    test("what does not fit the resources now is overtaken by smaller tasks, but no more than sixteen times", async () => {
      using on = place.make();
      const stage = new Stage();
      const small = names(30, "small");
      const budget = stage.workflow(independent(["a-first", "b-big", ...small]), {
        strategy: "work_queue",
        maxConcurrency: 2,
        resources: { cpu: 1, memoryMb: 100 },
        tasks: {
          "a-first": { cpu: 0.1, memoryMb: 60 },
          "b-big": { cpu: 0.1, memoryMb: 90 },
          ...Object.fromEntries(small.map((id) => [id, { cpu: 0.1, memoryMb: 20 }])),
        },
      });
      await using engine = await on.open({ workflows: [budget] });
      const run = await engine.start(budget, null);
      for (let index = 0; index < 16; index++) {
        await stage.comesTo("a-first", small[index] as string);
        stage.end(small[index] as string);
      }
      // The one that stands before the rest has waited long enough: nothing begins before it, although there is room.
      await stage.comesTo("a-first");
      stage.end("a-first");
      await stage.comesTo("b-big");
      await stage.endAll(run);

      assert.deepEqual(stage.begun, ["a-first", ...small.slice(0, 16), "b-big", ...small.slice(16)]);
    });

    test("a task that waits for a time, a signal or a person gives its place to others; one whose child works keeps it", async () => {
      using on = place.make();
      const stage = new Stage();
      const child = workflow("child", () => stage.act("child"));
      const waiting = stage.workflow(
        independent(["1-sleeps", "2-listens", "3-asks", "4-calls", "5-works"]),
        { strategy: "work_queue", maxConcurrency: 1 },
        {
          "1-sleeps": (_, ctx) => ctx.sleep("nap", "30d"),
          "2-listens": (_, ctx) => ctx.receive("heard", "word"),
          "3-asks": (_, ctx) => ctx.ask("may-i", { kind: "approval", prompt: "May I?" }),
          "4-calls": async (_, ctx) => {
            await ctx.step("before", () => stage.act("before"));
            return ctx.call("child", child, null);
          },
        },
      );
      await using engine = await on.open({ workflows: [waiting, child] as Workflow<never, unknown>[] });
      const run = await engine.start(waiting, null, { id: "r" });
      await stage.comesTo("before");
      stage.end("before");
      await stage.comesTo("child");
      stage.end("child");
      await stage.comesTo("5-works");
      // What goes on after its wait goes on at once.
      await engine.signal("r", "word", 1);
      await engine.answer("r", "3-asks/may-i", { approved: true });
      stage.end("5-works");
      await stage.comesTo();

      await engine.cancel("r");
      await assert.rejects(run.result(), (error) => hasCode(error, "RUN_CANCELLED"));
      assert.deepEqual(stage.begun, ["before", "child", "5-works"]);
    });

    test("what woke up takes its place again: nothing new begins until there is room", async () => {
      using on = place.make();
      const stage = new Stage();
      const woken = stage.workflow(
        independent(["1-listens", "2-works", "3-works"]),
        { strategy: "work_queue", maxConcurrency: 1 },
        {
          "1-listens": async (_, ctx) => {
            await ctx.receive("heard", "word");
            await ctx.step("after", () => stage.act("after"));
          },
        },
      );
      await using engine = await on.open({ workflows: [woken] });
      const run = await engine.start(woken, null, { id: "r" });
      await stage.comesTo("2-works");
      await engine.signal("r", "word");
      await stage.comesTo("2-works", "after");
      stage.end("2-works");
      await stage.comesTo("after");
      stage.end("after");
      await stage.comesTo("3-works");
      await stage.endAll(run);
    });

    test("between two attempts a task has no place, and it stands in line for the next one", async () => {
      using on = place.make();
      const stage = new Stage();
      const plan = independent(["1-flaky", "2-works", "3-works"]);
      const flaky = { ...plan.tasks["1-flaky"], policy: { retry: { attempts: 2, initialMs: 1, jitter: "none" } } } as Plan["tasks"][string];
      const again = stage.workflow({ ...plan, tasks: { ...plan.tasks, "1-flaky": flaky } }, { strategy: "work_queue", maxConcurrency: 1 });
      let ready = 0;
      await using engine = await on.open({
        workflows: [again],
        onLive: (_, event) => void (ready += event.type === "ready" && event.key === "1-flaky" ? 1 : 0),
      });
      const run = await engine.start(again, null);
      await stage.comesTo("1-flaky");
      stage.end("1-flaky", new Error("once more"));
      await stage.comesTo("2-works");
      // Before the third in the order of the strategy.
      await eventually(() => ready === 2, "it stands in line again");
      stage.end("2-works");
      await stage.comesTo("1-flaky");
      stage.end("1-flaky");
      await stage.comesTo("3-works");
      await stage.endAll(run);
    });

    test("a failure that stops the run ends what is held back at once, and none of it begins", async () => {
      using on = place.make();
      const stage = new Stage();
      const stopped = stage.workflow(independent(names(8)), { strategy: "work_queue", maxConcurrency: 1 });
      await using engine = await on.open({ workflows: [stopped] });
      const run = await engine.start(stopped, null, { id: "r" });
      await stage.comesTo("t00");
      stage.end("t00", new Error("broken"));

      await assert.rejects(run.result(), /broken/);
      assert.deepEqual(stage.begun, ["t00"]);
      const ends = (await Array.fromAsync(run.events({ live: false }))).filter(({ type }) => type === "task-ended");
      assert.equal(ends.length, 8);
    });

    test("a cancelled run ends without beginning what is held back", async () => {
      using on = place.make();
      const stage = new Stage();
      const held = stage.workflow(
        independent(names(8)),
        { strategy: "reactive", maxConcurrency: 1 },
        {
          t00: async (_, ctx) => void (await ctx.step("act", ({ signal }) => Promise.race([stage.act("t00"), aborted(signal)]))),
        },
      );
      await using engine = await on.open({ workflows: [held] });
      const run = await engine.start(held, null, { id: "r" });
      await stage.comesTo("t00");
      await engine.cancel("r");

      await assert.rejects(run.result(), (error) => hasCode(error, "RUN_CANCELLED"));
      assert.deepEqual(stage.begun, ["t00"]);
    });

    test("a paused run begins nothing more, and resumed it goes on with what was held back", async () => {
      using on = place.make();
      const stage = new Stage();
      const paused = stage.workflow(independent(names(30)), { strategy: "work_queue", maxConcurrency: 1 });
      await using engine = await on.open({ workflows: [paused] });
      const run = await engine.start(paused, null, { id: "r" });
      await stage.comesTo("t00");
      await engine.pause("r");
      const pausing = untilStatus(engine, "r", "paused");
      let over = false;
      void pausing.finally(() => void (over = true));
      while (!over) {
        for (const id of stage.underWay) stage.end(id);
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      await pausing;

      const before = stage.begun.length;
      assert.ok(before < 30, `${before} tasks had begun`);
      assert.deepEqual(stage.underWay, []);
      await engine.resume("r");
      await stage.endAll(run);
      assert.deepEqual(stage.begun, names(30));
    });

    test("items of a spawn and members of a group stand in line like all others", async () => {
      using on = place.make();
      const stage = new Stage();
      const opening = { id: "open", after: [], join: "all", untaken: "wait" } as const;
      const plan: Plan = {
        heddle: 1,
        name: "spawning",
        discipline: "eager",
        tasks: {
          split: { does: { use: "split" }, when: [{ ...opening, id: "split.open" }] },
          item: { does: { use: "item" }, when: [] },
          both: {
            does: { group: ["one", "two"], policy: { use: "strict" } },
            when: [{ id: "both.ready", after: [{ from: "item", on: "drained" }], join: "all", untaken: "wait" }],
          },
          one: { does: { use: "one" }, when: [{ ...opening, id: "one.open" }] },
          two: { does: { use: "two" }, when: [{ ...opening, id: "two.open" }] },
          last: { does: { use: "last" }, when: [{ id: "last.ready", after: [{ from: "both", on: "ok" }], join: "all", untaken: "wait" }] },
        },
      };
      for (const strategy of strategies) {
        const made = new Stage();
        const spawning = planned(
          { ...plan, name: `spawning-${strategy}` },
          {
            tasks: {
              split: (_input, { verbs }: TaskContext) => verbs.spawn("item", [1, 2, 3, 4, 5]),
              item: (item) => made.act(`item-${String(item)}`),
              one: () => made.act("one"),
              two: () => made.act("two"),
              last: () => made.act("last"),
            },
            dispatch: { strategy, maxConcurrency: 2 },
          },
        );
        await using engine = await on.open({ workflows: [spawning] });
        await made.endAll(await engine.start(spawning, null));
        assert.equal(made.peak, 2, strategy);
        assert.deepEqual(made.begun.toSorted(), ["item-1", "item-2", "item-3", "item-4", "item-5", "last", "one", "two"], strategy);
        assert.equal(made.begun.at(-1), "last", strategy);
      }
      assert.equal(stage.begun.length, 0);
    });

    test("those who watch are told when a task is ready, started, completed and failed", async () => {
      using on = place.make();
      const stage = new Stage();
      const watched = stage.workflow(afterAll({ a: [], b: [], c: ["b"], d: ["b"] }), { strategy: "work_queue", maxConcurrency: 1 });
      await using engine = await on.open({ workflows: [watched] });
      const told: string[] = [];
      const run = await engine.start(watched, null);
      const listening = (async () => {
        for await (const event of run.events()) {
          if (event.type === "ready" || event.type === "started") told.push(`${event.type} ${event.key} ${event.no}`);
          if (event.type === "task-ended") told.push(`${event.outcome.status} ${event.task} ${event.no}`);
        }
      })();
      const isTold = (...all: readonly string[]) =>
        eventually(() => all.every((each) => told.includes(each)), `${all.join(" and ")} are told`);
      // Where the journal is read slowly, the watcher is let come along.
      await isTold("started a 1", "ready b 2");
      stage.end("a");
      await isTold("started b 2");
      stage.end("b");
      await isTold("started c 3", "ready d 4");
      stage.end("c", new Error("broken"));
      await listening;

      const expected = [
        "started a 1",
        "ready b 2",
        "completed a 1",
        "started b 2",
        "completed b 2",
        "ready c 3",
        "ready d 4",
        "started c 3",
        "failed c 3",
        "cancelled d 4",
      ];
      // A watcher who had to catch up with the journal is told what stands in line then: not that of a task which has begun by now.
      assert.deepEqual([...new Set([...told, "ready c 3"])].toSorted(), expected.toSorted());
      for (const [one, other] of [
        ["ready b 2", "completed a 1"],
        ["started b 2", "completed b 2"],
        ["completed b 2", "ready d 4"],
        ["ready d 4", "failed c 3"],
      ] as const)
        assert.ok(told.indexOf(one) < told.indexOf(other), `${one} before ${other}: ${told.join(", ")}`);
    });

    test("who begins to watch later is told what is under way and what stands in line", async () => {
      using on = place.make();
      const stage = new Stage();
      const watched = stage.workflow(independent(["a", "b"]), { strategy: "work_queue", maxConcurrency: 1 });
      await using engine = await on.open({ workflows: [watched] });
      const run = await engine.start(watched, null);
      await stage.comesTo("a");
      const told: string[] = [];
      for await (const event of run.events()) {
        if (event.type === "ready" || event.type === "started") told.push(`${event.type} ${event.key} ${event.no}`);
        if (told.length === 2) break;
      }
      assert.deepEqual(told.toSorted(), ["ready b 2", "started a 1"]);
      await stage.endAll(run);
    });

    test("where nothing is ever held back, those who watch are told what is ready and started, and what was before they came", async () => {
      using on = place.make();
      const stage = new Stage();
      const free = stage.workflow(afterAll({ a: [], b: [], c: ["a"] }), { strategy: "reactive" });
      await using engine = await on.open({ workflows: [free] });
      const run = await engine.start(free, null);
      await stage.comesTo("a", "b");
      const told: string[] = [];
      const listening = (async () => {
        for await (const event of run.events())
          if (event.type === "started" || event.type === "ready") told.push(`${event.type} ${event.key} ${event.no}`);
      })();
      await eventually(() => told.length === 2, "a and b are told");
      stage.end("a");
      await eventually(() => told.length === 4, "c is told");
      await stage.endAll(run);
      await listening;

      assert.deepEqual(told, ["started a 1", "started b 2", "ready c 3", "started c 3"]);
    });

    test("reactive without a limit: of tasks that are ready at once the one of a higher priority begins first", async () => {
      using on = place.make();
      const stage = new Stage();
      const plan = independent(["a", "b", "c"]);
      const urgent = { ...plan.tasks["c"], policy: { priority: 1 } } as Plan["tasks"][string];
      const first = stage.workflow({ ...plan, tasks: { ...plan.tasks, c: urgent } }, { strategy: "reactive" });
      await using engine = await on.open({ workflows: [first] });
      await stage.endAll(await engine.start(first, null));

      assert.deepEqual(stage.begun, ["c", "a", "b"]);
    });

    test("a task that is held back is given what the tasks before it held when it became ready", async () => {
      using on = place.make();
      const after = (id: string, from: string) => ({
        id,
        after: [{ from, on: "ok" as const }],
        join: "any" as const,
        untaken: "wait" as const,
      });
      const plan: Plan = {
        heddle: 1,
        name: "given",
        discipline: "eager",
        tasks: {
          first: { does: { use: "first" }, when: [{ id: "first", after: [], join: "all", untaken: "wait" }] },
          source: { does: { use: "source" }, when: [], policy: { priority: 1 } },
          sink: { does: { use: "sink" }, when: [after("sink", "source")] },
        },
      };
      const given: unknown[] = [];
      const flow = planned(plan, {
        tasks: {
          first: (_, { verbs }) => {
            verbs.next("source", 1);
            verbs.next("source", 2);
          },
          source: (input) => input,
          sink: (input) => void given.push(input),
        },
        dispatch: { strategy: "work_queue", maxConcurrency: 1 },
      });
      await using engine = await on.open({ workflows: [flow] });
      await (await engine.start(flow, null)).result();
      assert.deepEqual(given, [1, 2]);
    });

    test("tasks that a task adds to the plan of its run stand in line behind the others, under each strategy", async () => {
      using on = place.make();
      for (const strategy of strategies) {
        const begun: string[] = [];
        const plan = { ...afterAll({ a: [], b: [], c: [] }), name: `growing-${strategy}` };
        const added = afterAll({ more: [], later: ["more"] }).tasks;
        const use = (tasks: Plan["tasks"]): Plan["tasks"] =>
          Object.fromEntries(Object.entries(tasks).map(([id, task]) => [id, { ...task, does: { use: "work" } }]));
        const growing = planned(
          { ...plan, tasks: use(plan.tasks) },
          {
            tasks: {
              work: async (_, { task, verbs }) => {
                begun.push(task.id);
                if (task.id === "a") verbs.amend(use(added));
              },
            },
            dispatch: { strategy, maxConcurrency: 1 },
          },
        );
        await using engine = await on.open({ workflows: [growing] });
        await (await engine.start(growing, null)).result();
        assert.deepEqual(begun, ["a", "b", "c", "more", "later"], strategy);
      }
    });

    test("tasks that return at once follow each other without a stack that grows, however long the chain", async () => {
      using on = place.make();
      const ids = Array.from({ length: 3_000 }, (_, index) => `t${index}`);
      const chain = planned(afterAll(Object.fromEntries(ids.map((id, index) => [id, index === 0 ? [] : [`t${index - 1}`]]))), {
        tasks: Object.fromEntries(ids.map((id) => [id, () => null])),
        dispatch: { strategy: "work_queue", maxConcurrency: 1 },
      });
      await using engine = await on.open({ workflows: [chain] });
      await (await engine.start(chain, null)).result();
    });
  });
}

test("options that cannot be are refused when the plan is made, with the name of the task", () => {
  const plan = independent(["a", "b"]);
  const tasks = { a: () => null, b: () => null };
  const cases: readonly (readonly [DispatchOptions, RegExp])[] = [
    [{ strategy: "fastest" as Strategy }, /"fastest"; there are: work_queue, level, reactive, hybrid, critical_path/],
    [{ strategy: "level", maxConcurrency: 1.5 }, /maxConcurrency .*1\.5/],
    [{ strategy: "level", maxConcurrency: -1 }, /maxConcurrency .*-1/],
    [{ strategy: "level", pools: { gpu: 0 } }, /Pool "gpu".* 0 places/],
    [{ strategy: "level", resources: { cpu: Number.NaN } }, /cpu .*NaN/],
    [{ strategy: "level", tasks: { c: {} } }, /Task "c" .*not in the plan/],
    [{ strategy: "level", tasks: { b: { expectedMs: -1 } } }, /Task "b" .*expectedMs -1/],
    [{ strategy: "level", pools: { gpu: 1 }, tasks: { b: { pool: "cpu" } } }, /Task "b" .*pool "cpu".*there are: gpu/],
    [{ strategy: "level", resources: { memoryMb: 10 }, tasks: { b: { memoryMb: 11 } } }, /Task "b" .*memoryMb 11, and there is 10/],
    [{ strategy: "level", resources: { cpu: 1 }, tasks: { b: { cpu: 1.5 } } }, /Task "b" .*cpu 1\.5, and there is 1 in all/],
  ];
  for (const [dispatch, message] of cases) {
    assert.throws(
      () => planned(plan, { tasks, dispatch }),
      (error) => hasCode(error, "OPTION_INVALID") && message.test((error as Error).message),
      String(message),
    );
  }
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
}
