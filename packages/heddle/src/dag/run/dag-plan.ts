import { durationMs, type Edge, type Json, type Plan, type Policy, type Task } from "@heddle/kernel";
import { sinksOf, type CheckedDag } from "../config/check-dag.ts";
import type { DagConfig, DagNode, FailureStrategy } from "../config/dag-config.ts";
import { conditionHolds, isLabelled, nodeHandler, nodeSpec, resultHandler, type ResultSpec, resultTask } from "./node-spec.ts";

/**
 * The Plan of a DAG: a task per node, after all that it depends on, and one that gathers what came out when nothing else is left to do.
 * The failure strategy is the Plan's `failure` and what edges wait for:
 *
 * | | a failure | edges | what depends on a failed node |
 * |---|---|---|---|
 * | `fail_fast` | `stop` | `ok` | never starts |
 * | `continue_on_error` | `keep` | `ok` | is blocked |
 * | `best_effort` | `keep` | `ended` | runs, and is told what is missing |
 *
 * What the DAG's check lets through makes a valid Plan: it is not checked again, which would take longer than all the rest.
 */
export function dagPlan(name: string, dag: CheckedDag): Plan {
  const { config, graph } = dag;
  const failure = config.failure_strategy ?? "fail_fast";
  const tasks = nodeTasks(dag, config.processors.keys(), () => true);
  const sinks = sinksOf(graph);
  const ended = sinks.flatMap((sink): Edge[] => {
    const from = graph.ids[sink]!;
    // So that its label leads somewhere until a node is added that comes after it.
    return isLabelled(config, sink)
      ? [
          { from, on: "ended" },
          { from, on: "ok", label: conditionHolds },
        ]
      : [{ from, on: "ended" }];
  });
  const most = Math.max(config.limits?.nodes ?? defaultNodes, config.processors.length);
  tasks[resultTask] = {
    does: { use: resultHandler, with: resultSpec(dag, sinks, failure) as unknown as Json },
    when: [{ id: resultTask, after: ended, join: ended.length === 0 ? "all" : "any", untaken: "wait", idle: true }],
  };
  return {
    heddle: 1,
    name,
    discipline: "eager",
    tasks,
    output: { task: resultTask },
    failure: failure === "fail_fast" ? "stop" : "keep",
    // No DAG runs without end, and what is run again must not come to one either.
    limits: { activations: Number.MAX_SAFE_INTEGER, tasks: most + 1 },
  };
}

const defaultNodes = 10_000;

/** The tasks of these nodes. @param hasEdges whether edges lead out of a node */
export function nodeTasks(dag: CheckedDag, nodes: Iterable<number>, hasEdges: (node: number) => boolean): Record<string, Task> {
  const { config } = dag;
  const defaults = defaultPolicy(config);
  const tasks: Record<string, Task> = {};
  const edges = new Edges(dag);
  for (const number of nodes) {
    const node = config.processors[number]!;
    const spec = nodeSpec(dag, node, number, isLabelled(config, number) && hasEdges(number));
    const does = { use: nodeHandler, with: spec as unknown as Json };
    const after = edges.into(number);
    const when = [{ id: node.id, after, join: "all", untaken: after.length === 0 ? "wait" : "skip" }] as const;
    const policy = policyOf(node, defaults);
    tasks[node.id] = policy === null ? { does, when } : { does, when, policy };
  }
  return tasks;
}

/** What nodes wait for. All that depend on one node share its edge: there are more of them than of nodes. */
class Edges {
  readonly #dag: CheckedDag;
  readonly #from: Edge[];

  constructor(dag: CheckedDag) {
    this.#dag = dag;
    this.#from = new Array<Edge>(dag.graph.ids.length);
  }

  into(node: number): Edge[] {
    const { first, targets } = this.#dag.graph.dependencies;
    const edges: Edge[] = [];
    for (let arrow = first[node]!; arrow < first[node + 1]!; arrow++) edges.push(this.#edge(targets[arrow]!));
    return edges;
  }

  #edge(source: number): Edge {
    return (this.#from[source] ??= this.#newEdge(source));
  }

  #newEdge(source: number): Edge {
    const { config, graph } = this.#dag;
    const from = graph.ids[source]!;
    if (config.failure_strategy === "best_effort") return { from, on: "ended" };
    return isLabelled(config, source) ? { from, on: "ok", label: conditionHolds } : { from, on: "ok" };
  }
}

/** Null: none. */
function defaultPolicy({ executor_options: { timeout_seconds, retry_attempts = 0 } = {} }: DagConfig): Policy | null {
  if (timeout_seconds === undefined && retry_attempts === 0) return null;
  return {
    ...(timeout_seconds === undefined ? null : { attemptTimeoutMs: timeout_seconds * 1_000 }),
    ...(retry_attempts === 0 ? null : { retry: { attempts: retry_attempts + 1 } }),
  };
}

function policyOf({ timeout, retry, priority }: DagNode, defaults: Policy | null): Policy | null {
  if (timeout === undefined && retry === undefined && priority === undefined) return defaults;
  return {
    ...defaults,
    ...(timeout === undefined ? null : { attemptTimeoutMs: durationMs(timeout, "timeout") }),
    ...(retry === undefined ? null : { retry: typeof retry === "number" ? { attempts: retry } : retry }),
    ...(priority === undefined ? null : { priority }),
  };
}

function resultSpec({ config, graph, providers, intents }: CheckedDag, sinks: readonly number[], failure: FailureStrategy): ResultSpec {
  const wanted = config.output === undefined ? sinks : [graph.numbers.get(config.output)!];
  const holders = (node: number): readonly string[] =>
    intents[node] === "transform" || config.processors[node]!.merge !== undefined
      ? [graph.ids[node]!]
      : providers.of[node]!.filter((each) => each >= 0).map((each) => graph.ids[each]!);
  return {
    failure,
    payloads: Object.fromEntries(wanted.map((node) => [graph.ids[node]!, holders(node)])),
    ...(config.output === undefined ? null : { output: config.output }),
  };
}
