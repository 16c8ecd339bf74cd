// The Plans of the in-memory workloads, written by hand. Their handlers do nothing, so that only the engine's own cost is left.
import type { Plan } from "@heddle/kernel";
import { planned, type PlannedWorkflow } from "heddle";
import { layeredDag } from "../layered-dag.ts";

type Tasks = Plan["tasks"];
type Task = Tasks[string];

interface State {
  readonly n: number;
}

/** What starts a task: the run itself, or the ends of others. */
function after(task: string, sources: readonly string[], join: "all" | "any" = "all"): Task["when"] {
  if (sources.length === 0) return [{ id: `${task}.start`, after: [], join: "all", untaken: "wait" }];
  return [{ id: `${task}.ready`, after: sources.map((from) => ({ from, on: "ok" })), join, untaken: join === "all" ? "skip" : "wait" }];
}

/** A ring's first task has nothing before it in the first round. */
const addOne = async (input: unknown): Promise<State> => ({ n: ((input ?? { n: 0 }) as State).n + 1 });

export function sequencePlan(length: number): PlannedWorkflow<State, State> {
  const tasks: Record<string, Task> = {};
  for (let index = 0; index < length; index++)
    tasks[`s${index}`] = { does: { use: "step" }, when: after(`s${index}`, index === 0 ? [] : [`s${index - 1}`]) };
  return planned(
    { heddle: 1, name: "sequence", discipline: "eager", tasks, output: { task: `s${length - 1}` } },
    { tasks: { step: addOne } },
  );
}

/** Three tasks in a ring until `total` of them have run. */
export function loopPlan(total: number): PlannedWorkflow<State, State> {
  const again: Task["when"][number] = { id: "again", after: [{ from: "c", on: "ok", label: "again" }], join: "any", untaken: "wait" };
  const tasks: Tasks = {
    a: { does: { use: "step" }, when: [...after("a", []), again] },
    b: { does: { use: "step" }, when: after("b", ["a"], "any") },
    c: { does: { use: "last" }, when: after("c", ["b"], "any") },
  };
  return planned(
    { heddle: 1, name: "loop", discipline: "eager", tasks, output: { task: "c" } },
    {
      tasks: {
        step: addOne,
        last: async (input, ctx) => {
          const n = (input as State).n + 1;
          if (n < total) ctx.verbs.take("again");
          return { n };
        },
      },
    },
  );
}

export function fanPlan(width: number): PlannedWorkflow<number, number> {
  const tasks: Record<string, Task> = { source: { does: { use: "step" }, when: after("source", []) } };
  const middle = Array.from({ length: width }, (_, index) => `p${index}`);
  for (const id of middle) tasks[id] = { does: { use: "step" }, when: after(id, ["source"]) };
  tasks["sink"] = { does: { use: "step" }, when: after("sink", middle) };
  return planned({ heddle: 1, name: "fan", discipline: "eager", tasks, output: { task: "sink" } }, { tasks: { step: async () => 1 } });
}

/** Returns how many items there were. */
export function spawnPlan(count: number): PlannedWorkflow<null, number> {
  const items = Array.from({ length: count }, (_, index) => index);
  const tasks: Tasks = {
    source: { does: { use: "source" }, when: after("source", []) },
    item: { does: { use: "item" }, when: [] },
    sink: { does: { use: "sink" }, when: [{ id: "done", after: [{ from: "item", on: "drained" }], join: "all", untaken: "wait" }] },
  };
  return planned(
    { heddle: 1, name: "spawn", discipline: "eager", tasks, output: { task: "sink" } },
    {
      tasks: {
        source: async (_, ctx) => ctx.verbs.spawn("item", items),
        item: async (input) => (input as number) + 1,
        sink: async (input) => (input as readonly unknown[]).length,
      },
    },
  );
}

/**
 * @param step what each task does
 * @param last run by a task after all of the last layer, if given
 */
export function graphPlan(size: number, step: () => Promise<unknown>, last?: () => Promise<unknown>): PlannedWorkflow<null, unknown> {
  const tasks: Record<string, Task> = {};
  const width = 100;
  layeredDag(size, width).forEach((sources, task) => {
    tasks[`t${task}`] = {
      does: { use: "step" },
      when: after(
        `t${task}`,
        sources.map((source) => `t${source}`),
      ),
    };
  });
  const lastLayer = Array.from({ length: Math.min(width, size) }, (_, index) => `t${size - 1 - index}`);
  if (last !== undefined) tasks["last"] = { does: { use: "last" }, when: after("last", lastLayer) };
  return planned(
    {
      heddle: 1,
      name: "graph",
      discipline: "eager",
      tasks,
      output: { task: last === undefined ? `t${size - 1}` : "last" },
      limits: { activations: size + 1 },
    },
    { tasks: { step, ...(last === undefined ? {} : { last }) } },
  );
}
