import { workflowPlan } from "../engine/definition.ts";
import type { Definition } from "./load-definition.ts";

/** The Plan of a definition: its own, or the one task that a durable function is. Not yet checked. */
export function planOf(definition: Definition): unknown {
  if (definition.kind === "plan") return definition.plan;
  if (definition.kind === "dag") return definition.workflow.plan;
  const { workflow } = definition;
  return "plan" in workflow ? workflow.plan : workflowPlan(workflow.name, undefined);
}
