// Write: durable functions.
export { workflow, type Workflow, type WorkflowOptions } from "./workflow/workflow.ts";
export { secret, type Secret } from "./workflow/secret.ts";
export type * from "./workflow/context.ts";
export type { Schema } from "./workflow/standard-schema.ts";
// Write: plans by hand.
export { planned } from "./engine/planned.ts";
export type { GroupPolicy, PlanCode, PlannedWorkflow, Reducer, TaskCode } from "./engine/definition.ts";
export type { TaskContext, VerbContext } from "./engine/frame/task-context.ts";
// Run: the engine.
export { open, type EngineParts } from "./engine/open.ts";
export type * from "./engine/engine.ts";
export type * from "./engine/run-view.ts";
export type { Amount, Capabilities, NodeStatus, Placement } from "@heddle/kernel";
export { hasCode, HeddleError, type ErrorCode } from "@heddle/kernel";
