import { type Hasher, hashedJson } from "../value/hashed-json.ts";
import type { Json } from "../value/json.ts";
import type { Plan } from "./plan.ts";
import { type TaskList, taskList } from "./task-list.ts";

/**
 * Names a Plan by all that it says: 32 hexadecimal digits. The order of `tasks` counts, since tasks start and merge in it; the order of
 * other keys does not. Titles count too: two plans with one hash are one plan. What lies between two is said by `planDifference`.
 *
 * @throws HeddleError `VALUE_NOT_DURABLE` the plan holds something that is not JSON
 */
export function planHash(plan: Plan): string {
  return hashTasks(plan, taskList(plan.tasks));
}

/**
 * The same of a plan whose tasks are at hand.
 *
 * @param newHasher makes SHA-256, faster than the kernel does
 */
export function hashTasks(plan: Plan, { ids, tasks }: TaskList, newHasher?: () => Hasher): string {
  const whole = { ...plan, tasks: ids.map((id, index) => [id, tasks[index]]) };
  return hashedJson(whole as unknown as Json, newHasher).slice(0, 32);
}
