import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan, Task } from "@heddle/kernel";
import { crashIndex, type SimulatedProcess } from "@heddle/testing";
import { planned, type PlannedWorkflow, type TaskCode } from "heddle";
import { FakePlace } from "../faults/fake-place.ts";
import { deferred, places, untilStatus } from "./engines.ts";

type Codes = Readonly<Record<string, TaskCode>>;

function after(use: string, from: readonly string[], more: Partial<Task> = {}, id: string = use): Task {
  return {
    does: { use },
    when: [{ id: `${id}.when`, after: from.map((each) => ({ from: each, on: "ok" as const })), join: "all", untaken: "skip" }],
    ...more,
  };
}

const seeds: Task = { does: { use: "seed" }, when: [{ id: "seed.when", after: [], join: "all", untaken: "wait" }] };

function growing(code: Codes, more: Partial<Plan> = {}, tasks: Readonly<Record<string, Task>> = {}): PlannedWorkflow<unknown, unknown> {
  return planned({ heddle: 1, name: "growing", discipline: "eager", tasks: { seed: seeds, ...tasks }, ...more }, { tasks: code });
}

const echo: TaskCode = (input, { task }) => `${JSON.stringify(input)}/${JSON.stringify(task.config)}`;

for (const place of places) {
  describe(`tasks that a run adds to its plan on ${place.name}`, { concurrency: true }, () => {
    test("run after what adds them, with values over their edges, their own configuration and their own policy", async () => {
      using on = place.make();
      const attempts: number[] = [];
      const flow = growing({
        seed: (_, { verbs }) => {
          verbs.amend({ one: { ...after("echo", ["seed"], {}, "one"), does: { use: "echo", with: { n: 1 } } } });
          verbs.amend({
            two: { ...after("echo", ["seed"], {}, "two"), does: { use: "echo", with: { n: 2 } } },
            both: after("flaky", ["one", "two"], { policy: { retry: { attempts: 2, initialMs: 0 } } }, "both"),
          });
          return "s";
        },
        echo,
        flaky: (input, { task }) => {
          attempts.push(task.attempt);
          if (task.attempt === 1) throw new Error("once");
          return input;
        },
      });
      await using engine = await on.open({ workflows: [flow] });
      const run = await engine.start(flow, null);

      assert.deepEqual(await run.result(), { both: ['"s"/{"n":1}', '"s"/{"n":2}'] });
      assert.deepEqual(attempts, [1, 2]);
      const types = (await Array.fromAsync(run.events())).map(({ type }) => type);
      assert.deepEqual(types.slice(0, 3), ["run-started", "plan-amended", "task-ended"]);
    });

    test("may be started by verbs of the end that adds them, be groups, and add further ones", async () => {
      using on = place.make();
      const flow = growing({
        seed: (_, { verbs }) => {
          verbs.amend({
            extra: { does: { use: "more" }, when: [] },
            pair: { does: { group: ["m"], policy: { use: "strict" } }, when: [] },
            m: { does: { use: "echo" }, when: [{ id: "m.when", after: [], join: "all", untaken: "wait" }] },
          });
          verbs.spawn("extra", [2, 1]);
          verbs.next("pair");
        },
        more: (input, { verbs }) => {
          const left = input as number;
          if (left > 0) verbs.amend({ [`late${left}`]: after("echo", ["pair"], {}, `late${left}`) });
          return left;
        },
        echo: () => "e",
      });
      await using engine = await on.open({ workflows: [flow] });
      const run = await engine.start(flow, null);

      await run.result();
      const tasks = (await run.state()).tasks.map(({ task, status }) => `${task} ${status}`).sort();
      assert.deepEqual(tasks, [
        "extra completed",
        "extra completed",
        "late1 completed",
        "late2 completed",
        "m completed",
        "pair completed",
        "seed completed",
      ]);
    });

    test("join the rounds of a superstep plan", async () => {
      using on = place.make();
      const flow = growing(
        {
          seed: (_, { verbs }) => {
            verbs.amend({ a: after("note", ["seed"], {}, "a"), b: after("note", ["a"], {}, "b") });
          },
          note: (_, { verbs, task }) => verbs.write("notes", task.id),
        },
        { discipline: "superstep", channels: { notes: { kind: "append" } }, output: { channels: ["notes"] } },
      );
      await using engine = await on.open({ workflows: [flow] });

      assert.deepEqual(await (await engine.start(flow, null)).result(), { notes: ["a", "b"] });
    });

    test("are refused where they are asked for, with every fault, and nothing of that call is added", async () => {
      using on = place.make();
      const told: unknown[] = [];
      const tell = (call: () => void): void => {
        try {
          call();
        } catch (error) {
          const { code, data } = error as { code: string; data: { faults?: { path: string; code: string }[] } };
          told.push([code, ...(data.faults ?? []).map((fault) => `${fault.path} ${fault.code}`)]);
        }
      };
      const flow = growing(
        {
          seed: (_, { verbs }) => {
            verbs.amend({ good: after("echo", ["seed"], {}, "good") });
            tell(() => verbs.amend({ seed: after("echo", [], {}, "x"), c: after("echo", ["gone"], {}, "c") }));
            tell(() => verbs.amend({ c: after("echo", ["d"], {}, "c"), d: after("echo", ["c"], {}, "d") }));
            tell(() => verbs.amend({ c: after("nobody", ["seed"], {}, "c") }));
            tell(() => verbs.amend({ c: after("echo", [], {}, "c"), d: after("echo", [], {}, "d") }));
            tell(() => verbs.amend({ good: after("echo", [], {}, "good") }));
          },
          echo: () => "e",
        },
        { limits: { tasks: 3 } },
      );
      await using engine = await on.open({ workflows: [flow] });
      const run = await engine.start(flow, null);

      assert.deepEqual(await run.result(), { good: "e" });
      assert.deepEqual(told, [
        ["PLAN_INVALID", "/tasks/c/when/0/after/0/from unknown-task", "/tasks/seed duplicate-task", "/tasks too-many-tasks"],
        ["PLAN_INVALID", "/tasks/c/when/0/untaken skip-on-cycle", "/tasks/d/when/0/untaken skip-on-cycle", "/tasks too-many-tasks"],
        ["HANDLER_UNKNOWN"],
        ["PLAN_INVALID", "/tasks too-many-tasks"],
        ["PLAN_INVALID", "/tasks/good duplicate-task"],
      ]);
      const [added] = (await Array.fromAsync(run.events())).flatMap((event) =>
        event.type === "plan-amended" ? [Object.keys(event.tasks)] : [],
      );
      assert.deepEqual(added, ["good"]);
    });

    test("are dropped with an attempt that fails, and asked for again by the next", async () => {
      using on = place.make();
      const flow = growing(
        {
          seed: (_, { verbs, task }) => {
            verbs.amend({ [`of${task.attempt}`]: after("echo", ["seed"], {}, `of${task.attempt}`) });
            if (task.attempt === 1) throw new Error("once");
          },
          echo: () => "e",
        },
        {},
        { seed: { ...seeds, policy: { retry: { attempts: 2, initialMs: 0 } } } },
      );
      await using engine = await on.open({ workflows: [flow] });

      assert.deepEqual(await (await engine.start(flow, null)).result(), { of2: "e" });
    });

    test("are dropped where what the plan's code has for a failure takes over, and may be asked for there", async () => {
      using on = place.make();
      const flow = planned<unknown, unknown>(
        { heddle: 1, name: "growing", discipline: "eager", tasks: { seed: seeds } },
        {
          tasks: {
            seed: (_, { verbs }) => {
              verbs.amend({ bad: after("echo", ["seed"], {}, "bad") });
              throw new Error("no");
            },
            echo: () => "e",
          },
          rescues: { seed: (_error, _input, { verbs }) => verbs.amend({ good: after("echo", ["seed"], {}, "good") }) },
        },
      );
      await using engine = await on.open({ workflows: [flow] });

      assert.deepEqual(await (await engine.start(flow, null)).result(), { good: "e" });
    });

    test("are not to be added under one name by two that run at once; the same twice is no fault", async () => {
      using on = place.make();
      const told: string[] = [];
      const both = deferred();
      const flow = growing(
        {
          seed: () => null,
          adder: async (_, { verbs, task }) => {
            verbs.amend({ same: after("echo", ["seed"], {}, "same") });
            try {
              verbs.amend({ other: { ...after("echo", ["seed"], {}, "other"), title: task.id } });
            } catch (error) {
              told.push((error as { code: string }).code);
            }
            if (task.id === "y") both.resolve();
            await both.promise;
          },
          echo: () => "e",
        },
        {},
        { x: after("adder", ["seed"], {}, "x"), y: after("adder", ["seed"], {}, "y") },
      );
      await using engine = await on.open({ workflows: [flow] });
      const run = await engine.start(flow, null);
      await run.result();

      assert.deepEqual(told, ["PLAN_INVALID"]);
      const added = (await Array.fromAsync(run.events())).flatMap((event) =>
        event.type === "plan-amended" ? [Object.keys(event.tasks)] : [],
      );
      assert.deepEqual(added.flat().sort(), ["other", "same"]);
    });

    test("are there for another engine, from the journal and from a snapshot, and in a fork and a retry", async () => {
      using on = place.make();
      const begun: string[] = [];
      let refuses = true;
      const flow = growing({
        seed: async (_, ctx) => {
          begun.push(await ctx.step("look", () => "seed"));
          ctx.verbs.amend({
            gate: { ...after("gate", ["seed"], {}, "gate"), does: { use: "gate", with: { signal: "go" } } },
            last: after("last", ["gate"], { policy: { retry: { attempts: 1 } } }, "last"),
          });
          return "x".repeat(300_000);
        },
        gate: async (input, ctx) =>
          `${(input as string).length} ${String(await ctx.receive("go", (ctx.task.config as { signal: string }).signal))}`,
        last: (input) => {
          if (refuses) throw new Error("not yet");
          return input;
        },
      });
      {
        await using engine = await on.open({ workflows: [flow] });
        await engine.start(flow, null, { id: "r" });
        await untilStatus(engine, "r", "waiting");
      }
      await using engine = await on.open({ workflows: [flow] });
      const fork = await engine.fork("r", { id: "f" });
      await engine.signal("r", "go", "told");
      await assert.rejects((await engine.get("r")).result(), /not yet/);
      refuses = false;
      await engine.signal("f", "go", "forked");

      assert.deepEqual(await fork.result(), { last: "300000 forked" });
      assert.deepEqual(await (await engine.retry("r", { id: "again" })).result(), { last: "300000 told" });
      assert.deepEqual(begun, ["seed"], "what added them did not run again");
    });

    test("may be asked for again by a task that is begun again after them", async () => {
      using on = place.make();
      const flow = growing({
        seed: (_, { verbs }) => {
          verbs.amend({ child: after("echo", ["seed"], {}, "child") });
          return "s";
        },
        echo: (input) => input,
      });
      await using engine = await on.open({ workflows: [flow] });
      await (await engine.start(flow, null, { id: "r" })).result();

      assert.deepEqual(await (await engine.retry("r", { from: ["seed"] })).result(), { child: "s" });
    });

    test("take their places and demands as any task where ready tasks stand in line", async () => {
      using on = place.make();
      let most = 0;
      let now = 0;
      const busy: TaskCode = async () => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setImmediate(resolve));
        now--;
      };
      const flow = planned(
        { heddle: 1, name: "lined", discipline: "eager", tasks: { seed: seeds } },
        {
          tasks: {
            seed: (_, { verbs }) =>
              verbs.amend(Object.fromEntries(Array.from({ length: 20 }, (_each, at) => [`t${at}`, after("busy", ["seed"], {}, `t${at}`)]))),
            busy,
          },
          dispatch: { strategy: "critical_path", maxConcurrency: 3 },
        },
      );
      await using engine = await on.open({ workflows: [flow] });
      const run = await engine.start(flow, null);
      await run.result();

      assert.equal((await run.state()).tasks.length, 21);
      assert.equal(most, 3);
    });
  });
}

