import type { Json, Task } from "@heddle/kernel";
import type { CheckedDag } from "../config/check-dag.ts";
import type { Condition, DagConfig, DagNode, FailureStrategy, Intent, Merge, NodeMap } from "../config/dag-config.ts";
import { runInput } from "../graph/providers.ts";

/** Id of the task that gathers what came out. Nodes' ids do not begin with `__`. */
export const resultTask = "__result__";

/** What the Plan keeps of a node for its code. */
export interface NodeSpec {
  /** Absent: another DAG stands in its place. */
  readonly processor?: string;
  readonly map?: NodeMap;
  readonly intent: Intent;
  /** The nodes whose payloads it gets: one, or several with a merge. Absent: it gets the run's input. */
  readonly payload?: readonly string[];
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
  /** The one node whose payload is the run's, if it was named. */
  readonly output?: string;
}

export const nodeHandler = "dag.node";
export const resultHandler = "dag.result";

export function specOf(task: Task | undefined): NodeSpec {
  return (task?.does as { readonly with: unknown } | undefined)?.with as NodeSpec;
}

export function resultSpecOf(task: Task | undefined): ResultSpec {
  return (task?.does as { readonly with: unknown } | undefined)?.with as ResultSpec;
}

/** What a node depends on, in the order in which it names that. */
export function dependenciesOf(task: Task | undefined): readonly string[] {
  const [trigger] = task?.when ?? [];
  return trigger !== undefined && "after" in trigger ? trigger.after.map(({ from }) => from) : [];
}

/** Whether what depends on a node waits for its condition to hold. */
export function isLabelled({ processors, failure_strategy }: DagConfig, node: number): boolean {
  const { condition, when_false } = processors[node]!;
  return condition !== undefined && when_false !== "pass" && failure_strategy !== "best_effort";
}

/** @param labelled edges with the label of its condition lead out of it */
export function nodeSpec({ graph, providers, intents }: CheckedDag, node: DagNode, number: number, labelled: boolean): NodeSpec {
  const { processor, map, options, merge, condition, when_false } = node;
  // One by one, and not spread: there may be a hundred thousand of them.
  const spec: Writable<NodeSpec> = { intent: intents[number]! };
  const payload = payloadsOf(providers.of[number]!, graph);
  if (payload !== undefined) spec.payload = payload;
  if (processor !== undefined) spec.processor = processor;
  if (map !== undefined) spec.map = map;
  if (options !== undefined && options !== null) spec.options = options;
  if (merge !== undefined) spec.merge = merge;
  if (condition !== undefined) spec.condition = condition;
  if (when_false === "pass") spec.passes = true;
  if (labelled) spec.label = conditionHolds;
  return spec;
}

/** Undefined: only the run's input. */
function payloadsOf(providers: readonly number[], { ids }: CheckedDag["graph"]): readonly string[] | undefined {
  let found: string[] | undefined;
  for (const provider of providers) if (provider !== runInput) (found ??= []).push(ids[provider]!);
  return found;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
