/**
 * In which order the ready tasks of a run are begun when there is not room for all of them. None changes what a run does: tasks begin after what they come
 * after in any case, and are given the same. Under each of them a higher `policy.priority` goes first.
 *
 * - `work_queue`: deeper tasks first, by the longest way from a root; then those that transform before those that analyze, then by id
 * - `level`: a task begins when all tasks of the levels above it have ended
 * - `reactive`: first ready, first begun
 * - `critical_path`: the longest way to the end first, in expected time
 * - `hybrid`: looks at the graph and chooses one of these for each part of it; `explainHybrid` says which and why
 */
export type Strategy = "work_queue" | "level" | "reactive" | "hybrid" | "critical_path";

/** All strategies, in the order of their making. */
export const strategies: readonly Strategy[] = ["work_queue", "level", "reactive", "hybrid", "critical_path"];

/**
 * When the ready tasks of a run are begun. All limits count within one run, and in the process that has it: nothing of it is recorded.
 *
 * A task has its place from its beginning to its end, also while a child run works for it. One that waits for a time, a signal or an answer has none meanwhile;
 * when it goes on it does so at once, also beyond the limits, and nothing new begins until they hold again. Between two attempts a task has no place, and
 * stands in line for the next.
 */
export interface DispatchOptions {
  readonly strategy: Strategy;
  /** Tasks under way at once; 0 counts as 1. Default: the processors that Node sees, for `reactive` no limit. */
  readonly maxConcurrency?: number;
  /** Places by pool: so many of the tasks that name it are under way at once. */
  readonly pools?: Readonly<Record<string, number>>;
  /**
   * What the tasks under way may need together. One that does not fit now is overtaken by later ones that do, at most sixteen times: then nothing begins
   * before it. At most sixteen tasks of a pool are passed over at a time.
   */
  readonly resources?: Resources;
  /** By task id. */
  readonly tasks?: Readonly<Record<string, TaskDemand>>;
}

export interface Resources {
  /** Processors, in steps of a thousandth. Default: no limit. */
  readonly cpu?: number;
  /** Memory in MB, in steps of a thousandth. Default: no limit. */
  readonly memoryMb?: number;
}

export interface TaskDemand {
  /** One of `pools`. Default: none. */
  readonly pool?: string;
  /** Of `resources.cpu`. Default 0. */
  readonly cpu?: number;
  /** Of `resources.memoryMb`. Default 0. */
  readonly memoryMb?: number;
  /** How long it is expected to take, in milliseconds. Default: the median of those that are given, else 1. */
  readonly expectedMs?: number;
  /** It only looks: `work_queue` takes those that transform first. Default false. */
  readonly analyze?: boolean;
}