describe("a run that has added to its plan", () => {
  test("ends the same wherever its process dies: what was added and the end that added it are there both, or neither", async () => {
    const flow = (process: SimulatedProcess): PlannedWorkflow<unknown, unknown> =>
      growing({
        seed: async (_, { verbs, step }) => {
          const found = await step("look", () => process.effect(() => 7));
          verbs.amend({
            child: { ...after("echo", ["seed"], {}, "child"), does: { use: "echo", with: found } },
            grand: after("echo", ["child"], { policy: { retry: { attempts: 2, initialMs: 0 } } }, "grand"),
          });
          return found;
        },
        echo: (input, ctx) =>
          ctx.step("say", () => process.effect(() => `${ctx.task.id} of ${String(input)}, ${JSON.stringify(ctx.task.config)}`)),
      });
    let flows: PlannedWorkflow<unknown, unknown> | undefined;
    const tried = await crashIndex({
      options: (process) => ({ workflows: [(flows = flow(process))] }),
      begin: async (engine) => void (await engine.start(flows as PlannedWorkflow<unknown, unknown>, null, { id: "r" })),
      runIds: ["r"],
    });

    assert.ok(tried > 10, `${tried} places`);
  });

  test("goes on from a snapshot that was taken after it", async () => {
    await using place = new FakePlace();
    const items = 1_100;
    const began: string[] = [];
    const flow = growing({
      seed: (_, { verbs }) => {
        began.push("seed");
        verbs.amend({
          item: { does: { use: "item", with: 2 }, when: [] },
          gate: {
            does: { use: "gate" },
            when: [{ id: "gate.when", after: [{ from: "item", on: "drained" }], join: "all", untaken: "wait" }],
            policy: { attemptTimeoutMs: 3_600_000 },
          },
          last: { ...after("last", ["gate"], {}, "last"), does: { use: "last", with: { end: true } } },
        });
        verbs.spawn(
          "item",
          Array.from({ length: items }, (_each, at) => at),
        );
      },
      item: (input, { task }) => (input as number) * (task.config as number),
      gate: async (input, ctx) => {
        await ctx.receive("go", "go");
        return (input as number[]).reduce((sum, each) => sum + each, 0);
      },
      last: (input, { task, verbs }) => {
        verbs.amend({ more: after("last", ["last"], {}, "more") });
        return task.id === "last" ? [input, task.config] : input;
      },
    });
    const { engine, process } = await place.start({ workflows: [flow] });
    await engine.start(flow, null, { id: "r" });
    await place.untilStatus("r", "waiting");
    process.kill();
    const snapshot = await (await place.store()).readSnapshot("r");
    assert.ok(snapshot !== null && snapshot.seq > items && snapshot.seq <= items + 5, "it holds the addition");
    const second = await place.open({ workflows: [flow] });
    await second.signal("r", "go");

    const result = await place.clock.runUntil((await second.get("r")).result());
    assert.deepEqual(result, { more: [items * (items - 1), { end: true }] });
    assert.deepEqual(began, ["seed"]);
  });
});
