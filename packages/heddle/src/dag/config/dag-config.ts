import type { Json, RetryPolicy } from "@heddle/kernel";
import type { Strategy } from "../../engine/dispatch/dispatch-options.ts";
import type { Duration } from "../../workflow/context.ts";

/** A DAG as it is written, in YAML, in JSON or as an object. `dag.schema.json` is the same shape as JSON Schema. */
export interface DagConfig {
  /** Version of this format. Absent: 1. */
  readonly version?: 1;
  /** Of the workflow. Default: the file's name without its ending, or `"dag"`. */
  readonly name?: string;
  /** In which order nodes that are ready start. Never changes what comes out. Default `work_queue`. */
  readonly strategy?: Strategy;
  /** What a node's failure means for the others. Default `fail_fast`. */
  readonly failure_strategy?: FailureStrategy;
  readonly executor_options?: ExecutorOptions;
  /** Variables that `${NAME}` may name. */
  readonly env?: readonly string[];
  /** Payload of runs that are started without one. */
  readonly input?: unknown;
  /** The node whose payload is the run's. Default: the only sink, or an object with the payload of each sink. */
  readonly output?: string;
  /** How many nodes of a pool run at once, by its name. */
  readonly pools?: Readonly<Record<string, number>>;
  /** What the nodes that run at once may take together. */
  readonly resources?: DagResources;
  readonly limits?: DagLimits;
  readonly processors: readonly DagNode[];
}

export interface DagLimits {
  /** Nodes that a run may come to have, those that processors add among them. Default 10,000, or as many as the DAG has. */
  readonly nodes?: number;
}

export type FailureStrategy = "fail_fast" | "continue_on_error" | "best_effort";
export type Intent = "transform" | "analyze";

export interface ExecutorOptions {
  /** Nodes that run at once. 0 counts as 1. Default: the processors that Node sees; for `reactive` as many as are ready. */
  readonly max_concurrency?: number;
  /** Longest time of one attempt of a node, unless it has a `timeout`. */
  readonly timeout_seconds?: number;
  /** Attempts after the first that failed, unless the node has a `retry`. */
  readonly retry_attempts?: number;
}

export interface DagResources {
  /** Processors, also parts of one. */
  readonly cpu?: number;
  /** In MB. */
  readonly memory?: number;
}

export interface DagNode {
  readonly id: string;
  /** Where its processor is. Default, and the only kind so far: `local`. */
  readonly type?: "local" | "loadable" | "grpc" | "http" | "wasm";
  /** One of the eight built in, or one given in code. */
  readonly processor?: string;
  readonly endpoint?: string;
  readonly module?: string;
  readonly depends_on?: readonly string[] | null;
  readonly options?: Readonly<Record<string, Json>> | null;
  /** `transform` may replace the payload, `analyze` only adds metadata. Default: what the processor says, else `transform`. */
  readonly intent?: Intent;
  /** How payloads of several transforms meet here. */
  readonly merge?: Merge;
  /** Another DAG in place of a processor: its run is a child, its payload the node's. A path is read from the file's folder, by `dag.load`. */
  readonly dag?: string | DagConfig;
  /** The payload is a list, and the processor is called for each entry. */
  readonly map?: NodeMap;
  /** It runs only if this holds. */
  readonly condition?: Condition;
  /** What a condition that does not hold means for what depends on the node. Default `skip_dependents`. */
  readonly when_false?: WhenFalse;
  /** Longest time of one attempt. */
  readonly timeout?: Duration;
  /** Attempts, or a policy. */
  readonly retry?: number | RetryPolicy;
  /** Higher goes first among what is ready. Default 0. */
  readonly priority?: number;
  readonly pool?: string;
  /** What it takes of the DAG's `resources`. */
  readonly resources?: DagResources;
}

export type Merge =
  | "first"
  | "concatenate"
  | "json_merge"
  | { readonly type: "first" }
  | { readonly type: "concatenate"; readonly separator?: string }
  | { readonly type: "json_merge"; readonly conflict?: MergeConflict }
  | { readonly type: "custom"; readonly use: string };
export type MergeConflict = "take_first" | "take_last" | "merge" | "error";

/** `skip_dependents`: they are skipped too. `pass`: they run, and are given the payload as it came to the node. */
export type WhenFalse = "skip_dependents" | "pass";

/** Tests of one value, all of which must hold; or a predicate given in code, by name. */
export type Condition =
  | { readonly use: string }
  | {
      /** `payload` or `metadata.NODE`, then keys with dots between them: `payload.total`, `metadata.count.word_count`. */
      readonly path: string;
      readonly exists?: boolean;
      readonly equals?: Json;
      readonly not_equals?: Json;
      readonly in?: readonly Json[];
      readonly greater_than?: number;
      readonly less_than?: number;
      /** A regular expression that the text must match somewhere. */
      readonly matches?: string;
    };

export interface NodeMap {
  /** Entries under way at once. Default 64. */
  readonly max_concurrency?: number;
  /** `stop` (default): the first entry that fails fails the node. `collect`: the others go on, and what failed is in the metadata. */
  readonly failure?: "stop" | "collect";
}
