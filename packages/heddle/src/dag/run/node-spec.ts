import type { Json, Task } from "@heddle/kernel";
import type { CheckedDag } from "../config/check-dag.ts";
import type { DagNode, FailureStrategy, Intent, Merge } from "../config/dag-config.ts";

/** Id of the task that gathers what came out. Nodes' ids do not begin with `__`. */
export const resultTask = "__result__";

/** What the Plan keeps of a node for its code. */
export interface NodeSpec {
  readonly processor: string;
  readonly intent: Intent;
  /** The nodes whose payloads it gets: one, several with a merge, none for the run's input. */
  readonly payload: readonly string[];
  readonly depends_on: readonly string[];
  readonly options?: Readonly<Record<string, Json>>;
  readonly merge?: Merge;
}

/** What the Plan keeps of the DAG for the code of its result. */
export interface ResultSpec {
  readonly failure: FailureStrategy;
  /** Whose payload is the run's: by id, where it comes from. */
  readonly payloads: Readonly<Record<string, readonly string[]>>;
  /** Absent: the payload is that of the only sink. */
  readonly several?: true;
}

export const nodeHandler = "dag.node";
export const resultHandler = "dag.result";

export function specOf(task: Task | undefined): NodeSpec {
  return (task?.does as { readonly with: unknown } | undefined)?.with as NodeSpec;
}

export function resultSpecOf(task: Task | undefined): ResultSpec {
  return (task?.does as { readonly with: unknown } | undefined)?.with as ResultSpec;
}

/** @param number of the node */
export function nodeSpec({ graph, providers, intents }: CheckedDag, node: DagNode, number: number): NodeSpec {
  const { processor = "", depends_on, options, merge } = node;
  return {
    processor,
    intent: intents[number]!,
    payload: providers.of[number]!.filter((provider) => provider >= 0).map((provider) => graph.ids[provider]!),
    depends_on: depends_on ?? [],
    ...(options === undefined || options === null ? null : { options }),
    ...(merge === undefined ? null : { merge }),
  };
}
