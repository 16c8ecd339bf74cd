import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasCode, planned, type Engine, type EngineOptions, type PlannedWorkflow, type Strategy, type TaskContext } from "heddle";
import { crashIndex, Simulator, type FakeClock, type SimulatedProcess } from "@heddle/testing";
import { FakePlace } from "../../faults/fake-place.ts";
import { afterAll } from "./stage.ts";

/** Where processes can be killed, in simulated time. */
interface World extends AsyncDisposable {
  readonly clock: FakeClock;
  start(options: EngineOptions): Promise<{ readonly engine: Engine; readonly process: SimulatedProcess }>;
  until(condition: () => boolean): Promise<void>;
}

const worlds: readonly { readonly name: string; make(): World }[] = [
  {
    name: "memory",
    make() {
      const simulator = new Simulator({ seed: 1 });
      return {
        clock: simulator.clock,
        start: (options) => simulator.start(options),
        until: async (condition) => assert.ok(await simulator.until(condition)),
        [Symbol.asyncDispose]: () => simulator.store[Symbol.asyncDispose](),
      };
    },
  },
  {
    name: "sqlite",
    make() {
      const place = new FakePlace();
      return {
        clock: place.clock,
        start: (options) => place.start({ leaseMs: 60_000, ...options }),
        until: async (condition) => {
          for (let step = 0; step < 5_000 && !condition(); step++) await place.clock.advance(1_000);
          assert.ok(condition());
        },
        [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
      };
    },
  },
];

for (const { name, make } of worlds) {
  describe(`dispatch and crashes on ${name}`, () => {
    test("after a crash what had begun goes on first, then what was held back in the strategy's order, within the limit", async () => {
      await using world = make();
      let seen: string[] = [];
      let dead = true;
      let underWay = 0;
      let peak = 0;
      const act = async (id: string): Promise<void> => {
        seen.push(id);
        peak = Math.max(peak, ++underWay);
        if (dead) await new Promise(() => {});
        await new Promise((resolve) => world.clock.after(10, () => resolve(null)));
        underWay--;
      };
      const graph = { a: [], b: [], c: [], z: [], deep: ["a"] };
      const held: PlannedWorkflow = planned(afterAll(graph), {
        tasks: {
          ...Object.fromEntries(Object.keys(graph).map((id) => [id, () => act(id)])),
          a: () => null,
          // What stands last in line has begun, and something of it is recorded.
          z: async (_, ctx) => {
            await ctx.step("first", () => null);
            await ctx.step("second", () => act("z"));
          },
        },
        dispatch: { strategy: "work_queue", maxConcurrency: 2, tasks: { z: { pool: "own" } }, pools: { own: 1 } },
      });
      const first = await world.start({ workflows: [held] });
      await first.engine.start(held, null, { id: "r" });
      await world.until(() => seen.length === 2);
      assert.deepEqual(seen.toSorted(), ["b", "deep"]);

      first.process.kill();
      [seen, underWay, peak, dead] = [[], 0, 0, false];
      const second = await world.start({ workflows: [held] });
      await world.clock.runUntil(second.engine.get("r").then((run) => run.result()));
      assert.deepEqual(seen, ["deep", "b", "c", "z"]);
      assert.equal(peak, 2);
      second.process.kill();
    });

    test("after several crashes tasks begin one at a time, whatever the limit", async () => {
      await using world = make();
      const seen: string[] = [];
      let dead = true;
      let underWay = 0;
      let peak = 0;
      const held: PlannedWorkflow = planned(afterAll({ a: [], b: [], c: [] }), {
        tasks: Object.fromEntries(
          ["a", "b", "c"].map((id) => [
            id,
            async () => {
              seen.push(id);
              peak = Math.max(peak, ++underWay);
              if (dead) await new Promise(() => {});
              await new Promise((resolve) => world.clock.after(5, () => resolve(null)));
              underWay--;
            },
          ]),
        ),
        dispatch: { strategy: "work_queue", maxConcurrency: 2 },
      });
      for (let crash = 1; crash <= 2; crash++) {
        const { engine, process } = await world.start({ workflows: [held] });
        if (crash === 1) await engine.start(held, null, { id: "r" });
        await world.until(() => seen.length === 2 * crash);
        process.kill();
      }
      [dead, underWay, peak] = [false, 0, 0];
      const { engine, process } = await world.start({ workflows: [held] });
      await world.clock.runUntil(engine.get("r").then((run) => run.result()));
      assert.equal(peak, 1);
      assert.deepEqual(seen.slice(4), ["a", "b", "c"]);
      process.kill();
    });

    test("a task of which something is recorded goes on before all that were held back, whatever the strategy says", async () => {
      await using world = make();
      const seen: string[] = [];
      let dead = true;
      const held: PlannedWorkflow = planned(afterAll({ a: [], b: ["a"], z: [] }), {
        tasks: {
          a: async (_, ctx) => {
            await ctx.sleep("nap", "500ms");
            seen.push("a");
          },
          b: async () => void seen.push("b"),
          z: async (_, ctx) => {
            await ctx.step("first", () => void seen.push("z first"));
            await ctx.step("second", () => {
              seen.push("z second");
              return dead ? new Promise(() => {}) : null;
            });
            seen.push("z");
          },
        },
        dispatch: { strategy: "critical_path", maxConcurrency: 1, tasks: { b: { expectedMs: 100 }, z: { expectedMs: 20 } } },
      });
      const first = await world.start({ workflows: [held] });
      await first.engine.start(held, null, { id: "r" });
      await world.clock.advance(2_000);
      // The first waited without a place, and what follows it would go before the one that has the place by now.
      assert.deepEqual(seen, ["z first", "z second", "a"]);
      first.process.kill();

      dead = false;
      const second = await world.start({ workflows: [held] });
      await world.clock.runUntil(second.engine.get("r").then((run) => run.result()));
      assert.deepEqual(seen.slice(3), ["z second", "z", "b"]);
      second.process.kill();
    });

    test("after a crash it is known which joins one end more makes ready: what follows goes before what waits", async () => {
      await using world = make();
      const seen: string[] = [];
      let dead = true;
      const held: PlannedWorkflow = planned(afterAll({ a: [], b: [], both: ["a", "b"], short: [] }), {
        tasks: Object.fromEntries(
          ["a", "b", "both", "short"].map((id) => [
            id,
            async () => {
              seen.push(id);
              if (id === "b" && dead) await new Promise(() => {});
              await new Promise((resolve) => world.clock.after(5, () => resolve(null)));
            },
          ]),
        ),
        dispatch: {
          strategy: "critical_path",
          maxConcurrency: 1,
          tasks: { a: { expectedMs: 9 }, both: { expectedMs: 99 }, short: { expectedMs: 5 } },
        },
      });
      const first = await world.start({ workflows: [held] });
      await first.engine.start(held, null, { id: "r" });
      await world.clock.advance(1_000);
      assert.deepEqual(seen, ["a", "b"]);
      first.process.kill();

      dead = false;
      const second = await world.start({ workflows: [held] });
      await world.clock.runUntil(second.engine.get("r").then((run) => run.result()));
      assert.deepEqual(seen.slice(2), ["b", "both", "short"]);
      second.process.kill();
    });

    test("attempts that stood in line when the process died stand in line again, and do not all begin at once", async () => {
      await using world = make();
      const ids = ["a", "b", "c", "d"];
      const attempts: string[] = [];
      let underWay = 0;
      let peak = 0;
      let dead = true;
      const plan = afterAll(Object.fromEntries(ids.map((id) => [id, []])));
      const retry = { attempts: 3, initialMs: 10, jitter: "none" } as const;
      const tasks = Object.fromEntries(Object.entries(plan.tasks).map(([id, task]) => [id, { ...task, policy: { retry } }]));
      const held: PlannedWorkflow = planned(
        { ...plan, tasks },
        {
          tasks: Object.fromEntries(
            ids.map((id) => [
              id,
              async () => {
                attempts.push(id);
                if (attempts.length <= ids.length) throw new Error("once more");
                peak = Math.max(peak, ++underWay);
                if (dead) await new Promise(() => {});
                await new Promise((resolve) => world.clock.after(5, () => resolve(null)));
                underWay--;
              },
            ]),
          ),
          dispatch: { strategy: "reactive", maxConcurrency: 1 },
        },
      );
      const first = await world.start({ workflows: [held] });
      await first.engine.start(held, null, { id: "r" });
      await world.until(() => attempts.length === 5);
      first.process.kill();

      [dead, underWay, peak] = [false, 0, 0];
      const second = await world.start({ workflows: [held] });
      await world.clock.runUntil(second.engine.get("r").then((run) => run.result()));
      assert.equal(peak, 1);
      assert.deepEqual(attempts.slice(5).toSorted(), ids);
      second.process.kill();
    });

    test("level: a task that waits for its next attempt holds the barrier, also after a crash", async () => {
      await using world = make();
      const seen: string[] = [];
      let dead = true;
      const plan = afterAll({ flaky: [], quick: [], slow: [], below: ["quick"] });
      const retry = { attempts: 2, initialMs: 1_200_000, maxMs: 1_200_000, jitter: "none" } as const;
      const flaky = { ...plan.tasks["flaky"], policy: { retry } } as (typeof plan.tasks)[string];
      const held: PlannedWorkflow = planned(
        { ...plan, tasks: { ...plan.tasks, flaky } },
        {
          tasks: {
            flaky: async () => {
              seen.push("flaky");
              if (seen.length <= 2) throw new Error("once more");
            },
            quick: async () => {
              seen.push("quick");
              await new Promise((resolve) => world.clock.after(10, () => resolve(null)));
            },
            slow: () => (dead ? new Promise(() => {}) : null),
            below: async () => void seen.push("below"),
          },
          dispatch: { strategy: "level", maxConcurrency: 4 },
        },
      );
      const first = await world.start({ workflows: [held] });
      await first.engine.start(held, null, { id: "r" });
      await world.clock.advance(1_000);
      assert.deepEqual(seen, ["flaky", "quick"]);
      first.process.kill();
      dead = false;

      const second = await world.start({ workflows: [held] });
      await world.clock.runUntil(second.engine.get("r").then((run) => run.result()));
      assert.deepEqual(seen, ["flaky", "quick", "flaky", "below"]);
      second.process.kill();
    });

    test("what stood in line when a run was told to stop, and its process died, ends without beginning", async () => {
      await using world = make();
      const seen: string[] = [];
      const held: PlannedWorkflow = planned(afterAll({ a: [], b: [], c: [] }), {
        tasks: Object.fromEntries(
          ["a", "b", "c"].map((id) => [
            id,
            async (_input: unknown, ctx: TaskContext) => {
              seen.push(id);
              await ctx.step(
                "never",
                ({ signal }) =>
                  new Promise((_, reject) => signal.addEventListener("abort", () => seen.push("told") > 9 && reject(signal.reason))),
              );
            },
          ]),
        ),
        dispatch: { strategy: "work_queue", maxConcurrency: 1 },
      });
      const first = await world.start({ workflows: [held] });
      const run = await first.engine.start(held, null, { id: "r" });
      await world.clock.advance(1_000);
      await first.engine.cancel("r");
      await world.until(() => seen.includes("told"));
      first.process.kill();

      const second = await world.start({ workflows: [held], graceMs: 1_000 });
      await assert.rejects(world.clock.runUntil(second.engine.get("r").then((again) => again.result())), (error) =>
        hasCode(error, "RUN_CANCELLED"),
      );
      assert.deepEqual(
        seen.filter((each) => each !== "told"),
        ["a"],
      );
      assert.ok(run.id === "r");
      second.process.kill();
    });

    test("a run whose tasks all wait is given up, with others held back, and goes on when the time comes", async () => {
      await using world = make();
      const seen: string[] = [];
      const held: PlannedWorkflow = planned(afterAll({ a: [], b: ["a"] }), {
        tasks: {
          a: async (_, ctx) => {
            await ctx.sleep("nap", "90s");
            seen.push("a");
          },
          b: () => void seen.push("b"),
        },
        dispatch: { strategy: "level", maxConcurrency: 1 },
      });
      const { engine, process } = await world.start({ workflows: [held] });
      const run = await engine.start(held, null, { id: "r" });
      await world.clock.advance(1_000);
      assert.equal((await run.summary()).status, "waiting");
      await world.clock.runUntil(run.result());
      assert.deepEqual(seen, ["a", "b"]);
      process.kill();
    });
  });
}

for (const strategy of ["work_queue", "level", "critical_path"] as const satisfies Strategy[]) {
  test(`${strategy}: killed anywhere, a run with tasks held back ends as it does undisturbed`, async () => {
    const graph = { a: [], b: [], c: ["a", "b"], d: [], e: ["c", "d"], f: [] };
    const flow = (process: SimulatedProcess): PlannedWorkflow =>
      planned(
        { ...afterAll(graph), output: { task: "e" } },
        {
          tasks: Object.fromEntries(
            Object.keys(graph).map((id) => [
              id,
              async (input: unknown, ctx: TaskContext) => {
                const told = await ctx.step("act", () => process.effect(() => `${id}(${JSON.stringify(input)})`));
                if (id === "b") await ctx.sleep("nap", "3s");
                return told;
              },
            ]),
          ),
          dispatch: { strategy, maxConcurrency: 2, tasks: { d: { expectedMs: 9 } } },
        },
      );
    let current: PlannedWorkflow | undefined;
    const tried = await crashIndex({
      options: (process) => ({ workflows: [(current = flow(process))] }),
      begin: async (engine) => void (await engine.start(current as PlannedWorkflow, null, { id: "r" })),
      runIds: ["r"],
    });
    assert.ok(tried > 20, `${tried} places`);
  });
}
