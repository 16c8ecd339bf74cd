import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "@heddle/kernel";
import { SeededRandom } from "@heddle/testing";
import { dispatchRules } from "../../../src/engine/dispatch/dispatch-rules.ts";
import { strategies, type DispatchOptions } from "../../../src/engine/dispatch/dispatch-options.ts";
import { Dispatcher } from "../../../src/engine/dispatch/dispatcher.ts";
import { longestWays, rankGraph } from "../../../src/engine/dispatch/graph-ranks.ts";
import { taskGraph } from "../../../src/engine/dispatch/task-graph.ts";
import { afterAll } from "./stage.ts";

function dispatcher(plan: Plan, options: DispatchOptions): Dispatcher {
  return new Dispatcher(dispatchRules(plan, options));
}

function all(held: Dispatcher): number[] {
  const begun: number[] = [];
  for (let no = held.next(); no !== undefined; no = held.next()) begun.push(no);
  return begun;
}

test("a place is free as soon as a task completes, but kept until that is recorded if what comes after it may be ready and would go first", () => {
  const plan = afterAll({ a: [], b: [], both: ["a", "b"], short: [] });
  const held = dispatcher(plan, { strategy: "critical_path", maxConcurrency: 1 });
  for (const task of [0, 1, 3]) held.stand(task + 1, task);
  assert.deepEqual(all(held), [1]);
  // The join still waits for another task.
  held.end(1, true);
  assert.deepEqual(all(held), [2]);
  held.end(2, true);
  assert.deepEqual(all(held), []);
  held.close(2);
  held.stand(5, 2);
  assert.deepEqual(all(held), [5]);
  held.end(5, true);
  assert.deepEqual(all(held), [4]);
});

test("a place is kept until a failure is recorded: it may end the run", () => {
  const held = dispatcher(afterAll({ a: [], b: [] }), { strategy: "reactive", maxConcurrency: 1 });
  held.stand(1, 0);
  held.stand(2, 1);
  assert.deepEqual(all(held), [1]);
  held.end(1, false);
  assert.deepEqual(all(held), []);
  held.close(1);
  assert.deepEqual(all(held), [2]);
});

test("tasks that a run's plan was amended with need nothing and go after all others, in the order of the plan", () => {
  for (const strategy of strategies) {
    const held = dispatcher(afterAll({ a: [], b: [] }), { strategy, maxConcurrency: 1, resources: { cpu: 1 }, tasks: { b: { cpu: 1 } } });
    held.stand(1, 0);
    held.stand(2, 3);
    held.stand(3, 2);
    held.stand(4, 1);
    const begun: number[] = [];
    for (let no = held.next(); no !== undefined; no = held.next()) {
      begun.push(no);
      held.end(no, true);
      held.close(no);
    }
    assert.deepEqual(begun, [1, 4, 3, 2], strategy);
  }
});

test("after a restart it knows which joins can be ready by one end more", () => {
  const plan = afterAll({ a: [], b: [], both: ["a", "b"], short: [] });
  const held = dispatcher(plan, { strategy: "critical_path", maxConcurrency: 1 });
  held.hasEnded(0);
  held.goOn(2, 1);
  held.stand(4, 3);
  assert.deepEqual(all(held), []);
  held.end(2, true);
  assert.deepEqual(all(held), []);
  held.close(2);
  assert.deepEqual(all(held), [4]);
});

test("what goes on after a wait may pass the limits, and nothing begins until they hold again", () => {
  const plan = afterAll({ a: [], b: [], c: [] });
  const held = dispatcher(plan, {
    strategy: "work_queue",
    maxConcurrency: 1,
    resources: { memoryMb: 1 },
    tasks: { a: { memoryMb: 1 }, b: { memoryMb: 1 } },
  });
  for (const task of [0, 1, 2]) held.stand(task + 1, task);
  assert.deepEqual(all(held), [1]);
  held.rest(1);
  assert.deepEqual(all(held), [2]);
  held.wake(1);
  assert.equal(held.underWay, 2);
  held.end(1, true);
  assert.deepEqual(all(held), []);
  held.end(2, true);
  assert.deepEqual(all(held), [3]);
});

test("levels, order and longest ways of a plan with groups and a cycle are those that its edges give", () => {
  const plan = afterAll({ b: ["a"], a: [], inner: [], more: ["inner"], group: ["b"], end: ["group"], loop: ["back"], back: ["loop", "a"] });
  const group = { ...plan.tasks["group"], does: { group: ["inner", "more"], policy: { use: "strict" } } } as Plan["tasks"][string];
  const graph = taskGraph({ ...plan, tasks: { ...plan.tasks, group } });
  const ranks = rankGraph(graph);
  const ways = longestWays(
    graph,
    ranks,
    Float64Array.from({ length: graph.nodes }, (_, node) => (graph.hasCode[node] === 1 ? 10 : 0)),
  );
  const of = (numbers: ArrayLike<number>): Record<string, number> =>
    Object.fromEntries(graph.ids.map((id, task) => [id, numbers[task] as number]));

  assert.deepEqual(of(ranks.levels), { b: 1, a: 0, inner: 2, more: 3, group: 2, end: 4, loop: 0, back: 1 });
  assert.deepEqual(of(ways), { b: 40, a: 50, inner: 30, more: 20, group: 30, end: 10, loop: 20, back: 10 });
  assert.deepEqual(
    [...ranks.order].filter((node) => node < 8).map((node) => graph.ids[node]),
    ["a", "b", "group", "inner", "more", "end", "loop", "back"],
  );
});

