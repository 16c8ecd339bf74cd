/** A workflow as it was recorded somewhere: what came after what, and how long each task took. */
export interface Workload {
  readonly name: string;
  /** In the order of the file; ids are unique and parents are there. */
  readonly tasks: readonly RecordedTask[];
  /** How long the recorded run took, in milliseconds. */
  readonly makespanMs?: number;
}

export interface RecordedTask {
  readonly id: string;
  /** What kind of task it is, for people. */
  readonly name: string;
  readonly parents: readonly string[];
  readonly runtimeMs: number;
  /** Processors that it needed. */
  readonly cores?: number;
  readonly memoryBytes?: number;
}
