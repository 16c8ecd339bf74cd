import assert from "node:assert/strict";
import { validatePlan, type Edge, type PlanFault, type Task } from "@heddle/kernel";

// Small plans and their faults, for tests.

export const work = { use: "work" };
export const ok = (from: string): Edge => ({ from, on: "ok" });

/** A task after others; its trigger has its name. */
export function after(id: string, ...from: string[]): Task {
  return { does: work, when: [{ id, after: from.map(ok), join: "all", untaken: "wait" }] };
}

/** The same, and it may be skipped. */
export function skipping(id: string, ...from: string[]): Task {
  return { does: work, when: [{ id, after: from.map(ok), join: "all", untaken: "skip" }] };
}

export function group(...members: string[]): Task {
  return { does: { group: members, policy: { use: "all" } }, when: [] };
}

export function plan(tasks: Record<string, unknown>, more: object = {}): unknown {
  return { heddle: 1, name: "p", discipline: "eager", tasks, ...more };
}

/** The faults, without the words. */
export function codes(value: unknown): [path: string, code: string][] {
  return validatePlan(value).map(({ path, code }) => [path, code]);
}

/** The one fault that there is. */
export function only(value: unknown): PlanFault {
  const faults = validatePlan(value);
  assert.equal(faults.length, 1, JSON.stringify(faults, null, 1));
  return faults[0] as PlanFault;
}
