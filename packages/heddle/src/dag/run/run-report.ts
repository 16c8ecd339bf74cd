import type { Engine } from "../../engine/engine.ts";
import type { RunView, TaskView } from "../../engine/run-view.ts";
import type { Plan, Task } from "@heddle/kernel";
import type { NodeRecord } from "./node-record.ts";
import { dependenciesOf, type ResultSpec, resultSpecOf, resultTask } from "./node-spec.ts";
import { inputOr } from "./node-code.ts";
import { recordOutcome } from "./result-source.ts";
import { type DagReport, type NodeOutcome, runPayload } from "./report.ts";

/** A run of a DAG as far as it has come, or as it ended. */
export interface DagRunReport extends Omit<DagReport, "status" | "outcomes"> {
  /** Of the run. */
  readonly status: RunView["status"];
  /** How the run failed, in the words of the node that did. */
  readonly error?: { readonly message: string; readonly code?: string };
  readonly outcomes: Readonly<Record<string, NodeState>>;
}

export interface NodeState extends Omit<NodeOutcome, "status"> {
  /** `pending`: it has not begun, and in a run that has ended never will. */
  readonly status: NodeOutcome["status"] | "pending" | "running" | "retrying";
  /** Attempts so far, if there were several. */
  readonly attempts?: number;
}

/**
 * What the journal of a run says of its nodes.
 *
 * @param order of the nodes, each after what it depends on
 * @throws as `engine.get` and `RunHandle.state` do
 */
export async function reportRun(
  engine: Engine,
  { plan, order, input }: { readonly plan: Plan; readonly order: readonly string[]; readonly input: unknown },
  runId: string,
): Promise<DagRunReport> {
  const view = await (await engine.get(runId)).state();
  const spec = resultSpecOf(plan.tasks[resultTask]);
  const views = new Map(view.tasks.map((task) => [task.task, task]));
  const outcomes: Record<string, NodeState> = {};
  const metadata: Record<string, Readonly<Record<string, unknown>>> = {};
  const ended = views.get(resultTask);
  // It says all, of nodes that were added too.
  if (ended?.status === "completed") return { ...(ended.value as DagReport), status: view.status };
  const records = new Map<string, NodeRecord>();
  /** Nodes that are skipped, and what depends on them with them. */
  const skipping = new Set<string>();
  for (const id of new Set([...order, ...views.keys()])) {
    if (id === resultTask) continue;
    const seen = views.get(id);
    const record = seen?.status === "completed" ? (seen.value as NodeRecord) : undefined;
    if (record !== undefined) records.set(id, record);
    outcomes[id] = seen === undefined ? unseen(plan.tasks[id], outcomes, skipping, spec) : stateOf(seen);
    if (record === undefined ? outcomes[id].status === "skipped" : record.skipped === "dependents") skipping.add(id);
    if (record?.metadata !== undefined) metadata[id] = record.metadata;
  }
  const payload = runPayload(spec, {
    payloadOf: (id) => records.get(id)?.payload,
    isPassed: (id) => records.has(id) && records.get(id)?.skipped !== "dependents",
    runInput: () => inputOr(view.input, input),
  });
  return {
    status: view.status,
    ...(view.error === undefined ? null : { error: errorOf(view.error) }),
    ...(payload === undefined ? null : { payload }),
    outcomes,
    metadata,
  };
}

function stateOf({ status, value, error, attempt }: TaskView): NodeState {
  const told = status === "completed" ? recordOutcome(value as NodeRecord | undefined) : undefined;
  if (told !== undefined) return told;
  return { status, ...(error === undefined ? null : { error: errorOf(error) }), ...(attempt > 1 ? { attempts: attempt } : null) };
}

// What is blocked has no activation, and the journal no word of it.
function unseen(
  task: Task | undefined,
  outcomes: Readonly<Record<string, NodeState>>,
  skipping: ReadonlySet<string>,
  { failure }: ResultSpec,
): NodeState {
  const dependencies = failure === "best_effort" ? [] : dependenciesOf(task);
  for (const dependency of dependencies) {
    const before = outcomes[dependency];
    if (before?.status === "blocked" && before.by !== undefined) return { status: "blocked", by: before.by };
    if (before !== undefined && failures.has(before.status)) return { status: "blocked", by: dependency };
  }
  return { status: dependencies.some((id) => skipping.has(id)) ? "skipped" : "pending" };
}

const failures: ReadonlySet<NodeState["status"]> = new Set(["failed", "timed-out", "unknown"]);

function errorOf({ message, code }: { readonly message: string; readonly code?: string }): {
  readonly message: string;
  readonly code?: string;
} {
  return { message, ...(code === undefined ? null : { code }) };
}