test("whatever happens to whichever tasks, limits hold, nobody who may begin is held back, and all begin in the end", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = new SeededRandom(seed);
    const count = 5 + random.below(40);
    const ids = Array.from({ length: count }, (_, index) => `t${index}`);
    const sources = ids.map((_, index) =>
      [...new Set(Array.from({ length: random.below(3) }, () => random.below(Math.max(1, index))))].filter((each) => each < index),
    );
    const plan = afterAll(
      Object.fromEntries(ids.map((id, index) => [id, (sources[index] as number[]).map((each) => ids[each] as string)])),
    );
    const cpu = 1 + random.below(5);
    const tasks = Object.fromEntries(
      ids.map((id) => [
        id,
        {
          cpu: random.below(cpu * 10 + 1) / 10,
          memoryMb: random.below(8),
          ...(random.below(4) === 0 ? { pool: "p" } : null),
          expectedMs: random.below(50),
        },
      ]),
    );
    const strategy = strategies[random.below(strategies.length)] as DispatchOptions["strategy"];
    const options = {
      strategy,
      maxConcurrency: 1 + random.below(5),
      pools: { p: 2 },
      resources: { cpu, memoryMb: 7 },
      tasks,
    } satisfies DispatchOptions;
    const held = dispatcher(plan, options);
    const levels = rankGraph(taskGraph(plan)).levels;
    const line = new Set<number>();
    const underWay = new Set<number>();
    const resting = new Set<number>();
    const done = new Set<number>();
    const demand = (task: number): { cpu: number; memoryMb: number; pool?: string } =>
      tasks[ids[task] as string] as { cpu: number; memoryMb: number; pool?: string };
    const sum = (what: (task: number) => number): number => [...underWay].reduce((all, task) => all + what(task), 0);
    const pooled = (): number => [...underWay].filter((task) => demand(task).pool !== undefined).length;
    const makeReady = (): void =>
      ids.forEach((_, task) => {
        if (line.has(task) || underWay.has(task) || resting.has(task) || done.has(task)) return;
        if (!(sources[task] as number[]).every((each) => done.has(each))) return;
        line.add(task);
        held.stand(task + 1, task);
      });
    const release = (): void => {
      for (let no = held.next(); no !== undefined; no = held.next()) {
        const task = no - 1;
        assert.ok(line.delete(task), `seed ${seed}: ${task} was not in line`);
        underWay.add(task);
        assert.ok(underWay.size <= options.maxConcurrency, `seed ${seed}: too many`);
        assert.ok(pooled() <= 2 || demand(task).pool === undefined, `seed ${seed}: pool`);
        assert.ok(sum((each) => Math.round(demand(each).cpu * 10)) <= cpu * 10 || demand(task).cpu === 0, `seed ${seed}: cpu`);
        assert.ok(sum((each) => demand(each).memoryMb) <= 7 || demand(task).memoryMb === 0, `seed ${seed}: memory`);
        if (strategy === "level") {
          const open = [...line, ...underWay, ...resting].filter((each) => each !== task);
          assert.ok(
            open.every((each) => (levels[each] as number) >= (levels[task] as number)),
            `seed ${seed}: level`,
          );
        }
      }
      // Without overtaking at its end there is nobody left who could begin.
      if (strategy !== "level" && underWay.size < options.maxConcurrency && line.size <= 16) {
        const fitting = [...line].filter(
          (task) =>
            sum((each) => Math.round(demand(each).cpu * 10)) + Math.round(demand(task).cpu * 10) <= cpu * 10 &&
            sum((each) => demand(each).memoryMb) + demand(task).memoryMb <= 7 &&
            (demand(task).pool === undefined || pooled() < 2),
        );
        if (done.size < 16) assert.deepEqual(fitting, [], `seed ${seed}: held back without need`);
      }
    };
    makeReady();
    release();
    for (let step = 0; done.size < count; step++) {
      assert.ok(step < 5_000, `seed ${seed}: it does not go on`);
      const acting = [...underWay];
      const draw = random.below(10);
      if (draw === 0 && acting.length > 0) {
        const task = random.pick(acting);
        underWay.delete(task);
        resting.add(task);
        held.rest(task + 1);
      } else if (draw === 1 && resting.size > 0 && underWay.size < options.maxConcurrency) {
        const task = random.pick([...resting]);
        const fits =
          sum((each) => demand(each).cpu) + demand(task).cpu <= cpu && sum((each) => demand(each).memoryMb) + demand(task).memoryMb <= 7;
        if (fits && (demand(task).pool === undefined || pooled() < 2)) {
          resting.delete(task);
          underWay.add(task);
          held.wake(task + 1);
        }
      } else if (draw === 2 && acting.length > 0) {
        const task = random.pick(acting);
        underWay.delete(task);
        held.endAttempt(task + 1);
        line.add(task);
        held.stand(task + 1, task);
      } else if (acting.length > 0) {
        const task = random.pick(acting);
        underWay.delete(task);
        done.add(task);
        held.end(task + 1, random.below(2) === 0);
        held.close(task + 1);
        makeReady();
      } else if (resting.size > 0) {
        const [task] = resting;
        resting.delete(task as number);
        underWay.add(task as number);
        held.wake((task as number) + 1);
      }
      release();
    }
    assert.equal(held.underWay, 0);
    assert.equal(held.waiting, 0);
  }
});
