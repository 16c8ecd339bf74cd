import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  advance,
  compilePlan,
  createRun,
  type Command,
  type CompiledPlan,
  type Plan,
  type RunEvent,
  type RunState,
  type Task,
  type Verb,
} from "@heddle/kernel";
import { ended, group, plan, start, started, task, verbsOnly } from "./small-plan.ts";

function chain(length: number, more: Readonly<Record<string, Task>> = {}): Plan {
  const tasks: Record<string, Task> = {};
  for (let index = 0; index < length; index++) tasks[`t${index}`] = index === 0 ? task("t0") : task(`t${index}`, `t${index - 1}`);
  return plan({ ...tasks, ...more });
}

/** Edges and triggers that an event makes `advance` look at. */
function visitsOf(run: RunState, event: RunEvent): number {
  const before = run.visits;
  advance(run, event);
  return run.visits - before;
}

/** Answers every command until the run has ended; how many were answered. */
function runAll(run: RunState, first: readonly Command[], verbsOf: (task: string) => readonly Verb[] = () => []): number {
  const due = [...first];
  for (let next = 0; next < due.length; next++) {
    const command = due[next]!;
    if (command.type === "start-task") due.push(...advance(run, ended(command.no, { verbs: verbsOf(command.task) })));
    else if (command.type === "decide-group") due.push(...advance(run, ended(command.no)));
    else if (command.type === "end-run") advance(run, { type: "run-ended", atMs: 0, outcome: command.outcome });
  }
  assert.equal(run.phase, "ended");
  return due.length;
}

describe("what an event costs does not grow with the plan", () => {
  test("the end of a task in a chain looks at one edge, in a plan of 10 tasks and of 20,000", () => {
    for (const length of [10, 20_000]) {
      const { run } = start(chain(length));
      for (let no = 1; no < 10; no++) assert.equal(visitsOf(run, ended(no)), 1);
    }
  });

  test("a join of 10,000 looks at one edge per token, and at each edge once more when it fires", () => {
    const width = 10_000;
    const tasks: Record<string, Task> = {};
    for (let index = 0; index < width; index++) tasks[`m${index}`] = task(`m${index}`);
    const { run } = start(plan({ ...tasks, last: task("last", ...Object.keys(tasks)) }));

    for (let no = 1; no < width; no++) assert.equal(visitsOf(run, ended(no)), 1);
    assert.equal(visitsOf(run, ended(width)), 1 + width);
  });

  test("a loop looks at the same edges in each of its rounds", () => {
    const loop = plan({
      first: task("first"),
      body: {
        does: { use: "work" },
        when: [
          {
            id: "body.when",
            after: [
              { from: "first", on: "ok" },
              { from: "body", on: "ok", label: "again" },
            ],
            join: "any",
            untaken: "wait",
          },
        ],
      },
      ...chain(1000, {}).tasks,
    });
    const { run, commands } = start(loop);
    let no = (advance(run, ended(commands[0]!.no))[0] as { no: number }).no;
    const costs = new Set<number>();
    for (let round = 0; round < 500; round++) {
      const before = run.visits;
      const next = advance(run, ended(no, { verbs: [{ take: "again" }] }));
      costs.add(run.visits - before);
      no = next[0]!.no;
    }
    assert.deepEqual([...costs], [2]);
  });

  test("items of a spawn look at no edge, and have cells only for the task that they touch", () => {
    const { run } = start(chain(2000, { split: task("split"), item: verbsOnly(), join: task("join", { from: "item", on: "drained" }) }));
    const [, split] = [1, 2];
    const commands = advance(run, ended(split, { verbs: [{ spawn: "item", items: Array.from({ length: 1000 }, (_, index) => index) }] }));
    assert.equal(commands.length, 1000);
    const spawn = run.frames!.list.find((frame) => frame?.kind === "spawn")!;

    for (const { no } of commands.slice(0, 999)) assert.equal(visitsOf(run, ended(no)), 0);
    assert.equal(spawn.columns.cells.length, 1000);
    assert.equal(visitsOf(run, ended(commands[999]!.no)), 1);
  });

  test("whether the run has drained is known without a search: an unrelated half of 5,000 waiting joins is not looked at", () => {
    const waiting: Record<string, Task> = { never: verbsOnly(), early: task("early") };
    for (let index = 0; index < 5000; index++) waiting[`w${index}`] = task(`w${index}`, "early", "never");
    const { run } = start(plan({ ...waiting, ...chain(5).tasks }));
    assert.equal(visitsOf(run, ended(1)), 5000);

    for (let no = 2; no < 6; no++) assert.equal(visitsOf(run, ended(no)), 1);
  });

  test("stopping one group looks only inside it", () => {
    const groups: Record<string, Task> = {};
    for (let index = 0; index < 500; index++) {
      groups[`g${index}`] = group([`a${index}`, `b${index}`], { failure: "stop" });
      groups[`a${index}`] = task(`a${index}`);
      groups[`b${index}`] = task(`b${index}`);
    }
    const { run } = start(plan(groups));
    const commands = advance(run, ended(2, { outcome: { status: "failed", error: { name: "Error", message: "no" } } }));

    assert.deepEqual(commands, [{ type: "cancel-task", no: 3 }]);
  });

  test("a run keeps room only for what is open, however long it loops", () => {
    const { run } = start(plan({ a: task("a") }));
    for (let no = 1; no <= 10_000; no++) advance(run, ended(no, { verbs: [{ iterate: no }] }));

    assert.ok(run.live.list.length < 100, `${run.live.list.length} places`);
  });

  test("an amendment costs what it adds, after the first has copied the tables", () => {
    const { run } = start(chain(1000));
    advance(run, { type: "plan-amended", atMs: 0, tasks: { n0: task("n0", "t0") } });
    const compiled = run.plan;
    for (let index = 1; index < 200; index++)
      advance(run, { type: "plan-amended", atMs: 0, tasks: { [`n${index}`]: task(`n${index}`, `n${index - 1}`) } });

    assert.equal(run.plan, compiled);
    assert.equal(run.visits, 0);
    assert.equal(runAll(run, [{ ...(run.live.list[0] as Command) }]), 1000 + 200 + 1);
  });
});

