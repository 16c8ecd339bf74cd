/** A number: at least so many. `equals` stands alone; of `min` and `max` both count. */
export type Amount = number | { readonly min?: number; readonly max?: number; readonly equals?: number };

/** What a run demands of the node that takes it up. All of it must hold; what is left out does not matter. */
export interface Placement {
  /** The node has all of these. */
  readonly executors?: readonly string[];
  readonly cpus?: Amount;
  readonly memoryMb?: Amount;
  readonly gpus?: Amount;
  /** The node's label of this name has this value, or one of these. */
  readonly labels?: Readonly<Record<string, string | readonly string[]>>;
  readonly nodes?: {
    /** Never on these. */
    readonly forbid?: readonly string[];
    /** While one of these lives, others take the run only when it has been due for two seconds. */
    readonly prefer?: readonly string[];
  };
  /** At most so many runs of the same workflow, version, queue and placement under way at once on one node. */
  readonly maxPerNode?: number;
}

/** What a node offers. What it does not tell it does not have: a number counts as 0. */
export interface Capabilities {
  readonly executors?: readonly string[];
  readonly cpus?: number;
  readonly memoryMb?: number;
  readonly gpus?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The queue of runs that name none, and of nodes that name none. */
export const defaultQueue = "default";

/** The amounts, with their words for people. */
export const amounts = [
  ["cpus", "CPUs"],
  ["memoryMb", "MB of memory"],
  ["gpus", "GPUs"],
] as const satisfies readonly (readonly [keyof Placement & keyof Capabilities, string])[];
