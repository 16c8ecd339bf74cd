import type { RunState, StartTask, Task } from "@heddle/kernel";
import { amendmentsOf, GrowingPlan, taskNumber } from "@heddle/kernel/internal";
import type { Definition } from "../definition.ts";
import type { TaskEntry } from "../task-table.ts";

/** The tasks of one run: its definition's, which it shares with all others, and those that were added to its plan. */
export class RunTasks {
  readonly #definition: Definition;
  /** Made when the run's plan is first added to, or is asked whether it could be. */
  #plan: GrowingPlan | null = null;
  /** Amendments that are in it. */
  #taken = 0;
  #entries: Map<number, TaskEntry> | null = null;

  constructor(definition: Definition) {
    this.#definition = definition;
  }

  /** Undefined: there is no code for it. */
  of(command: StartTask, state: RunState): TaskEntry | undefined {
    const { tasks, compiled } = this.#definition;
    const number = taskNumber(command);
    if (number < compiled.taskCount) return tasks.of(command);
    this.#entries ??= new Map();
    let entry = this.#entries.get(number);
    if (entry === undefined) {
      const task = this.task(command.task, state);
      entry = task === undefined ? undefined : tasks.make(command.task, task, state.plan);
      if (entry !== undefined) this.#entries.set(number, entry);
    }
    return entry;
  }

  task(id: string, state: RunState): Task | undefined {
    const { tasks } = this.#definition.plan;
    return Object.hasOwn(tasks, id) ? tasks[id] : this.plan(state).task(id);
  }

  /** The run's plan as it has become. */
  plan(state: RunState): GrowingPlan {
    this.#plan ??= new GrowingPlan(this.#definition.plan);
    const amendments = amendmentsOf(state);
    while (this.#taken < amendments.length) this.#plan.add(amendments[this.#taken++] as Readonly<Record<string, Task>>);
    return this.#plan;
  }

  /** The state is another: what was added to it is found anew. */
  forget(): void {
    this.#plan = null;
    this.#taken = 0;
    this.#entries = null;
  }
}
