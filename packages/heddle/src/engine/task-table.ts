import type { CompiledPlan, Json, Plan, Policy, RetryPolicy, StartTask, Task } from "@heddle/kernel";
import { taskNumber } from "@heddle/kernel/internal";
import type { Conclusion, Rescue, TaskCode } from "./definition.ts";
import { EdgeSources } from "./edge-sources.ts";
import { taskEndedBeginning } from "./event-text.ts";
import type { InputSource } from "./input-source.ts";

/** In milliseconds; undefined: as long as it likes. */
export interface TaskLimits {
  readonly attemptMs: number | undefined;
  /** Over all attempts and the waits between them. */
  readonly totalMs: number | undefined;
}

/** What the engine needs of a task each time that it starts. */
export interface TaskEntry {
  readonly code: TaskCode;
  /** Null: its input is what the verb that started it gave, or the run's. */
  readonly source: InputSource | null;
  readonly retry: RetryPolicy | null;
  /** Null: nothing bounds its time. */
  readonly limits: TaskLimits | null;
  /** Its start is recorded first, and it is never begun again after a crash. */
  readonly once: boolean;
  /** Called when its last attempt has failed; null: it fails then. */
  readonly rescue: Rescue | null;
  /** What is made of what its code came to; null: its result is the task's value. */
  readonly conclusion: Conclusion | null;
  /** The configuration in its `does.with`, which nobody can change. */
  readonly config: Json | undefined;
  /** How the text of each of its ends begins. */
  readonly endedBeginning: string;
}

/** The code of a task; undefined: there is none. */
export type CodeOf = (id: string, task: Task) => TaskCode | undefined;
/** Where a task's input comes from. */
export type SourceOf = (id: string, task: Task, compiled: CompiledPlan) => InputSource | null;

/** The tasks of a definition by the number that their commands carry. An entry is made when its task first starts. */
export class TaskTable {
  readonly #plan: Plan;
  readonly #compiled: CompiledPlan;
  readonly #code: CodeOf;
  readonly #source: SourceOf;
  /** Some task is given what channels hold: writes to them from outside concern those that have not begun. */
  readonly readChannels: boolean;
  readonly #rescues: (use: string) => Rescue | null;
  readonly #conclusions: (use: string) => Conclusion | null;
  readonly #entries: (TaskEntry | undefined)[] = [];

  /** @param source default: the tasks that it comes after */
  constructor(
    plan: Plan,
    compiled: CompiledPlan,
    code: CodeOf,
    source: SourceOf = (_, task, tables) => EdgeSources.of(task, tables),
    rescues: (use: string) => Rescue | null = () => null,
    conclusions: (use: string) => Conclusion | null = () => null,
    readChannels: boolean = false,
  ) {
    this.#plan = plan;
    this.#compiled = compiled;
    this.#code = code;
    this.#source = source;
    this.#rescues = rescues;
    this.#conclusions = conclusions;
    this.readChannels = readChannels;
  }

  /** Undefined: no code is registered for the task. */
  of(command: StartTask): TaskEntry | undefined {
    return this.#entries[taskNumber(command)] ?? this.#add(command);
  }

  /** Whether there is code for a task, one of the definition or not. */
  hasCode(id: string, task: Task): boolean {
    return this.#code(id, task) !== undefined;
  }

  /** Of any task, also of one that a run added. @param compiled the tables that its number is of */
  make(id: string, task: Task, compiled: CompiledPlan): TaskEntry | undefined {
    const code = this.#code(id, task);
    if (code === undefined) return undefined;
    const use = "use" in task.does ? task.does.use : "";
    return {
      code,
      source: this.#source(id, task, compiled),
      retry: task.policy?.retry ?? null,
      limits: limitsOf(task.policy),
      rescue: this.#rescues(use),
      conclusion: this.#conclusions(use),
      once: task.policy?.effect === "at-most-once",
      config: "use" in task.does && task.does.with !== undefined ? frozen(structuredClone(task.does.with)) : undefined,
      endedBeginning: taskEndedBeginning(id),
    };
  }

  #add(command: StartTask): TaskEntry | undefined {
    const task = this.#plan.tasks[command.task];
    const entry = task === undefined ? undefined : this.make(command.task, task, this.#compiled);
    if (entry === undefined) return undefined;
    const at = taskNumber(command);
    while (this.#entries.length < at) this.#entries.push(undefined);
    this.#entries[at] = entry;
    return entry;
  }
}

function limitsOf({ attemptTimeoutMs, timeoutMs }: Policy = {}): TaskLimits | null {
  return attemptTimeoutMs === undefined && timeoutMs === undefined ? null : { attemptMs: attemptTimeoutMs, totalMs: timeoutMs };
}

function frozen(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  const left: object[] = [value];
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    Object.freeze(part);
    for (const inner of Object.values(part) as Json[]) if (typeof inner === "object" && inner !== null) left.push(inner);
  }
  return value;
}
