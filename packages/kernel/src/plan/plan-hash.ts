import { contentHash } from "../value/content-hash.ts";
import type { Json } from "../value/json.ts";
import type { Plan } from "./plan.ts";

/**
 * Names a Plan by all that it says: 32 hexadecimal digits. The order of `tasks` counts, since tasks start and merge in it; the order of
 * other keys does not. Titles count too: two plans with one hash are one plan. What lies between two is said by `planDifference`.
 *
 * @throws HeddleError `VALUE_NOT_DURABLE` the plan holds something that is not JSON
 */
export function planHash(plan: Plan): string {
  return contentHash({ ...plan, tasks: Object.entries(plan.tasks) } as unknown as Json);
}
