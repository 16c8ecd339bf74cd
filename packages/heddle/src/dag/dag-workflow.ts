import { contentHash } from "@heddle/kernel";
import type { PlannedWorkflow } from "../engine/definition.ts";
import type { Engine } from "../engine/engine.ts";
import { type CheckedDag, type DagCode, innerCode } from "./config/check-dag.ts";
import type { DagWarning } from "./config/dag-fault.ts";
import { criticalPathOf, type DagAnalysis, levelsOf } from "./graph/analysis.ts";
import { dagDispatch } from "./run/dag-dispatch.ts";
import { dagPlan } from "./run/dag-plan.ts";
import { grownTasks } from "./run/grow-dag.ts";
import { nodeCode, type NodeParts } from "./run/node-code.ts";
import { NodeSource } from "./run/node-source.ts";
import { nodeHandler, resultHandler, resultSpecOf, resultTask } from "./run/node-spec.ts";
import type { DagReport } from "./run/report.ts";
import { type DagRunReport, reportRun } from "./run/run-report.ts";
import { resultCode } from "./run/result-code.ts";
import { ResultSource } from "./run/result-source.ts";

/** A DAG, ready to be started like any workflow. */
export interface DagWorkflow extends PlannedWorkflow<unknown, DagReport> {
  /** What is allowed and may not be what was meant. */
  readonly warnings: readonly DagWarning[];
  /** What the journal of one of its runs says, also of one that failed or is under way: nothing that succeeded is lost. @throws `RUN_UNKNOWN` */
  report(engine: Engine, runId: string): Promise<DagRunReport>;
  /** Levels, width, critical path, and where each payload comes from. */
  analyze(): DagAnalysis;
}

export function dagWorkflow(name: string, dag: CheckedDag, code: DagCode, warnings: readonly DagWarning[]): DagWorkflow {
  const plan = dagPlan(name, dag);
  const { input } = dag.config;
  const parts: NodeParts = {
    code,
    inner: innerWorkflows(name, dag, code),
    grow: (node, added) => grownTasks(dag, code, node, added),
    defaultInput: input,
  };
  return {
    kind: "workflow",
    name,
    options: {},
    run: () => Promise.reject(new Error(`DAG "${name}" has no single function: its nodes run.`)),
    plan,
    code: {
      tasks: { [nodeHandler]: nodeCode(parts), [resultHandler]: resultCode(input) },
      dispatch: dagDispatch(dag, code.expectedMs),
      inputs: (id, task, compiled) => (id === resultTask ? new ResultSource(resultSpecOf(task)) : new NodeSource(task, compiled)),
    },
    warnings,
    report: (engine, runId) => reportRun(engine, { plan, order: idsInOrder(dag), input }, runId),
    analyze: () => analysisOf(dag),
  };
}

/** By node. Named after the node, so that what they are called says where they stand. */
function innerWorkflows(name: string, { graph, inner }: CheckedDag, code: DagCode): ReadonlyMap<string, DagWorkflow> {
  return new Map(
    [...inner].map(([node, dag]) => {
      const id = graph.ids[node]!;
      const full = `${name}/${id}`;
      return [id, dagWorkflow(full.length <= 128 ? full : `dag-${contentHash([full])}`, dag, innerCode(code), [])];
    }),
  );
}

function idsInOrder({ graph, order }: CheckedDag): string[] {
  return Array.from(order.nodes, (node) => graph.ids[node]!);
}

function analysisOf({ graph, order, providers, intents }: CheckedDag): DagAnalysis {
  const levels = levelsOf(graph, order);
  const byId = <T>(value: (node: number) => T): Readonly<Record<string, T>> =>
    Object.fromEntries(graph.ids.map((id, node) => [id, value(node)]));
  return {
    nodes: graph.ids.length,
    levels,
    width: levels.reduce((most, { length }) => Math.max(most, length), 0),
    criticalPath: criticalPathOf(graph, order),
    payloads: byId((node) => providers.of[node]!.filter((provider) => provider >= 0).map((provider) => graph.ids[provider]!)),
    intents: byId((node) => intents[node]!),
  };
}
