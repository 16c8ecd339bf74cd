import { HeddleError, type Plan } from "@heddle/kernel";
import { strategies, type DispatchOptions } from "./dispatch-options.ts";

/**
 * Whether a plan can be dispatched so.
 *
 * @throws HeddleError `OPTION_INVALID`: a value that cannot be, a task or pool that there is not, or a task that needs more than there is
 */
export function checkDispatch(plan: Plan, options: DispatchOptions): void {
  const { strategy, maxConcurrency, pools = {}, resources = {}, tasks = {} } = options;
  const where = `of the dispatch of plan "${plan.name}"`;
  if (!strategies.includes(strategy)) {
    throw fault(`The strategy ${where} is ${JSON.stringify(strategy)}; there are: ${strategies.join(", ")}.`, { plan: plan.name });
  }
  if (maxConcurrency !== undefined && (!Number.isInteger(maxConcurrency) || maxConcurrency < 0)) {
    throw fault(`The maxConcurrency ${where} is ${String(maxConcurrency)}: it must be a whole number from 1 (0 counts as 1).`, {
      plan: plan.name,
    });
  }
  for (const [pool, places] of Object.entries(pools)) {
    if (Number.isInteger(places) && places >= 1) continue;
    throw fault(`Pool "${pool}" ${where} has ${String(places)} places: it must be a whole number from 1.`, { plan: plan.name, pool });
  }
  for (const [resource, amount] of Object.entries(resources)) {
    if (amount === undefined || isAmount(amount)) continue;
    throw fault(`The ${resource} ${where} is ${String(amount)}: it must be a number from 0.`, { plan: plan.name });
  }
  for (const [task, demand] of Object.entries(tasks)) {
    const whose = `Task "${task}" ${where}`;
    const data = { plan: plan.name, task };
    if (!Object.hasOwn(plan.tasks, task)) throw fault(`${whose} is not in the plan: correct its name, or take it out.`, data);
    for (const name of ["cpu", "memoryMb", "expectedMs"] as const) {
      const amount = demand[name];
      if (amount !== undefined && !isAmount(amount))
        throw fault(`${whose} has ${name} ${String(amount)}: it must be a number from 0.`, data);
    }
    if (demand.pool !== undefined && !Object.hasOwn(pools, demand.pool)) {
      const known = Object.keys(pools);
      throw fault(
        `${whose} is in pool "${demand.pool}", which there is not${known.length === 0 ? "" : `; there are: ${known.join(", ")}`}.`,
        data,
      );
    }
    for (const name of ["cpu", "memoryMb"] as const) {
      const [needs = 0, most = Number.POSITIVE_INFINITY] = [demand[name], resources[name]];
      if (needs > most) throw fault(`${whose} needs ${name} ${needs}, and there is ${most} in all: it could never begin.`, data);
    }
  }
}

function isAmount(amount: number): boolean {
  return typeof amount === "number" && Number.isFinite(amount) && amount >= 0;
}

function fault(message: string, data: { readonly plan: string; readonly task?: string; readonly pool?: string }): HeddleError {
  return new HeddleError("OPTION_INVALID", message, { data });
}