describe("nothing is as deep as the plan", () => {
  const depth = 30_000;

  test("a skip goes down a chain of 30,000", () => {
    const tasks: Record<string, Task> = { t0: task("t0") };
    for (let index = 1; index < depth; index++) {
      tasks[`t${index}`] = {
        does: { use: "work" },
        when: [{ id: `t${index}.when`, after: [{ from: `t${index - 1}`, on: "ok" }], join: "all", untaken: "skip" }],
      };
    }
    const { run } = start(plan(tasks, { failure: "drain" }));
    const commands = advance(run, ended(1, { outcome: { status: "failed", error: { name: "Error", message: "no" } } }));

    assert.equal(commands.length, 1);
    assert.equal(commands[0]?.type, "end-run");
  });

  test("groups in groups open, stop and close, 1,500 deep", () => {
    const tasks: Record<string, Task> = {};
    for (let index = 0; index < 1500; index++)
      tasks[`g${index}`] = group([`g${index + 1}`, ...(index === 0 ? ["side"] : [])], { failure: index === 0 ? "stop" : "drain" });
    tasks.g1500 = task("g1500");
    tasks.side = task("side");
    const { run, commands } = start(plan(tasks));
    assert.deepEqual(
      commands.map(({ type }) => type),
      ["start-task", "start-task"],
    );
    const [deep, side] = commands;
    assert.deepEqual(advance(run, ended(side!.no, { outcome: { status: "failed", error: { name: "Error", message: "no" } } })), [
      { type: "cancel-task", no: deep!.no },
    ]);

    const decided = advance(run, ended(deep!.no));

    assert.deepEqual(
      decided.map((command) =>
        command.type === "decide-group" ? [command.task, command.members.map(({ outcome }) => outcome.status)] : command.type,
      ),
      [["g0", ["cancelled", "failed"]]],
    );
  });

  test("a reset of the first task of 30,000 goes down the whole chain", () => {
    const { run } = start(chain(depth));
    runAll(run, [run.live.list[0] as Command]);

    const commands = advance(run, { type: "tasks-reset", atMs: 0, tasks: ["t0"] });

    assert.deepEqual(
      commands.map((command) => (command.type === "start-task" ? [command.task, command.nth] : command.type)),
      [["t0", 2]],
    );
    assert.equal(runAll(run, commands), depth + 1);
  });
});

test("runs of one compiled plan leave it as it is", () => {
  const compiled: CompiledPlan = compilePlan(chain(50));
  const tables = [compiled.tasks, compiled.triggers, compiled.edges, compiled.inEdges].map((table) => table.join());
  for (let count = 0; count < 3; count++) {
    const run = createRun(compiled);
    const commands = advance(run, started);
    advance(run, { type: "plan-amended", atMs: 0, tasks: { more: task("more", "t3") } });
    runAll(run, commands);
  }

  assert.deepEqual(
    [compiled.tasks, compiled.triggers, compiled.edges, compiled.inEdges].map((table) => table.join()),
    tables,
  );
  assert.equal(compiled.taskIds.length, 50);
  assert.equal(compiled.taskNumbers.size, 50);
});
