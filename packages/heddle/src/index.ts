// Write: durable functions.
export { workflow, type Workflow, type WorkflowOptions } from "./workflow/workflow.ts";
export { secret, type Secret } from "./workflow/secret.ts";
export type * from "./workflow/context.ts";
export type { Schema } from "./workflow/standard-schema.ts";
// Write: state graphs.
export { graph, type Graph, type GraphOptions } from "./graph/graph.ts";
export { END, START } from "./graph/graph-shape.ts";
export {
  append,
  ephemeral,
  fold,
  last,
  mergeBy,
  messages,
  remove,
  sum,
  value,
  type ChannelOptions,
  type Message,
  type Removal,
  type StateChannel,
} from "./graph/channel.ts";
export { command, send, type Command, type Send } from "./graph/command.ts";
export type { NodeContext, NodeFunction, NodeOptions, NodeResult, SubgraphOptions } from "./graph/node.ts";
export type { InputOf, OutputOf, StateOf, UpdateOf } from "./graph/state.ts";
export type { InvokeOptions, InvokeResult } from "./graph/invoke-graph.ts";
export type { StreamEnd, StreamItem, StreamMode, StreamOptions } from "./graph/stream-graph.ts";
export type { Checkpoint } from "./graph/graph-history.ts";
export type { GraphManifest, GraphOrder } from "./graph/graph-manifest.ts";
export type { GraphFault, GraphFindings } from "./graph/validate-graph.ts";
// Write: plans by hand.
export { planned } from "./engine/planned.ts";
export type { GroupPolicy, PlanCode, PlannedWorkflow, Reducer, TaskCode } from "./engine/definition.ts";
export type { TaskContext, TaskIdentity, VerbContext } from "./engine/frame/task-context.ts";
// Write: DAGs, as files or objects.
export { dag, type DagFindings, type DagOptions, type DagTextOptions } from "./dag/dag.ts";
export type { DagWorkflow } from "./dag/dag-workflow.ts";
export type { DagCode } from "./dag/config/check-dag.ts";
export type * from "./dag/config/dag-config.ts";
export type { DagFault, DagFaultCode, DagWarning } from "./dag/config/dag-fault.ts";
export { dagSchema } from "./dag/config/dag-schema.ts";
export type * from "./dag/processors/processor.ts";
export type { DagAnalysis } from "./dag/graph/analysis.ts";
export type { DagReport, NodeOutcome } from "./dag/run/report.ts";
export type { DagRunReport, NodeState } from "./dag/run/run-report.ts";
export type { ConditionInput, Predicate } from "./dag/run/condition.ts";
// Dispatch: in which order the ready tasks of a plan are begun.
export type { DispatchOptions, Resources, Strategy, TaskDemand } from "./engine/dispatch/dispatch-options.ts";
export { explainHybrid, type HybridRegion } from "./engine/dispatch/hybrid.ts";
export { learnDurations, type LearnDurationsOptions } from "./engine/dispatch/learn-durations.ts";
// Compare strategies, on plans and on workflows that were recorded elsewhere.
export { compareStrategies, type CompareOptions, type StrategyRow } from "./compare/compare-strategies.ts";
export { measureStrategies, type MeasuredRow, type MeasureOptions } from "./compare/measure-strategies.ts";
export { drawGantt, type DrawGanttOptions } from "./compare/draw-gantt.ts";
export type { TaskBar } from "./compare/simulate.ts";
export { loadWorkload } from "./workload/load-workload.ts";
export { readWfFormat } from "./workload/wf-format.ts";
export { readCommitDag } from "./workload/commit-dag.ts";
export { workloadPlan, type WorkloadPlan } from "./workload/workload-plan.ts";
export type { RecordedTask, Workload } from "./workload/workload.ts";
export type { WorkloadFault, WorkloadFaultCode } from "./workload/workload-fault.ts";
// Run: the engine.
export { open, type EngineParts } from "./engine/open.ts";
export type * from "./engine/engine.ts";
export type * from "./engine/run-view.ts";
export type { OpenQuestion } from "./engine/open-questions.ts";
export type { Settled } from "./engine/settle-wait.ts";
export type { Amount, Capabilities, NodeStatus, Placement } from "@heddle/kernel";
export { hasCode, HeddleError, type ErrorCode } from "@heddle/kernel";
