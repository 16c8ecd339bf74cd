import type { Json, Task } from "@heddle/kernel";
import type { CheckedDag } from "../config/check-dag.ts";
import type { Condition, DagNode, FailureStrategy, Intent, Merge, NodeMap } from "../config/dag-config.ts";
import { countFrom } from "../graph/dag-graph.ts";

/** Id of the task that gathers what came out. Nodes' ids do not begin with `__`. */
export const resultTask = "__result__";

/** What the Plan keeps of a node for its code. */
export interface NodeSpec {
  /** Absent: another DAG stands in its place. */
  readonly processor?: string;
  readonly map?: NodeMap;
  readonly intent: Intent;
  /** The nodes whose payloads it gets: one, several with a merge, none for the run's input. */
  readonly payload: readonly string[];
  readonly depends_on: readonly string[];
  readonly options?: Readonly<Record<string, Json>>;
  readonly merge?: Merge;
  readonly condition?: Condition;
  /** What depends on the node is to run although its condition does not hold. */
  readonly passes?: true;
  /** Edges wait for this label, which it takes when its condition holds. */
  readonly label?: string;
}

/** The label of edges out of nodes with a condition. */
export const conditionHolds = "holds";

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
export function nodeSpec({ config, graph, providers, intents }: CheckedDag, node: DagNode, number: number): NodeSpec {
  const { processor, map, depends_on, options, merge, condition, when_false } = node;
  const labelled =
    condition !== undefined &&
    when_false !== "pass" &&
    config.failure_strategy !== "best_effort" &&
    countFrom(graph.dependents, number) > 0;
  return {
    ...(processor === undefined ? null : { processor }),
    ...(map === undefined ? null : { map }),
    intent: intents[number]!,
    payload: providers.of[number]!.filter((provider) => provider >= 0).map((provider) => graph.ids[provider]!),
    depends_on: depends_on ?? [],
    ...(options === undefined || options === null ? null : { options }),
    ...(merge === undefined ? null : { merge }),
    ...(condition === undefined ? null : { condition }),
    ...(when_false === "pass" ? { passes: true } : null),
    ...(labelled ? { label: conditionHolds } : null),
  };
}
