import { HeddleError } from "../errors/heddle-error.ts";
import { checkChannels } from "./check-channels.ts";
import { checkCycles } from "./check-cycles.ts";
import { checkGroups } from "./check-groups.ts";
import { checkTriggers } from "./check-triggers.ts";
import { checkWriters } from "./check-writers.ts";
import type { Plan } from "./plan.ts";
import { FaultList, type PlanFault } from "./plan-fault.ts";
import { outlineOf } from "./plan-outline.ts";
import { planShape } from "./plan-shape.ts";
import { isObject } from "./shape.ts";
import { arrowsOf, strongComponents } from "./strong-components.ts";

/** Faults that a message lists; `data.faults` has them all. */
const mostListed = 20;

/**
 * Everything that is wrong with a Plan, in one go; empty when it may run. Says nothing about handlers, which a plan only names.
 * Takes time in proportion to the plan; not stopped by its depth or its cycles.
 */
export function validatePlan(plan: unknown): readonly PlanFault[] {
  const shape = new FaultList();
  planShape.check(plan, shape);
  const faults = shape.all;
  if (!isObject(plan)) return faults;
  const outline = outlineOf(plan);
  const parents = checkGroups(outline, faults);
  const edges = arrowsOf(outline.tasks.length, checkTriggers(outline, parents, faults));
  const components = strongComponents(edges);
  checkCycles(outline, edges, components, faults);
  checkChannels(plan, outline, faults);
  checkWriters(outline, parents, edges, components, faults);
  return faults;
}

/**
 * Take a Plan from outside.
 *
 * @throws HeddleError `PLAN_INVALID` with every fault in `data.faults`; `PLAN_CYCLE` when cycles are all that is wrong
 */
export function checkPlan(plan: unknown): Plan {
  const faults = validatePlan(plan);
  if (faults.length === 0) return plan as Plan;
  throw planError(isObject(plan) && typeof plan.name === "string" ? `Plan "${plan.name}"` : "The plan", faults);
}

/** One error that tells all faults of a plan. @param name as the subject of a sentence */
export function planError(name: string, faults: readonly PlanFault[]): HeddleError {
  const lines = faults.slice(0, mostListed).map(({ path, message, mend }) => `  ${path === "" ? "plan" : path}: ${message} ${mend}`);
  if (faults.length > mostListed) lines.push(`  … and ${faults.length - mostListed} more.`);
  const errorCode = faults.every(({ code }) => code === "skip-on-cycle" || code === "group-cycle") ? "PLAN_CYCLE" : "PLAN_INVALID";
  const message = `${name} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${lines.join("\n")}`;
  return new HeddleError(errorCode, message, { data: { faults } });
}
