import type { Id, Json, StartTask } from "@heddle/kernel";
import { fireOpenings } from "./oracle-joins.ts";
import { openFrame, refuse, tasksOf, type OracleActivation, type OracleFrame, type OracleRun, type StartOptions } from "./oracle-state.ts";

/** Start a task; a group opens its frame instead of being commanded. */
export function startTask(run: OracleRun, frame: OracleFrame, task: Id, options: StartOptions): void {
  if (frame.stopped || run.phase !== "running") return;
  const max = run.plan.limits?.activations ?? 1_000_000;
  if (run.activationCount + 1 > max) passLimit(run, `more than ${max} activations`, { limit: "activations", max });
  run.activationCount += 1;
  const group = isGroup(run, task);
  if (!group) joinRound(run);

  const scope = options.scope ?? frame.scope;
  const key = JSON.stringify([task, scope]);
  const nth = (run.starts.get(key) ?? 0) + 1;
  run.starts.set(key, nth);
  frame.started.add(task);
  if (frame.kind === "root") run.lastStarts.set(task, options);
  const activation = { task, scope, nth, attempt: 1, no: ++run.lastNo };
  if (group) {
    run.activations.set(activation.no, { ...activation, frame, stage: "inner", command: null, cancelled: false });
    if (options.input !== undefined) run.groupInputs.set(activation.no, options.input);
    const inner = openFrame(run, {
      parent: frame,
      kind: "group",
      home: task,
      scope: [...frame.scope, ["group", activation.no]],
      of: activation.no,
    });
    fireOpenings(run, inner, tasksOf(run, task));
    return;
  }
  const command: StartTask = {
    type: "start-task",
    ...activation,
    ...(options.trigger === undefined ? {} : { trigger: options.trigger }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.consumed === undefined ? {} : { consumed: options.consumed }),
  };
  run.activations.set(activation.no, { ...activation, frame, stage: "task", command, cancelled: false });
  run.issued.push(command);
}

/** Rules 20 and 28: what is commanded now belongs to the running round, or begins the next one. */
export function joinRound(run: OracleRun): void {
  if (run.plan.discipline !== "superstep" || run.roundRunning) return;
  const max = run.plan.limits?.rounds ?? Infinity;
  if (run.roundCount + 1 > max) passLimit(run, `more than ${max} rounds`, { limit: "rounds", max });
  run.roundCount += 1;
  run.roundRunning = true;
}

function passLimit(run: OracleRun, message: string, data: Json): never {
  run.limited = true;
  refuse("STEP_LIMIT", message, data);
}

function isGroup(run: OracleRun, task: Id): boolean {
  const does = run.tasks.get(task)?.does;
  return does !== undefined && "group" in does;
}

/** Rule 9. The k-th spawn of one end, k from 1. */
export function openSpawn(run: OracleRun, by: OracleActivation, k: number, task: Id, items: readonly Json[]): string {
  const name = k === 1 ? by.no : `${by.no}.${k}`;
  const key = JSON.stringify([...by.frame.scope, ["spawn", name]]);
  run.spawns.set(key, { frame: by.frame, task, by: by.task, values: items.map(() => undefined), left: items.length });
  by.frame.lastSpawns.set(task, key);
  if (by.frame.kind === "root") run.spawned.set(by.task, new Set(run.spawned.get(by.task)).add(task));
  for (const [index, input] of items.entries()) {
    const item = openFrame(run, {
      parent: by.frame,
      kind: "item",
      home: by.frame.home,
      scope: [...by.frame.scope, ["spawn", name], ["item", index]],
      spawn: key,
      index,
    });
    startTask(run, item, task, { input });
  }
  return key;
}
