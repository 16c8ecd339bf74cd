import type { CompiledPlan, Plan, RetryPolicy, StartTask } from "@heddle/kernel";
import { numberOf, taskNumber } from "@heddle/kernel/internal";
import type { TaskCode } from "./definition.ts";
import { taskEndedBeginning } from "./event-text.ts";

/** A task that another comes after, by its number; `items`: it is spawned, and all its items' values count. */
export interface Source {
  readonly task: number;
  readonly items: boolean;
}

/** What the engine needs of a task each time that it starts. */
export interface TaskEntry {
  readonly code: TaskCode;
  /** Whose values are its input, in the order of its edges; null: the run's input is. */
  readonly sources: readonly Source[] | null;
  readonly retry: RetryPolicy | null;
  /** How the text of each of its ends begins. */
  readonly endedBeginning: string;
}

/** The tasks of a definition by the number that their commands carry. An entry is made when its task first starts. */
export class TaskTable {
  readonly #plan: Plan;
  readonly #compiled: CompiledPlan;
  readonly #code: (id: string) => TaskCode | undefined;
  readonly #entries: (TaskEntry | undefined)[] = [];

  constructor(plan: Plan, compiled: CompiledPlan, code: (id: string) => TaskCode | undefined) {
    this.#plan = plan;
    this.#compiled = compiled;
    this.#code = code;
  }

  /** Undefined: no code is registered for the task. */
  of(command: StartTask): TaskEntry | undefined {
    return this.#entries[taskNumber(command)] ?? this.#make(command);
  }

  #make(command: StartTask): TaskEntry | undefined {
    const code = this.#code(command.task);
    const task = this.#plan.tasks[command.task];
    if (code === undefined || task === undefined) return undefined;
    const sources: Source[] = [];
    for (const trigger of task.when) {
      if (!("after" in trigger)) continue;
      for (const { from, on } of trigger.after) {
        const number = numberOf(this.#compiled, from);
        if (number !== undefined && !sources.some((source) => source.task === number))
          sources.push({ task: number, items: on === "drained" });
      }
    }
    const entry: TaskEntry = {
      code,
      sources: sources.length === 0 ? null : sources,
      retry: task.policy?.retry ?? null,
      endedBeginning: taskEndedBeginning(command.task),
    };
    const at = taskNumber(command);
    while (this.#entries.length < at) this.#entries.push(undefined);
    this.#entries[at] = entry;
    return entry;
  }
}
