import type { Plan } from "@heddle/kernel";
import { HeddleError } from "@heddle/kernel";
import type { TaskDemand } from "../engine/dispatch/dispatch-options.ts";
import type { Workload } from "./workload.ts";

/** A recorded workflow as a plan, and what is known of its tasks: for `dispatch.tasks`. */
export interface WorkloadPlan {
  readonly plan: Plan;
  readonly tasks: Readonly<Record<string, TaskDemand>>;
}

/** What a plan takes as a name. */
const unfit = /[^A-Za-z0-9_.:/-]/g;

/**
 * Each recorded task becomes a task that begins when all its parents have completed, and does the code of its own name. Where an id has characters that a plan's
 * ids cannot have, they become `:`.
 *
 * @throws HeddleError `WORKLOAD_INVALID` where two ids would become the same
 */
export function workloadPlan({ name, tasks }: Workload): WorkloadPlan {
  const ids = new Map(tasks.map(({ id }) => [id, fitting(id)]));
  const seen = new Map<string, string>();
  for (const [id, fit] of ids) {
    const other = seen.get(fit);
    if (other !== undefined) {
      throw new HeddleError(
        "WORKLOAD_INVALID",
        `Tasks "${other}" and "${id}" of "${name}" would both be called "${fit}" in a plan: give one another id.`,
        {
          data: { faults: [{ code: "duplicate-id", path: "", message: `Both "${other}" and "${id}" become "${fit}".` }] },
        },
      );
    }
    seen.set(fit, id);
  }
  const planned: Record<string, Plan["tasks"][string]> = {};
  const demands: Record<string, TaskDemand> = {};
  for (const { id, name: title, parents, runtimeMs, cores, memoryBytes } of tasks) {
    const fit = ids.get(id) as string;
    planned[fit] = {
      does: { use: fit },
      when: [
        {
          id: fit,
          after: parents.map((parent) => ({ from: ids.get(parent) as string, on: "ok" })),
          join: "all",
          untaken: "skip",
        },
      ],
      title,
    };
    demands[fit] = {
      expectedMs: runtimeMs,
      ...(cores === undefined ? null : { cpu: cores }),
      ...(memoryBytes === undefined ? null : { memoryMb: memoryBytes / 1_000_000 }),
    };
  }
  return { plan: { heddle: 1, name: fitting(name), discipline: "eager", tasks: planned }, tasks: demands };
}

function fitting(id: string): string {
  const fit = id.replaceAll(unfit, ":").slice(0, 128);
  return /^[A-Za-z0-9_]/.test(fit) && fit !== "__proto__" ? fit : `_${fit.slice(0, 127)}`;
}
