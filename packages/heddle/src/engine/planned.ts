import { checkPlan, type Plan } from "@heddle/kernel";
import { checkDispatch } from "./dispatch/check-dispatch.ts";
import type { PlanCode, PlannedWorkflow } from "./definition.ts";

/**
 * A Plan written by hand, with the code that its tasks name, ready to be started like any workflow.
 *
 * @throws HeddleError `PLAN_INVALID` or `PLAN_CYCLE`, with every fault; `OPTION_INVALID` for the code's `dispatch`
 */
export function planned<I = unknown, O = unknown>(plan: Plan, code: PlanCode): PlannedWorkflow<I, O> {
  checkPlan(plan);
  if (code.dispatch !== undefined) checkDispatch(plan, code.dispatch);
  const unused = (): Promise<never> => Promise.reject(new Error(`Plan "${plan.name}" has no single function: its tasks run.`));
  return {
    kind: "workflow",
    name: plan.name,
    ...(code.version === undefined ? null : { version: code.version }),
    options: {},
    run: unused,
    plan,
    code,
  };
}
