import type { Id, Plan, Task } from "./plan.ts";

/** Tasks in their order. Of a large plan they are best looked up once: that takes longer than most of what is done with each. */
export interface TaskList {
  readonly ids: Id[];
  /** By place in `ids`. */
  readonly tasks: readonly Task[];
}

export function taskList(tasks: Plan["tasks"]): TaskList {
  const ids = Object.keys(tasks);
  return { ids, tasks: ids.map((id) => tasks[id]!) };
}
