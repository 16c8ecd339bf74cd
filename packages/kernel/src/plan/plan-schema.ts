import type { Json } from "../value/json.ts";
import { planDefs, planShape } from "./plan-shape.ts";

/**
 * The shape of a Plan as JSON Schema (draft 2020-12), for editors and other languages; `@heddle/kernel/plan.schema.json` holds
 * the same. What needs more than one place to be seen, such as an edge from a task that is not there, is for `validatePlan`.
 */
export const planSchema: { readonly [key: string]: Json } = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:heddle:plan:1",
  title: "Heddle Plan, version 1",
  description: "What a run may do, as data.",
  ...planShape.schema,
  $defs: planDefs,
};
