import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planned, secret, workflow, type TaskCode, type TaskContext, type Workflow } from "heddle";
import type { Plan } from "@heddle/kernel";
import { FakeClock } from "@heddle/testing";
import { places } from "./engines.ts";

type Tasks = Plan["tasks"];
type Trigger = Tasks[string]["when"][number];

const start: Trigger = atStart("start");
function atStart(id: string): Trigger {
  return { id, after: [], join: "all", untaken: "wait" };
}
function after(id: string, ...sources: readonly string[]): Trigger {
  return { id, after: sources.map((from) => ({ from, on: "ok" })), join: "all", untaken: "skip" };
}

/** Each task does the code of its own name. */
function plan(
  tasks: Readonly<Record<string, Partial<Tasks[string]> & { readonly when: readonly Trigger[] }>>,
  rest: Partial<Plan> = {},
): Plan {
  const all = Object.fromEntries(Object.entries(tasks).map(([id, task]) => [id, { does: { use: id }, ...task }]));
  return { heddle: 1, name: "planned", discipline: "eager", tasks: all, ...rest };
}

for (const place of places) {
  describe(`plans by hand on ${place.name}`, { concurrency: true }, () => {
    test("a task is given the value of the one before it, several values in the order of its edges, else the run's input", async () => {
      using on = place.make();
      const diamond = planned<number, string>(
        plan(
          {
            a: { when: [start] },
            b: { when: [after("b.ready", "a")] },
            c: { when: [after("c.ready", "a")] },
            d: { when: [after("d.ready", "c", "b")] },
          },
          { output: { task: "d" } },
        ),
        {
          tasks: {
            a: async (input) => (input as number) + 1,
            b: async (input) => `b${String(input)}`,
            c: (input) => `c${String(input)}`,
            d: async (input) => (input as string[]).join(),
          },
        },
      );
      await using engine = await on.open({ workflows: [diamond] });

      assert.equal(await (await engine.start(diamond, 1)).result(), "c2,b2");
    });

    test("items of a spawn, and starts of one task, have idempotency keys and children of their own", async () => {
      using on = place.make();
      const child = workflow("child", async (ctx, input: number) => `${ctx.runId} of ${input}`);
      const seen: { readonly item: number; readonly key: string; readonly child: string }[] = [];
      const spawning = planned<null, null>(
        plan({
          split: { when: [start] },
          item: { when: [] },
          again: { when: [] },
          last: { when: [{ id: "last.ready", after: [{ from: "item", on: "drained" }], join: "all", untaken: "wait" }] },
        }),
        {
          tasks: {
            split: (_input, { verbs }) => {
              verbs.spawn("item", [1, 2, 3]);
              verbs.next("again", 4);
              verbs.next("again", 5);
            },
            item: both,
            again: both,
            last: () => null,
          },
        },
      );
      async function both(input: unknown, ctx: TaskContext): Promise<void> {
        const item = input as number;
        const key = await ctx.step("work", ({ idempotencyKey }) => idempotencyKey);
        seen.push({ item, key, child: await ctx.call("child", child, item) });
      }
      await using engine = await on.open({ workflows: [spawning, child] as Workflow<never, unknown>[] });
      await (await engine.start(spawning, null, { id: "r" })).result();

      assert.equal(new Set(seen.map(({ key }) => key)).size, 5);
      assert.deepEqual(
        seen.map(({ item, child: told }) => told.endsWith(` of ${item}`)),
        Array.from({ length: 5 }, () => true),
      );
    });

    test("what a task does to its input, or to its result later on, reaches no other task and no record", async () => {
      using on = place.make();
      const result = { list: [{ n: 1 }] };
      const shared = planned(
        plan(
          { a: { when: [start] }, b: { when: [after("b.ready", "a")] }, c: { when: [after("c.ready", "b", "a")] } },
          { output: { task: "c" } },
        ),
        {
          tasks: {
            a: async () => result,
            b: async (input) => {
              result.list.push({ n: 7 });
              const given = input as typeof result;
              for (const each of given.list) each.n = 9;
              given.list.length = 0;
              return "b";
            },
            c: async (input) => input,
          },
        },
      );
      await using engine = await on.open({ workflows: [shared] });
      const run = await engine.start(shared, null);

      assert.deepEqual(await run.result(), ["b", { list: [{ n: 1 }] }]);
    });

    test("a task is given what the one before it held when that ended, also if it has ended again before the first end is recorded", async () => {
      using on = place.make();
      const given: unknown[] = [];
      const twice = planned<null>(
        plan({
          first: { when: [start] },
          source: { when: [] },
          sink: { when: [{ ...after("sink.any", "source"), join: "any", untaken: "wait" }] },
        }),
        {
          tasks: {
            first: (_input, { verbs }) => {
              verbs.next("source", 1);
              verbs.next("source", 2);
            },
            source: (input) => input,
            sink: (input) => void given.push(input),
          },
        },
      );
      await using engine = await on.open({ workflows: [twice] });
      await (await engine.start(twice, null)).result();
      assert.deepEqual(given, [1, 2]);
    });

    test("verbs carry values that are checked like results: size, secrets, and what cannot be kept", async () => {
      using on = place.make();
      const writing =
        (value: unknown): TaskCode =>
        (_, ctx) =>
          ctx.verbs.write("notes", value);
      const notes = (value: unknown) =>
        planned(plan({ write: { when: [start] } }, { name: "notes", channels: { notes: { kind: "value" } } }), {
          tasks: { write: writing(value) },
        });
      const cases: readonly (readonly [unknown, RegExp])[] = [
        ["x".repeat(2_000), /the value for channel "notes" in run r0 is .*limit/],
        [{ deep: [() => 1] }, /The value for channel "notes" in run r1.*deep\[0\]/],
      ];
      for (const [index, [value, told]] of cases.entries()) {
        const wanted = notes(value);
        await using engine = await on.open({ workflows: [wanted], maxValueBytes: 1_000 });
        await assert.rejects((await engine.start(wanted, null, { id: `r${index}` })).result(), told);
      }
      const revealed = planned(plan({ write: { when: [start] } }, { name: "revealed", channels: { notes: { kind: "value" } } }), {
        tasks: {
          write: async (_, ctx) => {
            const value = await ctx.step("read", (step) => step.reveal(secret("TOKEN")).then((token) => token.length));
            ctx.verbs.write("notes", `token of ${value}: hush-hush`);
          },
        },
      });
      await using engine = await on.open({ workflows: [revealed], secrets: () => "hush-hush" });
      await assert.rejects((await engine.start(revealed, null)).result(), /TOKEN/);
    });

    test("a task that fails is tried again by its policy, and the ones after it wait", async () => {
      using on = place.make();
      const clock = new FakeClock();
      let attempts = 0;
      const flaky = planned<null, number>(
        plan(
          {
            a: { when: [start], policy: { retry: { attempts: 3, initialMs: 60_000, factor: 1, jitter: "none" } } },
            b: { when: [after("b.ready", "a")] },
          },
          { output: { task: "b" } },
        ),
        {
          tasks: {
            a: async () => {
              if (++attempts < 3) throw new Error("not yet");
              return attempts;
            },
            b: async (input) => input,
          },
        },
      );
      await using engine = await on.open({ workflows: [flaky], clock });
      const run = await engine.start(flaky, null);
      const ended = run.result();
      await clock.runUntil(ended);

      assert.equal(await ended, 3);
    });

    test("a group ends by its policy, and its members' ends are given to it", async () => {
      using on = place.make();
      const grouped = planned(
        plan(
          {
            all: { does: { group: ["good", "bad"], policy: { use: "half" } }, when: [start] },
            good: { when: [atStart("good.start")] },
            bad: { when: [atStart("bad.start")] },
            next: { when: [after("next.ready", "all")] },
          },
          { output: { task: "next" } },
        ),
        {
          tasks: {
            good: () => 1,
            bad: () => {
              throw new Error("no");
            },
            next: (input) => input,
          },
          policies: {
            half: (members) => ({ status: "completed", value: members.map(({ task, outcome }) => `${task} ${outcome.status}`) }),
          },
        },
      );
      await using engine = await on.open({ workflows: [grouped] });

      assert.deepEqual(await (await engine.start(grouped, null)).result(), ["good completed", "bad failed"]);
    });

    test("a fold channel is merged by its reducer, and the whole value stands in the journal", async () => {
      using on = place.make();
      const folding = planned(
        plan(
          { a: { when: [start] }, b: { when: [after("b.ready", "a")] } },
          { channels: { best: { kind: "fold", reducer: { use: "max" } } }, output: { channels: ["best"] } },
        ),
        {
          tasks: { a: (_, ctx) => ctx.verbs.write("best", 3), b: (_, ctx) => ctx.verbs.write("best", 2) },
          reducers: { max: (current, written) => Math.max((current as number | undefined) ?? 0, written as number) },
        },
      );
      await using engine = await on.open({ workflows: [folding] });
      const run = await engine.start(folding, null);

      assert.deepEqual(await run.result(), { best: 3 });
      const merged: unknown[] = [];
      for await (const event of run.events()) if (event.type === "task-ended") merged.push(event.merged);
      assert.deepEqual(merged, [{ best: 3 }, { best: 3 }]);
    });

    test("a task is given after a restart what it was started with, though its sources have ended again since", async () => {
      using on = place.make();
      const times = 700;
      const again = { from: "a", on: "ok" } as const;
      const open = (gate: Promise<void>, given: number[]) =>
        planned(
          plan(
            {
              a: { when: [start] },
              b: { when: [{ id: "b.each", after: [again], join: "any", untaken: "wait" }] },
              c: { when: [{ id: "c.each", after: [again], join: "any", untaken: "wait" }] },
            },
            { limits: { activations: 10_000 } },
          ),
          {
            tasks: {
              a: async (input) => ((input as number | null) ?? 0) + 1,
              b: async (input) => {
                await gate;
                given.push(input as number);
              },
              c: async (input, ctx) => {
                if ((input as number) < times) ctx.verbs.next("a", input);
              },
            },
          },
        );
      {
        const hanging = open(new Promise(() => {}), []);
        await using engine = await on.open({ workflows: [hanging], drainMs: 0 });
        const run = await engine.start(hanging, null, { id: "r" });
        for await (const event of run.events()) if (event.type === "task-ended" && event.task === "c" && event.no === 3 * times) break;
      }
      const given: number[] = [];
      const going = open(Promise.resolve(), given);
      await using engine = await on.open({ workflows: [going] });
      await (await engine.get("r")).result();

      assert.deepEqual(
        given.sort((left, right) => left - right),
        Array.from({ length: times }, (_, index) => index + 1),
      );
    });
  });
}
