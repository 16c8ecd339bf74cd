import type { Json } from "../value/json.ts";
import { followDrained } from "./follow-edges.ts";
import { type Frame, newFrame, table } from "./frame.ts";
import { rootHistory, type RunState } from "./run-state.ts";
import type { Scope } from "./scope.ts";
import { insideOf, noTrigger, registerFrame, startTask } from "./start-task.ts";

/** Open a frame per item and start the task in each, in order (rule 9). `ordinal`: which spawn of that activation, from 1. */
export function openSpawn(
  state: RunState,
  frame: Frame,
  spawner: number,
  no: number,
  ordinal: number,
  task: number,
  items: readonly Json[],
): void {
  if (state.phase !== "running") return;
  if (frame.serial === 0) rememberSpawn(state, spawner, task);
  if (items.length === 0) {
    keepItems(frame, task, ++state.lastFrame, 0, []);
    followDrained(state, frame, task);
    return;
  }
  const columns = table(items.length);
  const step: Scope[number] = ["spawn", ordinal === 1 ? no : `${no}.${ordinal}`];
  const spawn = newFrame(
    ++state.lastFrame,
    "spawn",
    frame.home,
    [...frame.scope, step],
    frame,
    no,
    task,
    spawner,
    -1,
    columns,
    insideOf(frame, false),
  );
  frame.live++;
  registerFrame(state, spawn);
  (state.spawns ??= new Map()).set(step[1], spawn);
  for (let index = 0; index < items.length && state.phase === "running"; index++) {
    const scope = inside(spawn.scope, ["item", index]);
    const item = newFrame(++state.lastFrame, "item", frame.home, scope, spawn, 0, task, -1, index, columns, insideOf(spawn, false));
    spawn.live++;
    registerFrame(state, item);
    spawn.itemFrames!.push(item);
    startTask(state, item, task, noTrigger, items[index], undefined, scope);
  }
}

/** Nearly all are items of a spawn at the root: a literal takes no spare room. */
function inside(scope: Scope, step: Scope[number]): Scope {
  return scope.length === 1 ? [scope[0]!, step] : [...scope, step];
}

/** A spawn in this frame has drained: its items' values stay readable. */
export function keepItems(frame: Frame, task: number, serial: number, count: number, values: readonly unknown[] | undefined): void {
  frame.items ??= new Map();
  frame.items.set(task, { youngest: Math.max(serial, frame.items.get(task)?.youngest ?? 0), count, values });
}

function rememberSpawn(state: RunState, spawner: number, task: number): void {
  const { spawned } = rootHistory(state);
  const tasks = spawned.get(spawner);
  if (tasks === undefined) spawned.set(spawner, new Set([task]));
  else tasks.add(task);
}
