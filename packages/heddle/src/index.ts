// Write: durable functions.
export { workflow, type Workflow, type WorkflowOptions } from "./workflow/workflow.ts";
export type * from "./workflow/context.ts";
export type { Schema } from "./workflow/standard-schema.ts";
// Run: the engine.
export type * from "./engine/engine.ts";
export type * from "./engine/run-view.ts";
export { hasCode, HeddleError, type ErrorCode } from "@heddle/kernel";
