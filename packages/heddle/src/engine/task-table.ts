import type { CompiledPlan, Plan, RetryPolicy, StartTask, Task } from "@heddle/kernel";
import { taskNumber } from "@heddle/kernel/internal";
import type { TaskCode } from "./definition.ts";
import { EdgeSources } from "./edge-sources.ts";
import { taskEndedBeginning } from "./event-text.ts";
import type { InputSource } from "./input-source.ts";

/** What the engine needs of a task each time that it starts. */
export interface TaskEntry {
  readonly code: TaskCode;
  /** Null: its input is what the verb that started it gave, or the run's. */
  readonly source: InputSource | null;
  readonly retry: RetryPolicy | null;
  /** How the text of each of its ends begins. */
  readonly endedBeginning: string;
}

/** The tasks of a definition by the number that their commands carry. An entry is made when its task first starts. */
export class TaskTable {
  readonly #plan: Plan;
  readonly #code: (id: string) => TaskCode | undefined;
  readonly #source: (id: string, task: Task) => InputSource | null;
  readonly #entries: (TaskEntry | undefined)[] = [];

  /** @param source where each task's input comes from; default: the tasks that it comes after */
  constructor(
    plan: Plan,
    compiled: CompiledPlan,
    code: (id: string) => TaskCode | undefined,
    source: (id: string, task: Task) => InputSource | null = (_, task) => EdgeSources.of(task, compiled),
  ) {
    this.#plan = plan;
    this.#code = code;
    this.#source = source;
  }

  /** Undefined: no code is registered for the task. */
  of(command: StartTask): TaskEntry | undefined {
    return this.#entries[taskNumber(command)] ?? this.#make(command);
  }

  #make(command: StartTask): TaskEntry | undefined {
    const code = this.#code(command.task);
    const task = this.#plan.tasks[command.task];
    if (code === undefined || task === undefined) return undefined;
    const entry: TaskEntry = {
      code,
      source: this.#source(command.task, task),
      retry: task.policy?.retry ?? null,
      endedBeginning: taskEndedBeginning(command.task),
    };
    const at = taskNumber(command);
    while (this.#entries.length < at) this.#entries.push(undefined);
    this.#entries[at] = entry;
    return entry;
  }
}
